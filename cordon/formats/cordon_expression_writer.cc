// Values and conditions as text. Parentheses stand wherever reading back would otherwise give another tree.
#include "cordon/formats/cordon_text.h"

#include "cordon/base/text.h"

namespace cordon::formats {
namespace {

std::string number_text(uint64_t number) { return number < 4096 ? std::to_string(number) : base::hex(number); }

std::string value_text(const Value& value);

// Where a union would be cut apart.
std::string bracketed(const Value& value) {
  return value.kind == Value::Kind::any_of ? "(" + value_text(value) + ")" : value_text(value);
}

std::string value_text(const Value& value) {
  switch (value.kind) {
    case Value::Kind::number: return number_text(value.number);
    case Value::Kind::name: return value.name;
    case Value::Kind::complement: return "~" + bracketed(value.operands.front());
    case Value::Kind::negate: return "-" + bracketed(value.operands.front());
    case Value::Kind::any_of: break;
  }
  if (value.operands.empty()) return "0";
  std::string text;
  for (const Value& operand : value.operands) text += (text.empty() ? "" : "|") + bracketed(operand);
  return text;
}

std::string range_text(const ValueRange& range) {
  if (range.high.empty()) return value_text(range.low);
  return bracketed(range.low) + ".." + bracketed(range.high.front());
}

std::string operand_text(const Operand& operand) {
  std::string text = operand.kind == Operand::Kind::named  ? operand.name
                     : operand.kind == Operand::Kind::slot ? "arg" + std::to_string(operand.slot)
                                                           : "ip";
  return operand.raw ? "raw(" + text + ")" : text;
}

// Bits are counted in hexadecimal.
std::string mask_text(const Value& mask) {
  constexpr uint64_t kFewBits = 10;
  if (mask.kind == Value::Kind::number && mask.number >= kFewBits) return base::hex(mask.number);
  if (mask.kind == Value::Kind::complement && mask.operands.front().kind == Value::Kind::number)
    return "~" + mask_text(mask.operands.front());
  return bracketed(mask);
}

std::string_view op_text(CompareOp op) {
  switch (op) {
    case CompareOp::eq: return " == ";
    case CompareOp::ne: return " != ";
    case CompareOp::lt: return " < ";
    case CompareOp::le: return " <= ";
    case CompareOp::gt: return " > ";
    case CompareOp::ge: return " >= ";
    case CompareOp::in: return " in ";
  }
  return " == ";
}

std::string test_text(const ArgTest& test) {
  std::string text = operand_text(test.operand);
  if (!test.mask.empty()) text += " & " + mask_text(test.mask.front());
  text += op_text(test.op);
  if (test.op != CompareOp::in) return text + value_text(test.values.front().low);
  if (test.values.size() == 1 && !test.values.front().high.empty()) return text + range_text(test.values.front());
  text += "{";
  for (size_t i = 0; i < test.values.size(); ++i) text += (i == 0 ? "" : ", ") + range_text(test.values[i]);
  return text + "}";
}

// The language has no word for "always" and "never" inside a condition.
constexpr std::string_view kTrue = "raw(arg0) >= 0";
constexpr std::string_view kFalse = "raw(arg0) < 0";

std::string condition_text(const Condition& condition);

std::string junction_text(const Condition& condition, std::string_view joiner) {
  std::string text;
  for (const Condition& operand : condition.operands) {
    bool plain = operand.kind == Condition::Kind::test || operand.kind == Condition::Kind::none || operand.is_always();
    if (!text.empty()) text += joiner;
    text += plain ? condition_text(operand) : "(" + condition_text(operand) + ")";
  }
  return text;
}

std::string condition_text(const Condition& condition) {
  switch (condition.kind) {
    case Condition::Kind::always: return std::string(kTrue);
    case Condition::Kind::test: return test_text(condition.test);
    case Condition::Kind::none: return "!(" + condition_text(condition.operands.front()) + ")";
    case Condition::Kind::all:
      return condition.operands.empty() ? std::string(kTrue) : junction_text(condition, " && ");
    case Condition::Kind::any: break;
  }
  return condition.operands.empty() ? std::string(kFalse) : junction_text(condition, " || ");
}

}  // namespace

std::string write_condition(const Condition& condition) {
  if (condition.is_always()) return {};
  // "," reads as "and" and is lighter at the top; a single test needs neither.
  if (condition.kind == Condition::Kind::all && !condition.operands.empty()) return junction_text(condition, ", ");
  return condition_text(condition);
}

}  // namespace cordon::formats
