// The body of resolve_condition.h, for policies of any text and whoever hears what is wrong with them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "cordon/policy/condition.h"
#include "cordon/policy/condition_algebra.h"
#include "cordon/policy/findings.h"
#include "cordon/policy/intervals.h"
#include "cordon/policy/policy.h"
#include "cordon/policy/resolve_condition.h"
#include "cordon/policy/resolve_operand.inl.h"
#include "cordon/policy/resolve_value.inl.h"

namespace cordon::policy {
namespace detail {

inline constexpr int kMaxConditionDepth = 200;

// One test on its way to intervals.
template <class Text, class Hearer>
class TestResolver {
 public:
  constexpr TestResolver(const BasicArgTest<Text>& test, const CallContext& call, Hearer& report)
      : test_(test), call_(call), report_(report) {}

  constexpr ResolvedCondition resolve();

 private:
  constexpr bool resolve_mask();
  constexpr bool resolve_values();
  constexpr bool add_range(const BasicValueRange<Text>& range);
  constexpr void add_comparison(WidthValue value);
  constexpr bool check_pointer();
  constexpr void warn_signed();
  constexpr void warn_folded(const ResolvedCondition& result);
  constexpr std::optional<WidthValue> value(const BasicValue<Text>& written) {
    return value_in_width(written, {call_.rule, call_.arch, operand_.width}, report_);
  }
  constexpr void allow_only(uint64_t first, uint64_t last) {
    allowed_.clear();
    allowed_.push_back({first, last});
  }

