#include "cordon/sandbox/child.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>

#include "cordon/sandbox/raw_syscall.h"
#include "cordon/sandbox/ready_child.h"

namespace cordon::sandbox {
namespace {

constexpr unsigned kSignalCount = 64;
constexpr uint64_t kSignalSetBytes = 8;

// struct sigaction as the kernel has it on 64-bit machines.
struct KernelSigaction {
  uint64_t handler = 0;
  uint64_t flags = 0;
  uint64_t restorer = 0;
  uint64_t mask = 0;
};

// Handlers are the parent's code and must not run here; what is ignored stays ignored, as exec has it.
bool reset_signals(const ChildPlan& plan) {
  for (unsigned signal = 1; signal <= kSignalCount; ++signal) {
    KernelSigaction action;
    if (raw_syscall(SYS_rt_sigaction, signal, 0, raw_pointer(&action), kSignalSetBytes, 0) < 0) continue;
    if (action.handler <= 1) continue;  // SIG_DFL, SIG_IGN
    const KernelSigaction standard;
    raw_syscall(SYS_rt_sigaction, signal, raw_pointer(&standard), 0, kSignalSetBytes, 0);
  }
  KernelSigaction ignored;
  ignored.handler = 1;  // SIG_IGN
  if (plan.ignores_child_signal) raw_syscall(SYS_rt_sigaction, SIGCHLD, raw_pointer(&ignored), 0, kSignalSetBytes, 0);
  long result = raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, raw_pointer(&plan.signal_mask), 0, kSignalSetBytes, 0);
  return !plan.report->failed(result);
}

bool watch_exec(LaunchReport& report) {
  long tid = raw_syscall(SYS_gettid, 0, 0, 0, 0, 0);
  if (tid <= 0) return !report.failed(tid < 0 ? tid : -EINVAL);
  report.robust.list.next = &report.robust_entry;
  report.robust_entry.next = &report.robust.list;
  report.robust.futex_offset = reinterpret_cast<char*>(&report.lock) - reinterpret_cast<char*>(&report.robust_entry);
  report.robust.list_op_pending = nullptr;
  report.lock.store(static_cast<uint32_t>(tid) | FUTEX_WAITERS);
  return !report.failed(raw_syscall(SYS_set_robust_list, raw_pointer(&report.robust), sizeof report.robust, 0, 0, 0));
}

// Whoever is to open the gate may be ended first. Where a filter above denies futex(2) this looks again and again.
// A parent in another namespace is not seen to end: then the kernel is asked to end the child along with it. Had it
// ended before that was asked, the maker sees it; a minute is for what nobody sees.
bool pass_gate(const ChildPlan& plan) {
  constexpr timespec kLookAgain{.tv_sec = 0, .tv_nsec = 100'000'000}, kPause{.tv_sec = 0, .tv_nsec = 200'000};
  constexpr int64_t kPatienceNs = 60'000'000'000;
  LaunchReport& report = *plan.report;
  raw_syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  report.bound.store(1);
  if (plan.has_maker) raw_syscall(SYS_futex, raw_pointer(&report.bound), FUTEX_WAKE, 1, 0, 0);
  for (int64_t waited_ns = 0; report.gate.load() == LaunchReport::kClosed;) {
    long parent = plan.opener == 0 ? 0 : raw_syscall(SYS_getppid, 0, 0, 0, 0, 0);
    if (parent > 0 && parent != plan.opener) return false;
    if (parent == 0 && plan.opener != 0 && waited_ns > kPatienceNs) return false;
    long result = raw_syscall(SYS_futex, raw_pointer(&report.gate), FUTEX_WAIT, LaunchReport::kClosed,
                              raw_pointer(&kLookAgain), 0);
    bool has_waited = result == 0 || result == -EAGAIN || result == -EINTR || result == -ETIMEDOUT;
    if (!has_waited) raw_syscall(SYS_nanosleep, raw_pointer(&kPause), 0, 0, 0, 0);
    waited_ns += has_waited ? kLookAgain.tv_nsec : kPause.tv_nsec;
  }
  raw_syscall(SYS_prctl, PR_SET_PDEATHSIG, 0, 0, 0, 0);
  return report.gate.load() == LaunchReport::kOpen;
}

bool enter_landlock(const ChildPlan& plan) {
  constexpr long kRestrictSelf = 446;
  for (size_t i = 0; i < plan.ruleset_count; ++i) {
    plan.report->index.store(static_cast<uint32_t>(i));
    long result = raw_syscall(kRestrictSelf, static_cast<uint64_t>(plan.rulesets[i]), plan.ruleset_flags, 0, 0, 0);
    if (plan.report->failed(result)) return false;
  }
  return true;
}

long install(const ChildFilter& filter, uint32_t extra_flags) {
  long result =
      raw_syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, filter.flags | extra_flags, raw_pointer(&filter.program), 0, 0);
  // With TSYNC a positive value is the thread that was in the way.
  bool is_fd = (extra_flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0;
  return result > 0 && !is_fd ? -ESRCH : result;
}

// A kernel before 5.19 has no WAIT_KILLABLE_RECV; EINVAL for another reason comes back the second time.
long install_with_listener(const ChildFilter& filter) {
  long result = install(filter, SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
  return result == -EINVAL ? install(filter, SECCOMP_FILTER_FLAG_NEW_LISTENER) : result;
}

}  // namespace

bool install_filters(const ChildPlan& plan) {
  LaunchReport& report = *plan.report;
  for (size_t i = 0; i < plan.filter_count; ++i) {
    report.index.store(static_cast<uint32_t>(i));
    bool listens = plan.listener && i + 1 == plan.filter_count;
    long result = listens ? install_with_listener(plan.filters[i]) : install(plan.filters[i], 0);
    if (report.failed(result)) return false;
    if (listens) report.listener.store(static_cast<int32_t>(result));
  }
  return true;
}

void execute(const ChildPlan& plan, const char* path, char* const* argv, char* const* shell_argv,
             char* const* environment) {
  plan.report->enter(LaunchStep::exec);
  long result = raw_syscall(SYS_execve, raw_pointer(path), raw_pointer(argv), raw_pointer(environment), 0, 0);
  if (result == -ENOEXEC)
    result =
        raw_syscall(SYS_execve, raw_pointer(shell_argv[0]), raw_pointer(shell_argv), raw_pointer(environment), 0, 0);
  plan.report->failed(result < 0 ? result : -EINVAL);  // a filter that answers execve by "returns 0" did not run it
}

bool enter_cgroup(const ChildPlan& plan) {
  if (plan.cgroup < 0) return true;
  plan.report->enter(LaunchStep::cgroup);
  return !plan.report->failed(raw_syscall(SYS_write, static_cast<uint64_t>(plan.cgroup), raw_pointer("0"), 1, 0, 0));
}

void become(const ChildPlan& plan) {
  LaunchReport& report = *plan.report;
  report.enter(LaunchStep::signals);
  if (!reset_signals(plan)) return;
  if (!plan.has_maker && !enter_cgroup(plan)) return;
  report.enter(LaunchStep::no_new_privs);
  if (plan.no_new_privs && report.failed(raw_syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))) return;
  report.enter(LaunchStep::gate);
  if (plan.gated && !pass_gate(plan)) return;
  if (!set_exec_context(plan.setup, report)) return;
  if (!plan.has_maker && !enter_namespaces(plan.setup.namespaces, report)) return;
  if (!apply_setup(plan.setup, report)) return;
  report.enter(LaunchStep::landlock);  // a filter may deny its calls
  if (!enter_landlock(plan)) return;
  if (plan.ready != nullptr) return serve_starts(plan);
  report.enter(LaunchStep::filter);
  if (!install_filters(plan)) return;
  execute(plan, plan.path, plan.argv, plan.shell_argv, plan.environment);
}

int run_child(void* argument) {
  const ChildPlan& plan = *static_cast<const ChildPlan*>(argument);
  plan.report->enter(LaunchStep::watch);
  if (watch_exec(*plan.report)) become(plan);
  raw_syscall(SYS_exit_group, 127, 0, 0, 0, 0);
  raw_syscall(SYS_exit, 127, 0, 0, 0, 0);
  raw_trap();
  return 127;
}

}  // namespace cordon::sandbox
