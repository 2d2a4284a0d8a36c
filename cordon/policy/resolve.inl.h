// The body of resolve.h, for policies of any text and whoever hears what is wrong with them: Report makes texts for
// people (report.h), ConstantReport stops a compiler (constant_policy.h).
//
// A policy is resolved ABI by ABI: what each rule names becomes numbers and conditions in registers
// (abi_rules), a sweep over the numbers makes segments (table_builder), and for each number the rules that
// name it become clauses (first_match). What was found out about each rule on the way tells at the end
// which rules are dead.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "cordon/abi/constants.h"
#include "cordon/abi/groups.h"
#include "cordon/abi/syscalls.h"
#include "cordon/policy/abi_rules.inl.h"
#include "cordon/policy/findings.h"
#include "cordon/policy/first_match.h"
#include "cordon/policy/policy.h"
#include "cordon/policy/resolve.h"
#include "cordon/policy/table_builder.inl.h"

namespace cordon::policy {
namespace detail {

template <class Text, class Hearer>
constexpr std::vector<Arch> listed_abis(const BasicPolicy<Text>& policy, Hearer& report) {
  std::vector<Arch> abis;
  for (Arch arch : policy.arches) {
    if (std::find(abis.begin(), abis.end(), arch) == abis.end()) {
      abis.push_back(arch);
    } else {
      report.arch_listed_twice(arch);
    }
  }
  if (abis.empty()) abis.push_back(abi::native_arch());
  return abis;
}

// An errno as it is written, and where: in a line of the header, or in a rule, for which `line` is empty.
template <class Text, class Hearer>
constexpr void check_errno(const ErrnoPlace& place, Action action, const Text& name, std::span<const Arch> abis,
                           Hearer& report) {
  if (action.kind != ActionKind::errno_) return;
  if (action.data > kMaxErrno) {
    report.errno_out_of_range(place, action.data);
  } else if (!name.empty()) {
    for (Arch arch : abis) {
      if (abi::errno_number(name, arch)) continue;
      report.unknown_errno(place, name, arch);
      break;
    }
  }
  if (action.data == 0 && name.empty()) report.errno_zero(place);
}

template <class Text, class Hearer>
constexpr void check_header(const BasicPolicy<Text>& policy, std::span<const Arch> abis, Hearer& report) {
  if (policy.unknown && !policy.since) report.unknown_without_since();
  check_errno({"default"}, policy.default_action.action, policy.default_action.errno_name, abis, report);
  check_errno({"badarch"}, policy.bad_arch.action, policy.bad_arch.errno_name, abis, report);
  if (policy.unknown) check_errno({"unknown"}, policy.unknown->action, policy.unknown->errno_name, abis, report);
}

template <class Text>
constexpr bool is_for(const BasicTarget<Text>& target, const std::vector<Arch>& abis) {
  return !target.arch || std::find(abis.begin(), abis.end(), *target.arch) != abis.end();
}

template <class Text, class Hearer>
constexpr void check_rule(uint32_t index, const BasicRule<Text>& rule, const std::vector<Arch>& abis, Hearer& report) {
  using Kind = typename BasicTarget<Text>::Kind;
  const BasicTarget<Text>& target = rule.target;
  if (!is_for(target, abis)) report.arch_not_listed(index, *target.arch);
  if (target.kind == Kind::numbers && target.first > target.last) report.numbers_run_backwards(index);
  if (target.kind == Kind::group) {
    if (!rule.condition.is_always()) report.condition_on_group(index);
    if (abi::group_members(target.name).empty()) report.unknown_group(index, target.name);
  }
  std::span<const Arch> targets(abis);
  if (target.arch) targets = std::span<const Arch>(&*target.arch, 1);
  check_errno({{}, index}, rule.action, rule.errno_name, targets, report);
}

// What the call would get without the rule may be looser than what the rule says.
template <class Text>
constexpr bool would_loosen(const BasicPolicy<Text>& policy, uint32_t index) {
  using Kind = typename BasicTarget<Text>::Kind;
  ActionKind kind = policy.rules[index].action.kind;
  if (kind < policy.default_action.action.kind) return true;
  if (policy.since && kind < (policy.unknown ? policy.unknown->action.kind : ActionKind::errno_)) return true;
  return std::any_of(policy.rules.begin() + index, policy.rules.end(), [kind](const BasicRule<Text>& later) {
    bool may_be_the_call = later.target.kind == Kind::every || later.target.kind == Kind::numbers;
    return may_be_the_call && kind < later.action.kind;
  });
}

// A rule that names nothing on the policy's ABIs: a typo, or a call that only others have.
template <class Text, class Hearer>
constexpr void report_unfound(const BasicPolicy<Text>& policy, uint32_t index, const ResolveOptions& options,
                              Hearer& report) {
  using Kind = typename BasicTarget<Text>::Kind;
  const BasicTarget<Text>& target = policy.rules[index].target;
  if (target.kind == Kind::numbers && target.first <= target.last) report.numbers_of_other_abi(index, target.first);
  if (target.kind != Kind::name) return;
  if (abi::is_syscall_name(target.name)) {
    report.absent_call(index, target.name);
  } else if (!options.allow_unknown) {
    report.unknown_call(index, target.name);
  } else if (would_loosen(policy, index)) {
    report.unknown_call_would_get_less(index, target.name);
  } else {
    report.unknown_call_left_out(index, target.name);
  }
}

// Other formats mean what their own loaders do with rules that contradict each other, so there it is no
// error.
template <class Hearer>
constexpr void report_covered(uint32_t index, const RuleUse& use, Hearer& report) {
  // A condition that could not be read holds always here: what follows from that is no finding.
  auto is_doubtful = [&report](uint32_t rule) { return report.has_error_in(rule); };
  if (is_doubtful(index) || std::any_of(use.cover.begin(), use.cover.end(), is_doubtful)) return;
  if (use.same_as_cover) {
    report.dead_rule(index, use);
  } else if (report.policy().format == PolicyFormat::cordon) {
    report.contradiction(index, use);
  } else {
    report.contradiction_in_other_format(index, use);
  }
}

// The ABIs of one audit value, x86_64 before x32.
constexpr std::vector<std::vector<Arch>> by_audit_value(std::vector<Arch> abis) {
  std::sort(abis.begin(), abis.end(), [](Arch a, Arch b) {
    uint32_t left = abi::info(a).audit_arch;
    uint32_t right = abi::info(b).audit_arch;
    return left != right ? left < right : a < b;
  });
  std::vector<std::vector<Arch>> groups;
  for (Arch arch : abis) {
    bool is_same = !groups.empty() && abi::info(groups.back().front()).audit_arch == abi::info(arch).audit_arch;
    if (!is_same) groups.emplace_back();
    groups.back().push_back(arch);
  }
  return groups;
}

}  // namespace detail

// What came out counts only where no error was reported.
template <class Text, class Hearer>
constexpr ResolvedPolicy resolve_for(const BasicPolicy<Text>& policy, const ResolveOptions& options, Hearer& report) {
  const std::vector<Arch> abis = detail::listed_abis(policy, report);
  detail::check_header(policy, std::span<const Arch>(abis), report);
  for (uint32_t i = 0; i < policy.rules.size(); ++i) detail::check_rule(i, policy.rules[i], abis, report);

  ResolvedPolicy resolved;
  resolved.bad_arch = action_on(policy.bad_arch.action, policy.bad_arch.errno_name, abis.front());
  std::vector<RuleUse> uses(policy.rules.size());
  std::vector<char> found(policy.rules.size(), 0);
  for (const std::vector<Arch>& group : detail::by_audit_value(abis)) {
    std::vector<AbiRules> rules;
    for (Arch arch : group)
      rules.push_back(collect_rules(policy, arch, share_of(arch, arch == group.front()), report, found));
    const Action bad_arch = action_on(policy.bad_arch.action, policy.bad_arch.errno_name, group.front());
    resolved.arches.push_back(build_table({rules, bad_arch}, report, uses));
  }
  for (uint32_t i = 0; i < policy.rules.size(); ++i) {
    if (!found[i] && detail::is_for(policy.rules[i].target, abis)) detail::report_unfound(policy, i, options, report);
    if (uses[i].applies && !uses[i].is_reached) detail::report_covered(i, uses[i], report);
  }
  return resolved;
}

}  // namespace cordon::policy
