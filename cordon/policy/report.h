// Collects what resolving has to say, once per rule and place although a rule is resolved for each ABI and
// each call it names: what it says of the others joins the first as notes.
//
//   Report report(policy);
//   report.unknown_call(3, "opne");
//   Diagnostics said = report.finish();   // error: no system call is called 'opne', did you mean 'open'?
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "cordon/base/diagnostic.h"
#include "cordon/policy/findings.h"
#include "cordon/policy/first_match.h"
#include "cordon/policy/policy.h"
#include "cordon/policy/resolve_condition.h"
#include "cordon/policy/resolve_value.h"

namespace cordon::policy {

class Report {
 public:
  explicit Report(const Policy& policy) : policy_(policy) {}

  const Policy& policy() const { return policy_; }
  bool has_error_in(uint32_t rule) const;
  bool has_errors() const { return counts_[static_cast<size_t>(Severity::error)] > 0; }
  // Everything, with a note of what was only counted.
  Diagnostics finish();

  // The header (report_rules.cc).
  void arch_listed_twice(Arch arch);
  void unknown_without_since();
  void errno_out_of_range(const ErrnoPlace& place, uint16_t number);
  void unknown_errno(const ErrnoPlace& place, std::string_view name, Arch arch);
  void errno_zero(const ErrnoPlace& place);

  // Targets of rules, and rules among each other.
  void arch_not_listed(uint32_t rule, Arch arch);
  void numbers_run_backwards(uint32_t rule);
  void numbers_of_other_abi(uint32_t rule, uint32_t first);
  void condition_on_group(uint32_t rule);
  void unknown_group(uint32_t rule, std::string_view name);
  void unknown_call(uint32_t rule, std::string_view name);
  void unknown_call_left_out(uint32_t rule, std::string_view name);
  void unknown_call_would_get_less(uint32_t rule, std::string_view name);
  void absent_call(uint32_t rule, std::string_view name);
  void dead_rule(uint32_t rule, const RuleUse& use);
  void contradiction(uint32_t rule, const RuleUse& use) { contradicts(Severity::error, rule, use); }
  void contradiction_in_other_format(uint32_t rule, const RuleUse& use) { contradicts(Severity::warning, rule, use); }
  void multiplexed_stricter(const Tightened& tightened, Arch arch, std::string_view call, std::string_view way);
  void hidden_argument(const Tightened& tightened, Arch arch, uint32_t number);
  void names_too_many_numbers(uint32_t rule, size_t limit);
  void asks_for_too_many_values(uint32_t rule);
  void rules_overlap_too_often(size_t limit);
  void conditions_multiply();

  // Conditions (report_conditions.cc).
  void condition_nested_too_deep(const Condition& condition, const CallContext& call, int limit);
  void condition_always_true(const Condition& condition, const CallContext& call);
  void condition_never_true(const Condition& condition, const CallContext& call);
  void argument_name_on_number(const ArgTest& test, const CallContext& call);
  void no_such_argument(const ArgTest& test, const CallContext& call);
  void no_such_slot(const ArgTest& test, const CallContext& call);
  void beyond_prototype(const ArgTest& test, const CallContext& call);
  void mask_too_wide(const ArgTest& test, const CallContext& call, uint64_t mask, unsigned width);
  void value_too_wide(const ArgTest& test, const CallContext& call, const TestOutcome& outcome);
  void test_decided(const ArgTest& test, const CallContext& call, const TestOutcome& outcome);
  void signed_comparison(const ArgTest& test, const CallContext& call, unsigned width);
  void range_runs_backwards(const ArgTest& test, const CallContext& call, const Interval& range);
  void compares_with_several_values(const ArgTest& test, const CallContext& call);
  void compares_under_several_masks(const ArgTest& test, const CallContext& call);
  void pointer_compared(const ArgTest& test, const CallContext& call);
  void slot_of_pointer_compared(const ArgTest& test, const CallContext& call);
  void value_nested_too_deep(const Value& value, const ValueContext& context, int limit);
  void constant_absent(const Value& value, const ValueContext& context);
  void unknown_constant(const Value& value, const ValueContext& context);

 private:
  // Every diagnostic has a copy of its line, and a policy of a few kilobytes can give reason for thousands.
  static constexpr std::array<size_t, 3> kMaxSaid = {1000, 1000, 200};  // notes, warnings, errors
  static constexpr size_t kMaxLineBytes = size_t{16} << 20;
  static constexpr size_t kMaxLikewise = 3;
  static constexpr size_t kOnlyCounted = SIZE_MAX;
  static constexpr int kMaxSuggestions = 20;

  // `span` without a source stands for the rule's own place. Null if that was said before, and where so much
  // was said already that more is only counted. The pointer holds until the next call.
  Diagnostic* say(Severity severity, std::string_view code, uint32_t rule, Span span, std::string message,
                  std::string hint = {});
  // About the policy as a whole.
  void say(Severity severity, std::string_view code, std::string message, std::string hint = {});
  void say_of_errno(Severity severity, std::string_view code, const ErrnoPlace& place, std::string message,
                    std::string hint = {});
  void warn(std::string_view code, const ArgTest& test, const CallContext& call, std::string message,
            std::string hint = {}) {
    say(Severity::warning, code, call.rule, test.span, std::move(message), std::move(hint));
  }
  void contradicts(Severity severity, uint32_t rule, const RuleUse& use);
  void add_cover(Diagnostic* said, const RuleUse& use) const;
  void add_likewise(Diagnostic& said, std::string message);
  std::string pointer_text(const ArgTest& test, const CallContext& call) const;
  std::vector<std::string_view> argument_names(const CallContext& call) const;
  // Looking for near names costs; after many typos it is not worth it.
  std::string suggestion(std::string_view name, std::span<const std::string_view> names);
  Place place_of(uint32_t rule) const { return policy_.sources.locate(policy_.rules[rule].span); }

  const Policy& policy_;
  std::vector<Diagnostic> said_;
  // Where in said_ it stands; codes are literals.
  std::map<std::tuple<uint32_t, std::string_view, SourceId, uint32_t>, size_t> index_;
  std::array<size_t, 3> counts_{};
  size_t unsaid_ = 0;
  size_t line_bytes_ = 0;
  int suggestions_ = 0;
};

}  // namespace cordon::policy
