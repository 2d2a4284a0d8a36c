#include "cordon/policy/resolve_condition.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cordon/base/text.h"
#include "cordon/policy/condition_algebra.h"
#include "cordon/policy/intervals.h"
#include "cordon/policy/resolve_operand.h"
#include "cordon/policy/resolve_value.h"

namespace cordon::policy {
namespace {

constexpr int kMaxDepth = 200;

// One test on its way to intervals.
class TestResolver {
 public:
  TestResolver(const ArgTest& test, const CallContext& call, Report& report)
      : test_(test), call_(call), report_(report) {}

  ResolvedCondition resolve();

 private:
  bool resolve_mask();
  bool resolve_values();
  bool add_range(const ValueRange& range);
  void add_comparison(WidthValue value);
  bool check_pointer();
  void warn_signed();
  void warn_folded(const ResolvedCondition& result);
  std::optional<WidthValue> value(const Value& written);
  void warn(std::string_view code, const std::string& message, const std::string& hint = {}) {
    report_.say(Severity::warning, code, call_.rule, test_.span, message, hint);
  }
  std::string text() const {
    std::string operand = operand_text(test_.operand, call_);
    return test_.mask.empty() ? operand : operand + " & " + base::hex(mask_);
  }

  const ArgTest& test_;
  const CallContext& call_;
  Report& report_;
  ResolvedOperand operand_;
  uint64_t mask_ = 0;
  std::vector<Interval> allowed_;
  bool too_wide_ = false;
  bool crosses_sign_ = false;
};

std::optional<WidthValue> TestResolver::value(const Value& written) {
  return resolve_value(written, {call_.rule, call_.arch, operand_.width}, report_);
}

bool TestResolver::resolve_mask() {
  mask_ = low_ones(operand_.width);
  if (test_.mask.empty()) return true;
  std::optional<WidthValue> written = value(test_.mask.front());
  if (!written) return false;
  if (!written->fits)
    warn("value-too-wide",
         "the mask " + base::hex(written->bits) + " has bits beyond the " + std::to_string(operand_.width) + " that " +
             operand_text(test_.operand, call_) + " has on " + std::string(abi::name(call_.arch)),
         "those bits are always 0 here");
  mask_ &= written->bits;
  return true;
}

bool TestResolver::add_range(const ValueRange& range) {
  std::optional<WidthValue> low = value(range.low);
  std::optional<WidthValue> high = range.high.empty() ? low : value(range.high.front());
  if (!low || !high) return false;
  bool backwards = low->fits == high->fits ? low->bits > high->bits : high->fits;
  if (backwards) {
    report_.say(Severity::error, "empty-range", call_.rule, test_.span,
                "the range " + base::hex(low->bits) + ".." + base::hex(high->bits) +
                    " runs backwards: values are compared unsigned",
                "write the smaller value first, or two ranges");
    return false;
  }
  too_wide_ = too_wide_ || !low->fits || !high->fits;
  if (!low->fits) return true;
  uint64_t sign = uint64_t{1} << (operand_.width - 1);
  uint64_t last = high->fits ? high->bits : UINT64_MAX;
  crosses_sign_ = crosses_sign_ || (low->bits < sign && last >= sign && low->bits != last);
  allowed_.push_back({low->bits, last});
  return true;
}

void TestResolver::add_comparison(WidthValue written) {
  too_wide_ = !written.fits;
  if (too_wide_) {
    if (test_.op == CompareOp::lt || test_.op == CompareOp::le) allowed_ = {{0, UINT64_MAX}};
    return;
  }
  uint64_t number = written.bits;
  switch (test_.op) {
    case CompareOp::eq:
    case CompareOp::ne:
    case CompareOp::in: allowed_ = {{number, number}}; break;
    case CompareOp::lt:
      if (number > 0) allowed_ = {{0, number - 1}};
      break;
    case CompareOp::le: allowed_ = {{0, number}}; break;
    case CompareOp::gt:
      if (number < UINT64_MAX) allowed_ = {{number + 1, UINT64_MAX}};
      break;
    case CompareOp::ge: allowed_ = {{number, UINT64_MAX}}; break;
  }
}

bool TestResolver::resolve_values() {
  if (test_.op == CompareOp::in)
    return std::all_of(test_.values.begin(), test_.values.end(), [&](const ValueRange& r) { return add_range(r); });
  if (test_.values.size() != 1 || !test_.values.front().high.empty()) {
    report_.say(Severity::error, "bad-comparison", call_.rule, test_.span, "only 'in' compares with several values");
    return false;
  }
  std::optional<WidthValue> written = value(test_.values.front().low);
  if (!written) return false;
  add_comparison(*written);
  return true;
}

// A filter sees the address alone, and the program may change what stands there at any time.
bool TestResolver::check_pointer() {
  bool whole = test_.mask.empty();
  bool equality = test_.op == CompareOp::eq || test_.op == CompareOp::ne || test_.op == CompareOp::in;
  bool null = !allowed_.empty() && std::all_of(allowed_.begin(), allowed_.end(), [](const Interval& i) {
    return i == Interval{0, 0};
  });
  if (whole && equality && null) return true;
  const bool is_slot = test_.operand.kind == Operand::Kind::slot;
  const bool is_native = report_.policy().format == PolicyFormat::cordon;
  if (is_slot && is_native && test_.operand.raw) return true;  // the address itself is asked for
  const bool is_error = !is_slot || is_native;
  report_.say(is_error ? Severity::error : Severity::warning, "pointer-argument", call_.rule, test_.span,
              operand_text(test_.operand, call_) + " is a pointer, and what it points to cannot be seen by a filter",
              is_slot && is_native
                  ? "a pointer can only be compared with 0; raw(arg" + std::to_string(test_.operand.slot) +
                        ") compares the address"
                  : "a pointer can only be compared with 0: a filter cannot tell one path from another");
  return !is_error;
}

void TestResolver::warn_signed() {
  bool has_sign_bit = (mask_ >> (operand_.width - 1)) & 1;
  bool ordered = test_.op != CompareOp::eq && test_.op != CompareOp::ne && test_.op != CompareOp::in;
  if (!operand_.is_signed || !has_sign_bit || !(ordered || crosses_sign_)) return;
  warn("signed-comparison",
       operand_text(test_.operand, call_) +
           " is signed, but filters compare unsigned: negative values count as the greatest",
       "add a range for negative values if they matter: in " + base::hex(uint64_t{1} << (operand_.width - 1)) + "..-1");
}

void TestResolver::warn_folded(const ResolvedCondition& result) {
  std::string truth = result.is_always() ? "always true" : result.is_never() ? "never true" : "";
  if (too_wide_) {
    std::string after = truth.empty() ? "it reaches as far as the values do" : "so this is " + truth;
    warn("value-too-wide", text() + " has " + std::to_string(operand_.width) + " bits on " +
                               std::string(abi::name(call_.arch)) + " and a value does not fit in them: " + after);
    return;
  }
  if (truth.empty()) return;
  std::string_view code = result.is_always() ? "always-true" : "never-true";
  if (mask_ == 0) {
    warn(code, text() + " is always 0: this is " + truth);
  } else {
    warn(code, "this comparison of " + text() + " is " + truth,
         test_.mask.empty() ? "" : "compare with values that have only bits of the mask");
  }
}

ResolvedCondition TestResolver::resolve() {
  std::optional<ResolvedOperand> operand = resolve_operand(test_, call_, report_);
  if (!operand) return always();
  operand_ = *operand;
  if (!resolve_mask() || !resolve_values()) return always();
  if (operand_.is_pointer && !check_pointer()) return always();
  std::vector<Interval> set = canonical(std::move(allowed_), mask_);
  if (test_.op == CompareOp::ne) set = complement(set, mask_);
  ResolvedCondition result = make_test(operand_.operand, mask_, std::move(set));
  warn_signed();
  warn_folded(result);
  return result;
}

ResolvedCondition resolve_nested(const Condition& condition, const CallContext& call, Report& report, int depth) {
  if (condition.kind == Condition::Kind::always) return always();
  if (condition.kind == Condition::Kind::test) return TestResolver(condition.test, call, report).resolve();
  if (depth >= kMaxDepth) {
    report.say(Severity::error, "nested-too-deep", call.rule, condition.span,
               "a condition is nested deeper than " + std::to_string(kMaxDepth) + " levels");
    return always();
  }
  std::vector<ResolvedCondition> operands;
  operands.reserve(condition.operands.size());
  bool folded = false;
  for (const Condition& operand : condition.operands) {
    operands.push_back(resolve_nested(operand, call, report, depth + 1));
    folded = folded || operands.back().is_always() || operands.back().is_never();
  }
  ResolvedCondition result;
  switch (condition.kind) {
    case Condition::Kind::any: result = any_of(std::move(operands)); break;
    case Condition::Kind::none: result = negation(any_of(std::move(operands))); break;
    default: result = all_of(std::move(operands));
  }
  // What one part decided was said there; what only the parts together decide is said here.
  if (!folded && result.is_always())
    report.say(Severity::warning, "always-true", call.rule, condition.span, "this condition is always true");
  if (!folded && result.is_never())
    report.say(Severity::warning, "never-true", call.rule, condition.span, "this condition is never true");
  return result;
}

}  // namespace

ResolvedCondition resolve_condition(const Condition& condition, const CallContext& call, Report& report) {
  return resolve_nested(condition, call, report, 0);
}

}  // namespace cordon::policy
