#include "cordon/prove/condition_key.h"

#include "cordon/abi/arguments.h"
#include "cordon/prove/call_rules.h"
#include "cordon/prove/named_value.h"

namespace cordon::prove {
namespace {

void append(std::string& key, const Value& value) {
  key += static_cast<char>('a' + static_cast<int>(value.kind));
  key += value.kind == Value::Kind::number ? std::to_string(value.number) : value.name;
  key += '(';
  for (const Value& operand : value.operands) append(key, operand);
  key += ')';
}

void append(std::string& key, const ArgTest& test) {
  key += std::to_string(static_cast<int>(test.operand.kind)) + test.operand.name + std::to_string(test.operand.slot);
  key += test.operand.raw ? 'r' : 'v';
  for (const Value& mask : test.mask) append(key, mask);
  key += static_cast<char>('A' + static_cast<int>(test.op));
  for (const ValueRange& range : test.values) {
    append(key, range.low);
    for (const Value& high : range.high) append(key, high);
    key += ',';
  }
}

void append(std::string& key, const Condition& condition) {
  key += static_cast<char>('P' + static_cast<int>(condition.kind));
  if (condition.kind == Condition::Kind::test) append(key, condition.test);
  key += '[';
  for (const Condition& operand : condition.operands) append(key, operand);
  key += ']';
}

unsigned cost_of(const ArgTest& test) {
  unsigned cost = 6;
  for (const Value& mask : test.mask) cost += 1 + reading_cost(mask);
  // What is greater under a mask takes a second look.
  const bool is_order = test.op != CompareOp::eq && test.op != CompareOp::ne && test.op != CompareOp::in;
  if (is_order && !test.mask.empty()) cost += 4;
  for (const ValueRange& range : test.values) {
    cost += reading_cost(range.low);
    for (const Value& high : range.high) cost += 1 + reading_cost(high);
  }
  return cost;
}

}  // namespace

void append_key(std::string& key, const ConditionalRule& rule) {
  key += std::to_string(static_cast<int>(rule.action.action.kind)) + ':' +
         (rule.action.errno_name.empty() ? std::to_string(rule.action.action.data) : rule.action.errno_name) + ':';
  append(key, rule.condition);
}

// Depth of recursion: that of the conditions made here, a few levels.
Condition with_raw_operands(const Condition& condition, std::string_view syscall, Arch arch) {
  Condition result = condition;
  for (Condition& operand : result.operands) operand = with_raw_operands(operand, syscall, arch);
  Operand& operand = result.test.operand;
  if (condition.kind != Condition::Kind::test || operand.kind != Operand::Kind::named) return result;
  const auto argument = abi::find_argument(syscall, operand.name, arch).argument;
  operand.raw = argument && !argument->is_pointer && argument->bits == abi::info(arch).word_bits;
  return result;
}

unsigned reading_cost(const Condition& condition) {
  if (condition.is_always()) return 0;
  if (condition.kind == Condition::Kind::test) return cost_of(condition.test);
  unsigned cost = 2;
  for (const Condition& operand : condition.operands) cost += 2 + reading_cost(operand);
  return cost;
}

}  // namespace cordon::prove
