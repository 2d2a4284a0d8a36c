// A policy is resolved ABI by ABI: what each rule names becomes numbers and conditions in registers
// (abi_rules), a sweep over the numbers makes segments (table_builder), and for each number the rules that
// name it become clauses (first_match). What was found out about each rule on the way tells at the end
// which rules are dead.
#include "cordon/policy/resolve.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "cordon/abi/constants.h"
#include "cordon/abi/groups.h"
#include "cordon/abi/syscalls.h"
#include "cordon/base/text.h"
#include "cordon/policy/abi_rules.h"
#include "cordon/policy/first_match.h"
#include "cordon/policy/report.h"
#include "cordon/policy/table_builder.h"

namespace cordon::policy {
namespace {

std::vector<Arch> listed_abis(const Policy& policy, Report& report) {
  std::vector<Arch> abis;
  for (Arch arch : policy.arches) {
    if (std::find(abis.begin(), abis.end(), arch) == abis.end()) {
      abis.push_back(arch);
    } else {
      report.say(Severity::error, "duplicate-arch", "arch " + std::string(abi::name(arch)) + " is listed twice",
                 "list it once");
    }
  }
  if (abis.empty()) abis.push_back(abi::native_arch());
  return abis;
}

std::string problem_with(const NamedAction& named, const std::vector<Arch>& abis) {
  if (named.action.kind != ActionKind::errno_) return {};
  if (named.action.data > kMaxErrno)
    return "errno " + std::to_string(named.action.data) + " is out of range: 0 to " + std::to_string(kMaxErrno) +
           " are possible";
  for (Arch arch : abis)
    if (!named.errno_name.empty() && !abi::errno_number(named.errno_name, arch))
      return "'" + base::printable(named.errno_name) + "' is no errno of " + std::string(abi::name(arch));
  return {};
}

bool is_errno_zero(const NamedAction& named) {
  return named.action.kind == ActionKind::errno_ && named.action.data == 0 && named.errno_name.empty();
}

void check_header(const Policy& policy, const std::vector<Arch>& abis, Report& report) {
  if (policy.unknown && !policy.since)
    report.say(Severity::error, "unknown-without-since",
               "'unknown' needs 'since': from which kernel on a call counts as unknown",
               "add a line like 'since " + abi::to_string(abi::newest_kernel()) + "'");
  const std::pair<const char*, const NamedAction*> actions[] = {
      {"default", &policy.default_action},
      {"badarch", &policy.bad_arch},
      {"unknown", policy.unknown ? &*policy.unknown : nullptr}};
  for (auto [line, named] : actions) {
    if (named == nullptr) continue;
    std::string problem = problem_with(*named, abis);
    if (!problem.empty()) report.say(Severity::error, "bad-errno", std::string(line) + ": " + problem);
    if (is_errno_zero(*named))
      report.say(Severity::warning, "errno-zero",
                 std::string(line) + ": errno 0 makes a call seem to succeed although it does not run");
  }
}

bool is_for(const Target& target, const std::vector<Arch>& abis) {
  return !target.arch || std::find(abis.begin(), abis.end(), *target.arch) != abis.end();
}

void check_target(uint32_t index, const std::vector<Arch>& abis, Report& report) {
  const Rule& rule = report.policy().rules[index];
  const Target& target = rule.target;
  if (!is_for(target, abis)) {
    std::string arch(abi::name(*target.arch));
    report.say(Severity::error, "arch-not-listed", index, {}, "the policy is not for " + arch,
               "add " + arch + " to the 'arch' line");
  }
  if (target.kind == Target::Kind::numbers && target.first > target.last)
    report.say(Severity::error, "empty-range", index, {}, "the range of numbers runs backwards");
  if (target.kind != Target::Kind::group) return;
  if (!rule.condition.is_always())
    report.say(Severity::error, "condition-on-group", index, {},
               "a group cannot have a condition: its calls have different arguments",
               "name the calls that the condition is for");
  if (abi::find_group(target.name) != nullptr) return;
  std::vector<std::string_view> names;
  for (const abi::Group& group : abi::groups()) names.push_back(group.name);
  std::string hint = report.may_suggest() ? base::did_you_mean(target.name, names) : "";
  report.say(Severity::error, "unknown-group", index, {}, "no group is called '@" + base::printable(target.name) + "'",
             hint);
}

void check_rule(uint32_t index, const std::vector<Arch>& abis, Report& report) {
  const Rule& rule = report.policy().rules[index];
  check_target(index, abis, report);
  if (rule.action.kind != ActionKind::errno_) return;
  NamedAction named{rule.action, rule.errno_name};
  std::vector<Arch> targets = rule.target.arch ? std::vector<Arch>{*rule.target.arch} : abis;
  std::string problem = problem_with(named, targets);
  if (!problem.empty()) report.say(Severity::error, "bad-errno", index, {}, problem);
  if (is_errno_zero(named))
    report.say(Severity::warning, "errno-zero", index, {},
               "errno 0 makes the call seem to succeed although it does not run",
               "name the error the program should see");
}

// What the call would get without the rule may be looser than what the rule says.
bool would_loosen(const Policy& policy, uint32_t index) {
  ActionKind kind = policy.rules[index].action.kind;
  if (kind < policy.default_action.action.kind) return true;
  if (policy.since && kind < (policy.unknown ? policy.unknown->action.kind : ActionKind::errno_)) return true;
  return std::any_of(policy.rules.begin() + index, policy.rules.end(), [kind](const Rule& later) {
    bool may_be_the_call = later.target.kind == Target::Kind::every || later.target.kind == Target::Kind::numbers;
    return may_be_the_call && kind < later.action.kind;
  });
}

// A rule that names nothing on the policy's ABIs: a typo, or a call that only others have.
void report_unfound(uint32_t index, const ResolveOptions& options, Report& report) {
  const Target& target = report.policy().rules[index].target;
  if (target.kind == Target::Kind::numbers) {
    if (target.first > target.last) return;
    report.say(Severity::warning, "numbers-of-other-abi", index, {},
               target.first >= abi::kX32Bit
                   ? "none of these numbers belongs to the policy's architectures: those from 0x40000000 up are x32's"
                   : "none of these numbers belongs to the policy's architectures: those below 0x40000000 are x86_64's",
               std::string("add ") + (target.first >= abi::kX32Bit ? "x32" : "x86_64") + " to the 'arch' line");
    return;
  }
  if (target.kind != Target::Kind::name) return;
  const bool exists_elsewhere = abi::is_syscall_name(target.name);
  if (exists_elsewhere && report.policy().format == PolicyFormat::oci) return;
  std::string shown = base::printable(target.name);
  if (exists_elsewhere) {
    if (report.policy().format == PolicyFormat::cordon)
      report.say(Severity::note, "absent-call", index, {},
                 "'" + shown + "' does not exist on the policy's architectures");
    if (report.policy().format == PolicyFormat::minijail)
      report.say(Severity::warning, "absent-call", index, {},
                 "'" + shown + "' does not exist on the policy's architectures: the line says nothing here",
                 "minijail's own compiler refuses it; remove it or name the architecture it is for");
    return;
  }
  std::string hint = report.may_suggest() ? base::did_you_mean(target.name, abi::syscall_names()) : "";
  if (options.allow_unknown && would_loosen(report.policy(), index)) {
    report.say(Severity::error, "unknown-syscall", index, {},
               "no system call is called '" + shown + "', and without this rule it would get less than '" +
                   std::string(keyword(report.policy().rules[index].action.kind)) + "'",
               "name it by number: syscall_N");
  } else if (options.allow_unknown) {
    report.say(Severity::warning, "unknown-syscall", index, {},
               "no system call is called '" + shown + "': the rule is left out", hint);
  } else {
    if (hint.empty())
      hint = "a call newer than Linux " + abi::to_string(abi::newest_kernel()) + " can be named by number: syscall_N";
    report.say(Severity::error, "unknown-syscall", index, {}, "no system call is called '" + shown + "'", hint);
  }
}

// Other formats mean what their own loaders do with rules that contradict each other, so there it is no
// error.
void report_covered(uint32_t index, const RuleUse& use, Report& report) {
  // A condition that could not be read holds always here: what follows from that is no finding.
  auto is_doubtful = [&report](uint32_t rule) { return report.has_error_in(rule); };
  if (is_doubtful(index) || std::any_of(use.cover.begin(), use.cover.end(), is_doubtful)) return;
  Diagnostic* said = nullptr;
  if (use.same_as_cover) {
    said = report.say(Severity::warning, "dead-rule", index, {},
                      "this rule decides nothing: earlier rules match all its calls", "remove it");
  } else {
    Severity severity = report.policy().format == PolicyFormat::cordon ? Severity::error : Severity::warning;
    said = report.say(severity, "contradiction", index, {},
                      "this rule contradicts earlier ones: they match all its calls and answer otherwise",
                      "the first rule that matches decides; put the narrower rule first");
  }
  if (said == nullptr) return;
  for (uint32_t rule : use.cover) said->notes.push_back({report.place_of(rule), "covered by this rule"});
}

// The ABIs of one audit value, x86_64 before x32.
std::vector<std::vector<Arch>> by_audit_value(std::vector<Arch> abis) {
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

}  // namespace

Result<ResolvedPolicy> resolve(const Policy& policy, const ResolveOptions& options) {
  Report report(policy);
  std::vector<Arch> abis = listed_abis(policy, report);
  check_header(policy, abis, report);
  for (uint32_t i = 0; i < policy.rules.size(); ++i) check_rule(i, abis, report);

  ResolvedPolicy resolved;
  resolved.bad_arch = action_on(policy.bad_arch, abis.front());
  std::vector<RuleUse> uses(policy.rules.size());
  std::vector<char> found(policy.rules.size(), 0);
  for (const std::vector<Arch>& group : by_audit_value(abis)) {
    std::vector<AbiRules> rules;
    for (Arch arch : group)
      rules.push_back(collect_rules(policy, arch, share_of(arch, arch == group.front()), report, found));
    resolved.arches.push_back(build_table({rules, action_on(policy.bad_arch, group.front())}, report, uses));
  }
  for (uint32_t i = 0; i < policy.rules.size(); ++i) {
    if (!found[i] && is_for(policy.rules[i].target, abis)) report_unfound(i, options, report);
    if (uses[i].applies && !uses[i].is_reached) report_covered(i, uses[i], report);
  }
  if (report.has_errors()) return report.finish();
  return {std::move(resolved), report.finish()};
}

}  // namespace cordon::policy
