#include "cli/run_refusals.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "cli/output.h"
#include "cordon/abi/syscalls.h"
#include "cordon/policy/partial.h"

namespace cordon::cli {
namespace {

bool names(const ResolvedPolicy& policy, Arch arch) {
  return std::any_of(policy.arches.begin(), policy.arches.end(),
                     [&](const ArchTable& table) { return table.audit_arch == abi::info(arch).audit_arch; });
}

// The policy answers by badarch whatever a program of this machine calls, or the exec that starts it.
std::optional<Diagnostic> other_arch(const Loaded& loaded, StartPoint start) {
  const Arch native = abi::native_arch();
  if (names(*loaded.resolved, native) || policy::may_run(loaded.resolved->bad_arch.kind)) return std::nullopt;
  const std::string name(abi::name(native));
  const bool is_for_32_bit = native == Arch::x86_64 && names(*loaded.resolved, Arch::i386);
  if (is_for_32_bit && start != StartPoint::before_exec) return std::nullopt;
  Diagnostic problem;
  problem.code = "other-arch";
  problem.place.file = loaded.name;
  problem.message = "the policy does not name " + name + ", and this machine " +
                    (is_for_32_bit ? "starts every program by a call of it" : "makes no other calls");
  problem.hint = is_for_32_bit ? "begin the filter later with --start exec or --start entry, or add the line `arch " +
                                     name + "` and allow execve there"
                               : "add the line `arch " + name + "`; a container profile is read with --arch " + name;
  return problem;
}

// Calls that are handed to somebody who is not there.
void warn_about_unanswered(const Action& action, const std::string& whose, const Place& place, Diagnostics& warnings) {
  if (action.kind == ActionKind::notify)
    warnings.warning("unanswered", place, whose + " says notify, and nothing answers here: the call fails with ENOSYS",
                     "--on-notify says who answers");
  if (action.kind == ActionKind::trace)
    warnings.warning("unanswered", place, whose + " says trace, and there is no tracer: the call fails with ENOSYS");
}

// TIOCSTI is allowed by the policy, and by the kernel: since Linux 6.2 it can be kept to who has CAP_SYS_ADMIN.
bool may_type(const RunPlan& plan) {
  Call call;
  call.nr = *abi::number_of("ioctl", abi::native_arch());
  call.audit_arch = abi::info(abi::native_arch()).audit_arch;
  call.args[1] = TIOCSTI;
  const ActionKind answer = decide(plan, call).action.kind;
  if (answer != ActionKind::allow && answer != ActionKind::log) return false;
  const Result<std::string> setting = read_file("/proc/sys/dev/tty/legacy_tiocsti");
  return geteuid() == 0 || !setting || !setting->starts_with('0');
}

}  // namespace

Diagnostics refuse(const std::vector<Loaded>& policies, StartPoint start, const OnNotify& on_notify) {
  Diagnostics problems;
  for (const Loaded& loaded : policies) {
    if (!loaded.policy) continue;
    if (const auto problem = other_arch(loaded, start)) {
      problems.add(*problem);
      continue;
    }
    if (start != StartPoint::before_exec) continue;
    PartialCall exec;
    exec.call.nr = *abi::number_of("execve", abi::native_arch());
    exec.call.audit_arch = abi::info(abi::native_arch()).audit_arch;
    bool may_exec = false;
    Decision denied;
    for (const Clause& clause : policy::outcomes(*loaded.resolved, exec)) {
      may_exec |= clause.action.kind == ActionKind::allow || clause.action.kind == ActionKind::log;
      may_exec |= clause.action.kind == ActionKind::notify && on_notify.may_allow();
      denied = {clause.action, clause.origin};
    }
    if (may_exec) continue;
    problems.error("execve-denied", place_of(loaded, denied.origin),
                   "the policy denies execve, so the command could not even start (" +
                       describe_origin(loaded, denied, exec.call) + ")",
                   "allow execve, or begin the filter later with --start exec or --start entry");
  }
  return problems;
}

Diagnostics unanswered(const std::vector<Loaded>& policies, const OnNotify& on_notify) {
  Diagnostics warnings;
  const auto warn = [&](const Action& action, const std::string& whose, const Place& place) {
    const bool is_answered = action.kind == ActionKind::notify && on_notify.answers();
    if (!is_answered) warn_about_unanswered(action, whose, place, warnings);
  };
  for (const Loaded& loaded : policies) {
    if (!loaded.policy) continue;
    Place head;
    head.file = loaded.name;
    warn(loaded.policy->default_action.action, "default", head);
    warn(loaded.policy->bad_arch.action, "badarch", head);
    if (loaded.policy->unknown) warn(loaded.policy->unknown->action, "unknown", head);
    for (const Rule& rule : loaded.policy->rules)
      warn(rule.action, "the rule", loaded.policy->sources.locate(rule.span));
  }
  return warnings;
}

Diagnostics check_notify(const RunPlan& plan, const OnNotify& on_notify) {
  Diagnostics problems;
  if (!on_notify.answers()) return problems;
  if (plan.has_unheard)
    problems.add(unheard("the policies take several filters, and one of them can ask"));
  else if (!plan.notifies && on_notify.is_elsewhere())
    problems.error("notify-unused", {},
                   "no rule says notify: there is no listener to hand over for " + on_notify.option, "leave it out");
  else if (!plan.notifies)
    problems.warning("notify-unused", {},
                     "no rule says notify: there is nothing to answer for --on-notify and --emulate");
  else if (on_notify.may_allow() && !on_notify.is_elsewhere())
    problems.note(
        "notify-runs", {},
        on_notify.kind == OnNotify::Kind::allow
            ? "calls of notify rules run as if they were allowed: what stands behind a pointer is read by the "
              "kernel after the answer"
            : "a call that is allowed is read anew by the kernel: what a pointer names may be another by then");
  if (on_notify.kind == OnNotify::Kind::ask && plan.notifies && may_type(plan))
    problems.warning("notify-tiocsti", {}, "the command may put words into the terminal's input, and answer itself",
                     "add the line `errno EPERM ioctl(cmd == TIOCSTI)`");
  return problems;
}

Diagnostic unheard(std::string why) {
  Diagnostics problem;
  return problem.error("notify-unheard", {}, "calls of notify rules could not be asked about: " + std::move(why),
                       "if nobody is to answer them they fail with ENOSYS");
}

}  // namespace cordon::cli
