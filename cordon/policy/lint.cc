#include "cordon/policy/lint.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cordon/abi/syscalls.h"
#include "cordon/policy/lint_arguments.h"
#include "cordon/policy/lint_default.h"
#include "cordon/policy/lint_needs.h"
#include "cordon/policy/lint_outcomes.h"
#include "cordon/policy/lint_tables.h"
#include "cordon/policy/lint_verdict.h"
#include "cordon/policy/multiplex.h"

namespace cordon::policy {
namespace {

class Linter {
 public:
  Linter(const Policy& policy, const ResolvedPolicy& resolved)
      : policy_(policy), resolved_(resolved), verdicts_(resolved) {
    arches_ = policy.arches;
    if (arches_.empty()) arches_.push_back(abi::native_arch());
  }

  Diagnostics run();

 private:
  std::optional<Verdict> verdict(std::string_view name, Arch arch) const { return verdicts_.of(name, arch); }
  void check_multiplexers(Arch arch);
  void check_emptiness();
  void check_doors(Arch arch);
  void check_door(std::string_view restricted, std::string_view open, Arch arch);
  void tell_doors();
  void check_twins(Arch arch);
  void check_cannot_fail(Arch arch);
  void check_ring(Arch arch);
  void check_ending(Arch arch);
  bool runs(std::string_view name, Arch arch) const { return verdicts_.runs(name, arch); }
  bool is_first(std::string finding) { return said_.insert(std::move(finding)).second; }
  Place place(std::optional<uint32_t> rule) const {
    return rule && *rule < policy_.rules.size() ? policy_.sources.locate(policy_.rules[*rule].span) : Place{};
  }

  const Policy& policy_;
  const ResolvedPolicy& resolved_;
  Verdicts verdicts_;
  std::vector<Arch> arches_;
  Diagnostics findings_;
  std::set<std::string> said_;

