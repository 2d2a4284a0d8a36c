// Texts for what is found out about the header of a policy and about the targets of its rules.
#include <string>
#include <vector>

#include "cordon/abi/groups.h"
#include "cordon/abi/syscalls.h"
#include "cordon/base/text.h"
#include "cordon/policy/report.h"

namespace cordon::policy {
namespace {

std::string no_such_call(std::string_view name) { return "no system call is called '" + base::printable(name) + "'"; }

}  // namespace

void Report::arch_listed_twice(Arch arch) {
  say(Severity::error, "duplicate-arch", "arch " + std::string(abi::name(arch)) + " is listed twice", "list it once");
}

void Report::unknown_without_since() {
  say(Severity::error, "unknown-without-since",
      "'unknown' needs 'since': from which kernel on a call counts as unknown",
      "add a line like 'since " + abi::to_string(abi::newest_kernel()) + "'");
}

void Report::errno_out_of_range(const ErrnoPlace& place, uint16_t number) {
  say_of_errno(
      Severity::error, "bad-errno", place,
      "errno " + std::to_string(number) + " is out of range: 0 to " + std::to_string(kMaxErrno) + " are possible");
}

void Report::unknown_errno(const ErrnoPlace& place, std::string_view name, Arch arch) {
  say_of_errno(Severity::error, "bad-errno", place,
               "'" + base::printable(name) + "' is no errno of " + std::string(abi::name(arch)));
}

void Report::errno_zero(const ErrnoPlace& place) {
  const bool is_rule = place.line.empty();
  say_of_errno(
      Severity::warning, "errno-zero", place,
      std::string("errno 0 makes ") + (is_rule ? "the" : "a") + " call seem to succeed although it does not run",
      is_rule ? "name the error the program should see" : "");
}

void Report::arch_not_listed(uint32_t rule, Arch arch) {
  const std::string name(abi::name(arch));
  say(Severity::error, "arch-not-listed", rule, {}, "the policy is not for " + name,
      "add " + name + " to the 'arch' line");
}

void Report::numbers_run_backwards(uint32_t rule) {
  say(Severity::error, "empty-range", rule, {}, "the range of numbers runs backwards");
}

void Report::numbers_of_other_abi(uint32_t rule, uint32_t first) {
  const bool is_x32 = first >= abi::kX32Bit;
  say(Severity::warning, "numbers-of-other-abi", rule, {},
      is_x32 ? "none of these numbers belongs to the policy's architectures: those from 0x40000000 up are x32's"
             : "none of these numbers belongs to the policy's architectures: those below 0x40000000 are x86_64's",
      std::string("add ") + (is_x32 ? "x32" : "x86_64") + " to the 'arch' line");
}

void Report::condition_on_group(uint32_t rule) {
  say(Severity::error, "condition-on-group", rule, {},
      "a group cannot have a condition: its calls have different arguments",
      "name the calls that the condition is for");
}

void Report::unknown_group(uint32_t rule, std::string_view name) {
  std::vector<std::string_view> names;
  for (const abi::Group& group : abi::groups()) names.push_back(group.name);
  std::string hint = suggestion(name, names);
  say(Severity::error, "unknown-group", rule, {}, "no group is called '@" + base::printable(name) + "'",
      std::move(hint));
}

void Report::unknown_call(uint32_t rule, std::string_view name) {
  std::string hint = suggestion(name, abi::syscall_names());
  if (hint.empty())
    hint = "a call newer than Linux " + abi::to_string(abi::newest_kernel()) + " can be named by number: syscall_N";
  say(Severity::error, "unknown-syscall", rule, {}, no_such_call(name), std::move(hint));
}

void Report::unknown_call_left_out(uint32_t rule, std::string_view name) {
  std::string hint = suggestion(name, abi::syscall_names());
  say(Severity::warning, "unknown-syscall", rule, {}, no_such_call(name) + ": the rule is left out", std::move(hint));
}

void Report::unknown_call_would_get_less(uint32_t rule, std::string_view name) {
  say(Severity::error, "unknown-syscall", rule, {},
      no_such_call(name) + ", and without this rule it would get less than '" +
          std::string(keyword(policy_.rules[rule].action.kind)) + "'",
      "name it by number: syscall_N");
}

void Report::absent_call(uint32_t rule, std::string_view name) {
  const std::string text = "'" + base::printable(name) + "' does not exist on the policy's architectures";
  switch (policy_.format) {
    case PolicyFormat::oci: return;  // profiles list the calls of all
    case PolicyFormat::cordon: say(Severity::note, "absent-call", rule, {}, text); return;
    case PolicyFormat::minijail:
      say(Severity::warning, "absent-call", rule, {}, text + ": the line says nothing here",
          "minijail's own compiler refuses it; remove it or name the architecture it is for");
  }
}

void Report::add_cover(Diagnostic* said, const RuleUse& use) const {
  if (said == nullptr) return;
  for (uint32_t rule : use.cover) said->notes.push_back({place_of(rule), "covered by this rule"});
}

void Report::dead_rule(uint32_t rule, const RuleUse& use) {
  add_cover(say(Severity::warning, "dead-rule", rule, {},
                "this rule decides nothing: earlier rules match all its calls", "remove it"),
            use);
}

void Report::contradicts(Severity severity, uint32_t rule, const RuleUse& use) {
  add_cover(say(severity, "contradiction", rule, {},
                "this rule contradicts earlier ones: they match all its calls and answer otherwise",
                "the first rule that matches decides; put the narrower rule first"),
            use);
}

void Report::multiplexed_stricter(const Tightened& tightened, Arch arch, std::string_view call, std::string_view way) {
  const std::string name(call);
  say(Severity::warning, "multiplexed-stricter", tightened.rule, {},
      "on " + std::string(abi::name(arch)) + " '" + name + "' can also be called through " + std::string(way) +
          ", where its arguments lie in memory: that way gets '" + to_string(tightened.outcome, arch) +
          "' whatever they are",
      "a rule for '" + name + "' alone, without arguments, would decide both ways alike");
}

void Report::hidden_argument(const Tightened& tightened, Arch arch, uint32_t number) {
  say(Severity::warning, "hidden-argument", tightened.rule, {},
      "on " + std::string(abi::name(arch)) + " '" + std::string(abi::name_of(number, arch)) +
          "' does not have these arguments in registers: it gets '" + to_string(tightened.outcome, arch) +
          "' whatever they are",
      "limit the rule to the architectures that have them: 'call@arch(...)'");
}

void Report::names_too_many_numbers(uint32_t rule, size_t limit) {
  say(Severity::error, "policy-too-large", rule, {},
      "the rules up to here name more than " + std::to_string(limit) + " numbers", "name fewer calls twice");
}

void Report::asks_for_too_many_values(uint32_t rule) {
  say(Severity::error, "policy-too-large", rule, {}, "the conditions up to here ask for too many values",
      "ask for ranges of values");
}

void Report::rules_overlap_too_often(size_t limit) {
  say(Severity::error, "policy-too-large", "the rules overlap in more than " + std::to_string(limit) + " places",
      "name fewer calls twice");
}

void Report::conditions_multiply() {
  say(Severity::error, "policy-too-large", "the rules' conditions multiply to more than a filter could hold",
      "ask for ranges of values, and name fewer calls twice");
}

}  // namespace cordon::policy