  const BasicArgTest<Text>& test_;
  const CallContext& call_;
  Hearer& report_;
  ResolvedOperand operand_;
  uint64_t mask_ = 0;
  std::vector<Interval> allowed_;
  bool too_wide_ = false;
  bool crosses_sign_ = false;
};

template <class Text, class Hearer>
constexpr bool TestResolver<Text, Hearer>::resolve_mask() {
  mask_ = low_ones(operand_.width);
  if (test_.mask.empty()) return true;
  if (test_.mask.size() > 1) {
    report_.compares_under_several_masks(test_, call_);
    return false;
  }
  std::optional<WidthValue> written = value(test_.mask.front());
  if (!written) return false;
  if (!written->fits) report_.mask_too_wide(test_, call_, written->bits, operand_.width);
  mask_ &= written->bits;
  return true;
}

template <class Text, class Hearer>
constexpr bool TestResolver<Text, Hearer>::add_range(const BasicValueRange<Text>& range) {
  std::optional<WidthValue> low = value(range.low);
  std::optional<WidthValue> high = range.high.empty() ? low : value(range.high.front());
  if (!low || !high) return false;
  bool backwards = low->fits == high->fits ? low->bits > high->bits : high->fits;
  if (backwards) {
    report_.range_runs_backwards(test_, call_, {low->bits, high->bits});
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

template <class Text, class Hearer>
constexpr void TestResolver<Text, Hearer>::add_comparison(WidthValue written) {
  too_wide_ = !written.fits;
  if (too_wide_) {
    if (test_.op == CompareOp::lt || test_.op == CompareOp::le) allow_only(0, UINT64_MAX);
    return;
  }
  uint64_t number = written.bits;
  switch (test_.op) {
    case CompareOp::eq:
    case CompareOp::ne:
    case CompareOp::in: allow_only(number, number); break;
    case CompareOp::lt:
      if (number > 0) allow_only(0, number - 1);
      break;
    case CompareOp::le: allow_only(0, number); break;
    case CompareOp::gt:
      if (number < UINT64_MAX) allow_only(number + 1, UINT64_MAX);
      break;
    case CompareOp::ge: allow_only(number, UINT64_MAX); break;
  }
}

template <class Text, class Hearer>
constexpr bool TestResolver<Text, Hearer>::resolve_values() {
  if (test_.op == CompareOp::in)
    return std::all_of(test_.values.begin(), test_.values.end(),
                       [&](const BasicValueRange<Text>& r) { return add_range(r); });
  if (test_.values.size() != 1 || !test_.values.front().high.empty()) {
    report_.compares_with_several_values(test_, call_);
    return false;
  }
  std::optional<WidthValue> written = value(test_.values.front().low);
  if (!written) return false;
  add_comparison(*written);
  return true;
}

// A filter sees the address alone, and the program may change what stands there at any time.
template <class Text, class Hearer>
constexpr bool TestResolver<Text, Hearer>::check_pointer() {
  bool whole = test_.mask.empty();
  bool equality = test_.op == CompareOp::eq || test_.op == CompareOp::ne || test_.op == CompareOp::in;
  bool null = !allowed_.empty() && std::all_of(allowed_.begin(), allowed_.end(), [](const Interval& i) {
    return i == Interval{0, 0};
  });
  if (whole && equality && null) return true;
  const bool is_slot = test_.operand.kind == BasicOperand<Text>::Kind::slot;
  const bool is_native = report_.policy().format == PolicyFormat::cordon;
  if (is_slot && is_native && test_.operand.raw) return true;  // the address itself is asked for
  const bool is_error = !is_slot || is_native;
  if (is_error) {
    report_.pointer_compared(test_, call_);
  } else {
    report_.slot_of_pointer_compared(test_, call_);
  }
  return !is_error;
}

template <class Text, class Hearer>
constexpr void TestResolver<Text, Hearer>::warn_signed() {
  bool has_sign_bit = (mask_ >> (operand_.width - 1)) & 1;
  bool ordered = test_.op != CompareOp::eq && test_.op != CompareOp::ne && test_.op != CompareOp::in;
  if (!operand_.is_signed || !has_sign_bit || !(ordered || crosses_sign_)) return;
  report_.signed_comparison(test_, call_, operand_.width);
}

template <class Text, class Hearer>
constexpr void TestResolver<Text, Hearer>::warn_folded(const ResolvedCondition& result) {
  const TestOutcome outcome{operand_.width, mask_, result.is_always(), result.is_never()};
  if (too_wide_) {
    report_.value_too_wide(test_, call_, outcome);
  } else if (outcome.is_always || outcome.is_never) {
    report_.test_decided(test_, call_, outcome);
  }
}

template <class Text, class Hearer>
constexpr ResolvedCondition TestResolver<Text, Hearer>::resolve() {
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

template <class Text, class Hearer>
constexpr ResolvedCondition resolve_nested(const BasicCondition<Text>& condition, const CallContext& call,
                                           Hearer& report, int depth) {
  using Kind = typename BasicCondition<Text>::Kind;
  if (condition.kind == Kind::always) return always();
  if (condition.kind == Kind::test) return TestResolver<Text, Hearer>(condition.test, call, report).resolve();
  if (depth >= kMaxConditionDepth) {
    report.condition_nested_too_deep(condition, call, kMaxConditionDepth);
    return always();
  }
  std::vector<ResolvedCondition> operands;
  operands.reserve(condition.operands.size());
  bool folded = false;
  for (const BasicCondition<Text>& operand : condition.operands) {
    operands.push_back(resolve_nested(operand, call, report, depth + 1));
    folded = folded || operands.back().is_always() || operands.back().is_never();
  }
  ResolvedCondition result;
  switch (condition.kind) {
    case Kind::any: result = any_of(std::move(operands)); break;
    case Kind::none: result = negation(any_of(std::move(operands))); break;
    default: result = all_of(std::move(operands));
  }
  // What one part decided was said there; what only the parts together decide is said here.
  if (!folded && result.is_always()) report.condition_always_true(condition, call);
  if (!folded && result.is_never()) report.condition_never_true(condition, call);
  return result;
}

}  // namespace detail

// After an error, which was reported, the condition says nothing.
template <class Text, class Hearer>
constexpr ResolvedCondition resolve_condition(const BasicCondition<Text>& condition, const CallContext& call,
                                              Hearer& report) {
  return detail::resolve_nested(condition, call, report, 0);
}

}  // namespace cordon::policy