  // A restricted call, and the calls that do the same and are allowed.
  struct Door {
    std::string_view open;
    std::vector<Arch> arches;
  };
  struct Doors {
    std::string_view restricted;
    std::optional<uint32_t> rule;
    std::vector<Door> doors;
  };
  std::vector<Doors> doors_;
};

void Linter::check_emptiness() {
  auto denies = [](const Clause& clause) {
    return !runs_unasked(clause.action.kind) && clause.origin.kind != Origin::Kind::bad_arch;
  };
  bool confines = std::any_of(resolved_.arches.begin(), resolved_.arches.end(), [&](const ArchTable& table) {
    return std::any_of(table.segments.begin(), table.segments.end(), [&](const Segment& segment) {
      return std::any_of(segment.clauses.begin(), segment.clauses.end(), denies);
    });
  });
  if (!confines && policy_.sandbox.empty()) {
    findings_.warning("confines-nothing", {}, "no rule and no default denies a call: this policy confines nothing",
                      "set 'default kill_process' and allow what the program needs");
  } else if (confines && policy_.rules.empty()) {
    findings_.warning("empty-policy", {}, "the policy has no rules: every call gets the default",
                      "allow what the program needs; 'cordon learn' finds it out");
  }
}

void Linter::check_door(std::string_view restricted, std::string_view open, Arch arch) {
  if (restricted.empty() || open.empty() || restricted == open) return;
  bool has_reason =
      std::find(kRefusedForGoodReason.begin(), kRefusedForGoodReason.end(), restricted) != kRefusedForGoodReason.end();
  if (has_reason) return;
  std::optional<Verdict> closed_call = verdict(restricted, arch);
  if (!closed_call || !closed_call->is_restricted) return;
  std::optional<Verdict> open_call = verdict(open, arch);
  if (!open_call || !open_call->always_runs) return;
  auto known =
      std::find_if(doors_.begin(), doors_.end(), [&](const Doors& doors) { return doors.restricted == restricted; });
  if (known == doors_.end())
    known = doors_.insert(known, {restricted, closed_call->denying ? closed_call->denying : closed_call->rule, {}});
  auto door = std::find_if(known->doors.begin(), known->doors.end(), [&](const Door& one) { return one.open == open; });
  if (door == known->doors.end()) door = known->doors.insert(door, {open, {}});
  if (std::find(door->arches.begin(), door->arches.end(), arch) == door->arches.end()) door->arches.push_back(arch);
}

// One finding for a restricted call: first the doors of its first architectures, then those that only others have.
void Linter::tell_doors() {
  for (Doors& all : doors_) {
    std::vector<std::string_view> every;
    for (const Door& door : all.doors) every.push_back(door.open);
    std::string message = "'" + std::string(all.restricted) + "' is restricted, but ";
    bool is_first_group = true;
    while (!all.doors.empty()) {
      const std::vector<Arch> arches = all.doors.front().arches;
      std::vector<std::string_view> open, names;
      for (const Door& door : all.doors)
        if (door.arches == arches) open.push_back(door.open);
      std::erase_if(all.doors, [&](const Door& door) { return door.arches == arches; });
      for (Arch arch : arches) names.push_back(abi::name(arch));
      const bool is_one = open.size() == 1;
      message += (is_first_group ? "" : "; so " + std::string(is_one ? "does " : "do ")) + enumeration(open);
      if (is_first_group) message += is_one ? " does the same and is allowed" : " do the same and are allowed";
      message += " on " + enumeration(names);
      is_first_group = false;
    }
    findings_.warning("open-door", place(all.rule), std::move(message), "restrict " + enumeration(every) + " as well");
  }
  doors_.clear();
}

void Linter::check_doors(Arch arch) {
  for (const CallFamily& family : kFamilies)
    for (std::string_view restricted : family)
      for (std::string_view open : family) check_door(restricted, open, arch);
  for (const WayRound& way : kWaysRound) check_door(way.restricted, way.open, arch);
  for (const Twin& twin : kTwins) {
    check_door(twin.old_call, twin.new_call, arch);
    check_door(twin.new_call, twin.old_call, arch);
  }
}

// The multiplexer is allowed by a rule of its own before the rules on the calls behind it.
void Linter::check_multiplexers(Arch arch) {
  for (const Multiplexer& multiplexer : multiplexers()) {
    std::vector<std::string_view> restricted;
    std::optional<uint32_t> rule;
    for (const MultiplexedCall& call : multiplexer.calls) {
      std::optional<Verdict> direct = abi::number_of(call.name, arch) ? verdict(call.name, arch) : std::nullopt;
      if (!direct || !direct->is_restricted) continue;
      std::vector<Clause> clauses = verdicts_.through(multiplexer, call.number, arch);
      if (clauses.empty()) continue;
      Verdict way = Verdicts::of(clauses, arch);
      if (!way.always_runs) continue;
      restricted.push_back(call.name);
      if (!rule) rule = way.rule;
    }
    const std::string name(multiplexer.name);
    if (restricted.empty() || !is_first("multiplexer " + name)) continue;
    findings_.warning("multiplexer-open", place(rule),
                      enumeration(restricted) + (restricted.size() == 1 ? " is" : " are") + " restricted, but " + name +
                          " does the same with arguments that no filter sees, and is allowed on " +
                          std::string(abi::name(arch)),
                      "leave out the rule that allows " + name + ": rules on the calls behind it hold for it too");
  }
}

void Linter::check_twins(Arch arch) {
  std::string missing;
  std::optional<uint32_t> first_rule;
  for (const Twin& twin : kTwins) {
    std::optional<Verdict> old_call = verdict(twin.old_call, arch);
    std::optional<Verdict> new_call = verdict(twin.new_call, arch);
    if (!old_call || !new_call || !old_call->is_named || !old_call->can_run) continue;
    if (new_call->is_named || new_call->can_run) continue;
    if (!first_rule) first_rule = old_call->rule;
    missing += (missing.empty() ? "" : ", ") + std::string(twin.new_call);
  }
  if (missing.empty()) return;
  findings_.warning(
      "missing-twin", place(first_rule),
      "programs on " + std::string(abi::name(arch)) + " also use the twins of calls that are allowed: " + missing,
      "allow them too");
}

void Linter::check_cannot_fail(Arch arch) {
  std::string by_default;
  for (std::string_view name : kCannotFail) {
    std::optional<Verdict> found = verdict(name, arch);
    if (!found || !found->failing) continue;
    if (!found->failing_rule) {
      by_default += (by_default.empty() ? "" : ", ") + std::string(name);
      continue;
    }
    if (!is_first("fail " + std::string(name) + std::to_string(*found->failing_rule))) continue;
    findings_.warning("errno-cannot-fail", place(found->failing_rule),
                      "'" + std::string(name) + "' cannot fail, so programs take '" + to_string(*found->failing, arch) +
                          "' for its result, -1" +
                          (name == "getpid" ? ": kill(getpid()) then ends every process it may" : ""),
                      "allow it, or use kill_process");
  }
  if (by_default.empty() || !is_first("fail by default")) return;
  findings_.warning("errno-cannot-fail", {},
                    "the default answers an errno to calls that cannot fail: " + by_default +
                        "; programs take -1 for their result, and kill(getpid()) then ends every process it may",
                    "allow them");
}

void Linter::check_ring(Arch arch) {
  std::optional<Verdict> setup = verdict("io_uring_setup", arch);
  if (!setup || !setup->can_run || !runs("io_uring_enter", arch)) return;
  std::vector<std::string_view> reached;
  for (std::string_view name : kDoneByRing) {
    std::optional<Verdict> found = verdict(name, arch);
    if (found && !found->always_runs) reached.push_back(name);
  }
  if (reached.empty() || !is_first("ring")) return;
  findings_.warning("io-uring", place(setup->rule),
                    "io_uring is allowed, and what a ring does no filter sees: it does the work of " +
                        enumeration(reached) +
                        (reached.size() == 1 ? ", which is restricted" : ", which are restricted"),
                    "answer io_uring_setup, io_uring_enter and io_uring_register by errno ENOSYS");
}

void Linter::check_ending(Arch arch) {
  std::string on = " on " + std::string(abi::name(arch));
  bool can_exit = runs("exit", arch);
  bool can_exit_group = runs("exit_group", arch);
  if (!can_exit && !can_exit_group && is_first("exit")) {
    findings_.warning("no-exit", {}, "neither exit nor exit_group is allowed" + on + ": a program cannot end",
                      "allow exit_group");
  } else if (!can_exit_group && is_first("exit_group")) {
    findings_.note("no-exit-group", {},
                   "exit_group is not allowed" + on + ": a program that returns from main does not end by exit",
                   "allow exit_group");
  }
  if (!runs("rt_sigreturn", arch) && is_first("sigreturn"))
    findings_.note("no-sigreturn", {}, "rt_sigreturn is not allowed" + on + ": signal handlers cannot return",
                   "allow rt_sigreturn");
  bool sleeps =
      std::any_of(kRestarted.begin(), kRestarted.end(), [&](std::string_view name) { return runs(name, arch); });
  if (sleeps && !runs("restart_syscall", arch) && is_first("restart"))
    findings_.note("no-restart", {},
                   "restart_syscall is not allowed" + on + ": a sleeping call fails after SIGSTOP and SIGCONT",
                   "allow restart_syscall");
}

Diagnostics Linter::run() {
  check_emptiness();
  if (!policy_.rules.empty()) {
    for (Arch arch : arches_) check_doors(arch);
    tell_doors();
    for (Arch arch : arches_) {
      check_multiplexers(arch);
      check_twins(arch);
      check_cannot_fail(arch);
      check_ring(arch);
      check_ending(arch);
    }
  }
  findings_.append(find_unseen_arguments(policy_, resolved_, arches_));
  findings_.append(find_odd_outcomes(policy_, verdicts_, arches_));
  findings_.append(find_unmet_needs(policy_, verdicts_, arches_));
  findings_.append(find_rules_equal_to_default(policy_, arches_));
  return std::move(findings_);
}

}  // namespace

Diagnostics lint(const Policy& policy, const ResolvedPolicy& resolved) { return Linter(policy, resolved).run(); }

}  // namespace cordon::policy
