#include "cordon/policy/lint_outcomes.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cordon/abi/syscalls.h"
#include "cordon/policy/lint_tables.h"

namespace cordon::policy {
namespace {

class OutcomeLinter {
 public:
  OutcomeLinter(const Policy& policy, const Verdicts& verdicts, std::span<const Arch> arches)
      : policy_(policy), verdicts_(verdicts), arches_(arches) {}

  Diagnostics run() {
    check_bad_arch();
    check_arches();
    for (Arch arch : arches_) check_fall_backs(arch);
    check_tracer();
    return std::move(findings_);
  }

 private:
  void check_bad_arch();
  void check_arches();
  void check_fall_backs(Arch arch);
  void check_fall_back(const FallBack& way, Arch arch);
  void check_tracer();

  const Policy& policy_;
  const Verdicts& verdicts_;
  std::span<const Arch> arches_;
  Diagnostics findings_;
  std::set<std::string> said_;
  std::vector<std::string_view> by_default_;  // calls the default keeps libc from falling back from, on one ABI
};

bool has_arch(std::span<const Arch> arches, Arch arch) {
  return std::find(arches.begin(), arches.end(), arch) != arches.end();
}

// Any 64-bit process of x86 makes i386's calls with int 0x80, and x32's with a bit of the number.
void OutcomeLinter::check_bad_arch() {
  if (!may_run(policy_.bad_arch.action.kind)) return;
  const bool is_all_allowed = std::all_of(policy_.rules.begin(), policy_.rules.end(),
                                          [](const Rule& rule) { return may_run(rule.action.kind); }) &&
                              may_run(policy_.default_action.action.kind);
  if (is_all_allowed) return;  // confines nothing: that is told
  std::string others;
  if (has_arch(arches_, Arch::x86_64))
    for (Arch other : {Arch::i386, Arch::x32})
      if (!has_arch(arches_, other)) others += (others.empty() ? "" : " and ") + std::string(abi::name(other));
  findings_.warning("open-badarch", {},
                    "calls of architectures that the policy does not list are let through, " +
                        (others.empty() ? "whatever the rules say"
                                        : "those of " + others + " among them, which any x86_64 program can make"),
                    "answer them with 'badarch kill_process', or list the architectures");
}

// Rules for one architecture of several leave the call open on the others. One finding for each first rule.
void OutcomeLinter::check_arches() {
  const bool has_own_rules = std::any_of(policy_.rules.begin(), policy_.rules.end(),
                                         [](const Rule& rule) { return rule.target.arch.has_value(); });
  if (arches_.size() < 2 || !has_own_rules) return;
  struct Open {
    std::optional<uint32_t> rule;
    std::string_view restricted_on, open_on;
    std::vector<std::string_view> calls;
  };
  std::vector<Open> found;
  for (std::string_view call : abi::syscall_names()) {
    std::optional<Arch> restricted, open;
    std::optional<Verdict> closed;
    for (Arch arch : arches_) {
      if (!abi::number_of(call, arch)) continue;
      const std::optional<Verdict> here = verdicts_.of(call, arch);
      if (here && here->is_restricted && !restricted) restricted = arch, closed = here;
      if (here && here->always_runs && !open) open = arch;
    }
    if (!restricted || !open) continue;
    const std::optional<uint32_t> rule = closed->denying ? closed->denying : closed->rule;
    auto same = std::find_if(found.begin(), found.end(), [&](const Open& one) { return one.rule == rule; });
    if (same == found.end()) same = found.insert(same, {rule, abi::name(*restricted), abi::name(*open), {}});
    same->calls.push_back(call);
  }
  for (const Open& one : found) {
    const bool is_one = one.calls.size() == 1;
    findings_.warning("open-arch", place_of_rule(policy_, one.rule),
                      enumeration(one.calls) + (is_one ? " is" : " are") + " restricted on " +
                          std::string(one.restricted_on) + ", but allowed on " + std::string(one.open_on),
                      "restrict " + std::string(is_one ? "it" : "them") + " on " + std::string(one.open_on) + " too");
  }
}

void OutcomeLinter::check_fall_back(const FallBack& way, Arch arch) {
  const std::optional<Verdict> found = verdicts_.of(way.call, arch);
  if (!found || found->can_run || !found->failing || found->failing->data == no_such_call(arch)) return;
  if (!verdicts_.runs(way.instead, arch)) return;
  if (!found->failing_rule) {
    if (by_default_.empty() || by_default_.back() != way.call) by_default_.push_back(way.call);
    return;
  }
  if (!said_.insert(std::string(way.call) + std::to_string(*found->failing_rule)).second) return;
  findings_.warning("libc-fallback", place_of_rule(policy_, found->failing_rule),
                    "'" + std::string(way.call) + "' gets '" + to_string(*found->failing, arch) +
                        "': C libraries take " + std::string(way.instead) +
                        " for it only where it answers ENOSYS, and else fail",
                    "answer it with errno ENOSYS");
}

void OutcomeLinter::check_fall_backs(Arch arch) {
  for (const FallBack& way : kFallBacks) check_fall_back(way, arch);
  if (abi::info(arch).word_bits == 32)
    for (const Twin& twin : kTwins)
      if (twin.new_call.find("time64") != std::string_view::npos || twin.new_call.starts_with("clock_") ||
          twin.new_call.starts_with("timer"))
        check_fall_back({twin.new_call, twin.old_call}, arch);
  const std::vector<std::string_view> calls = std::exchange(by_default_, {});
  if (calls.empty() || !said_.insert("by default").second) return;
  findings_.warning("libc-fallback", {},
                    "the default answers '" + to_string(policy_.default_action.action, arch) + "' to " +
                        enumeration(calls) +
                        ": C libraries take another way for them only where they answer ENOSYS, and else fail",
                    "answer them with errno ENOSYS");
}

void OutcomeLinter::check_tracer() {
  const bool is_default = policy_.default_action.action.kind == ActionKind::trace ||
                          policy_.bad_arch.action.kind == ActionKind::trace ||
                          (policy_.unknown && policy_.unknown->action.kind == ActionKind::trace);
  const auto rule = std::find_if(policy_.rules.begin(), policy_.rules.end(),
                                 [](const Rule& one) { return one.action.kind == ActionKind::trace; });
  if (!is_default && rule == policy_.rules.end()) return;
  std::optional<uint32_t> index;
  if (rule != policy_.rules.end()) index = static_cast<uint32_t>(rule - policy_.rules.begin());
  findings_.note("no-tracer", place_of_rule(policy_, index),
                 "'trace' asks a tracer that has set PTRACE_O_TRACESECCOMP; without one the call fails with ENOSYS",
                 "start the command under such a tracer, or answer otherwise: 'cordon run' attaches none");
}

}  // namespace

Diagnostics find_odd_outcomes(const Policy& policy, const Verdicts& verdicts, std::span<const Arch> arches) {
  return OutcomeLinter(policy, verdicts, arches).run();
}

}  // namespace cordon::policy
