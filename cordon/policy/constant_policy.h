// Policies in constant expressions: resolved as at run time, and what is wrong with one stops the compiler.
//
//   constexpr ConstantPolicy reader() {
//     using namespace policy::write;
//     ConstantPolicy policy;
//     policy.default_action = errno_("EPERM");
//     add(policy, rule(kAllow, "read"), rule(kAllow, "socket", is("family", "AF_UNIX")));
//     return policy;
//   }
//
// Their texts view literals, since std::string is not usable in constant expressions of every compiler. Errors of
// policy::resolve are functions of Stop, which the compiler's message names; its warnings and notes are not told:
// resolve the same policy at run time (written_policy), in a test, to read them.
#pragma once

#include <cstdint>
#include <string_view>

#include "cordon/policy/findings.h"
#include "cordon/policy/policy.h"
#include "cordon/policy/resolve.inl.h"
#include "cordon/policy/write.h"

namespace cordon::policy {

// Functions no constant expression may call: the compiler's message shows their names, and what they were called with.
struct Stop {
  static void arch_listed_twice(Arch arch);
  static void unknown_without_since();
  static void errno_out_of_range(std::string_view line, uint32_t rule, uint16_t number);
  static void no_errno_has_this_name(std::string_view name, Arch arch);
  static void policy_is_not_for_this_arch(uint32_t rule, Arch arch);
  static void range_of_numbers_runs_backwards(uint32_t rule);
  static void group_cannot_have_a_condition(uint32_t rule);
  static void no_group_has_this_name(uint32_t rule, std::string_view name);
  static void no_system_call_has_this_name(uint32_t rule, std::string_view name);
  static void rule_contradicts_earlier_ones(uint32_t rule);
  static void policy_too_large_names_too_many_numbers(uint32_t rule);
  static void policy_too_large_too_many_values(uint32_t rule);
  static void policy_too_large_rules_overlap_too_often();
  static void policy_too_large_conditions_multiply();
  static void condition_nested_too_deep(uint32_t rule);
  static void value_nested_too_deep(uint32_t rule);
  static void rule_on_numbers_does_not_know_argument_names(uint32_t rule, std::string_view argument);
  static void call_has_no_such_argument(std::string_view call, std::string_view argument);
  static void call_has_arguments_arg0_to_arg5(uint32_t rule);
  static void range_of_values_runs_backwards(uint32_t rule, uint64_t first, uint64_t last);
  static void only_in_compares_with_several_values(uint32_t rule);
  static void an_argument_is_compared_under_one_mask_at_most(uint32_t rule, std::string_view argument);
  static void what_a_pointer_points_to_cannot_be_seen(std::string_view call, std::string_view argument);
  static void no_constant_has_this_name(std::string_view name);
  static void constant_has_no_value_on_this_arch(std::string_view name, Arch arch);
  static void files_net_caps_and_limit_lines_are_not_part_of_a_filter();
};

namespace detail {

// Hears what resolve finds in a constant expression. A template, so that its functions may never be constant.
template <class Policy>
class ConstantReport {
 public:
  constexpr explicit ConstantReport(const Policy& policy) : policy_(policy) {}

  constexpr const Policy& policy() const { return policy_; }
  constexpr bool has_error_in(uint32_t) const { return false; }

  constexpr void arch_listed_twice(Arch arch) { Stop::arch_listed_twice(arch); }
  constexpr void unknown_without_since() { Stop::unknown_without_since(); }
  constexpr void errno_out_of_range(const ErrnoPlace& place, uint16_t number) {
    Stop::errno_out_of_range(place.line, place.rule, number);
  }
  constexpr void unknown_errno(const ErrnoPlace&, std::string_view name, Arch arch) {
    Stop::no_errno_has_this_name(name, arch);
  }
  constexpr void arch_not_listed(uint32_t rule, Arch arch) { Stop::policy_is_not_for_this_arch(rule, arch); }
  constexpr void numbers_run_backwards(uint32_t rule) { Stop::range_of_numbers_runs_backwards(rule); }
  constexpr void condition_on_group(uint32_t rule) { Stop::group_cannot_have_a_condition(rule); }
  constexpr void unknown_group(uint32_t rule, std::string_view name) { Stop::no_group_has_this_name(rule, name); }
  constexpr void unknown_call(uint32_t rule, std::string_view name) { Stop::no_system_call_has_this_name(rule, name); }
  constexpr void contradiction(uint32_t rule, const RuleUse&) { Stop::rule_contradicts_earlier_ones(rule); }
  constexpr void names_too_many_numbers(uint32_t rule, size_t) { Stop::policy_too_large_names_too_many_numbers(rule); }
  constexpr void asks_for_too_many_values(uint32_t rule) { Stop::policy_too_large_too_many_values(rule); }
  constexpr void rules_overlap_too_often(size_t) { Stop::policy_too_large_rules_overlap_too_often(); }
  constexpr void conditions_multiply() { Stop::policy_too_large_conditions_multiply(); }
  constexpr void condition_nested_too_deep(const ConstantCondition&, const CallContext& call, int) {
    Stop::condition_nested_too_deep(call.rule);
  }
  constexpr void argument_name_on_number(const ConstantTest& test, const CallContext& call) {
    Stop::rule_on_numbers_does_not_know_argument_names(call.rule, test.operand.name);
  }
  constexpr void no_such_argument(const ConstantTest& test, const CallContext& call) {
    Stop::call_has_no_such_argument(call.syscall, test.operand.name);
  }
  constexpr void no_such_slot(const ConstantTest&, const CallContext& call) {
    Stop::call_has_arguments_arg0_to_arg5(call.rule);
  }
  constexpr void range_runs_backwards(const ConstantTest&, const CallContext& call, const Interval& range) {
    Stop::range_of_values_runs_backwards(call.rule, range.first, range.last);
  }
  constexpr void compares_with_several_values(const ConstantTest&, const CallContext& call) {
    Stop::only_in_compares_with_several_values(call.rule);
  }
  constexpr void compares_under_several_masks(const ConstantTest& test, const CallContext& call) {
    Stop::an_argument_is_compared_under_one_mask_at_most(call.rule, test.operand.name);
  }
  constexpr void pointer_compared(const ConstantTest& test, const CallContext& call) {
    Stop::what_a_pointer_points_to_cannot_be_seen(call.syscall, test.operand.name);
  }
  constexpr void value_nested_too_deep(const ConstantValue&, const ValueContext& context, int) {
    Stop::value_nested_too_deep(context.rule);
  }
  constexpr void constant_absent(const ConstantValue& value, const ValueContext& context) {
    Stop::constant_has_no_value_on_this_arch(value.name, context.arch);
  }
  constexpr void unknown_constant(const ConstantValue& value, const ValueContext&) {
    Stop::no_constant_has_this_name(value.name);
  }

  // Warnings and notes.
  constexpr void errno_zero(const ErrnoPlace&) {}
  constexpr void numbers_of_other_abi(uint32_t, uint32_t) {}
  constexpr void unknown_call_left_out(uint32_t, std::string_view) {}
  constexpr void unknown_call_would_get_less(uint32_t rule, std::string_view name) { unknown_call(rule, name); }
  constexpr void absent_call(uint32_t, std::string_view) {}
  constexpr void dead_rule(uint32_t, const RuleUse&) {}
  constexpr void contradiction_in_other_format(uint32_t, const RuleUse&) {}
  constexpr void multiplexed_stricter(const Tightened&, Arch, std::string_view, std::string_view) {}
  constexpr void hidden_argument(const Tightened&, Arch, uint32_t) {}
  constexpr void condition_always_true(const ConstantCondition&, const CallContext&) {}
  constexpr void condition_never_true(const ConstantCondition&, const CallContext&) {}
  constexpr void beyond_prototype(const ConstantTest&, const CallContext&) {}
  constexpr void mask_too_wide(const ConstantTest&, const CallContext&, uint64_t, unsigned) {}
  constexpr void value_too_wide(const ConstantTest&, const CallContext&, const TestOutcome&) {}
  constexpr void test_decided(const ConstantTest&, const CallContext&, const TestOutcome&) {}
  constexpr void signed_comparison(const ConstantTest&, const CallContext&, unsigned) {}
  constexpr void slot_of_pointer_compared(const ConstantTest&, const CallContext&) {}

 private:
  const Policy& policy_;
};

}  // namespace detail

// The same policy with texts of its own, at run time.
Policy owning(const ConstantPolicy& policy);

// As resolve(), of which only errors are told. In constant expressions only.
constexpr ResolvedPolicy resolve_constant(const ConstantPolicy& policy) {
  if (!policy.sandbox.empty()) Stop::files_net_caps_and_limit_lines_are_not_part_of_a_filter();
  detail::ConstantReport<ConstantPolicy> report(policy);
  return resolve_for(policy, {}, report);
}

}  // namespace cordon::policy
