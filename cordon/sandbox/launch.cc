#include "cordon/sandbox/launch.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "cordon/sandbox/launch_errors.h"
#include "cordon/sandbox/preparation.h"
#include "cordon/sandbox/process_info.h"
#include "cordon/sandbox/signals.h"

namespace cordon {

Launched::Launched() = default;
Launched::Launched(Launched&&) noexcept = default;
Launched& Launched::operator=(Launched&&) noexcept = default;
Launched::~Launched() = default;

namespace sandbox {
namespace {

// Sharing memory saves the copy of the page tables, a seventh of a launch. Before 5.16 a core dump of the
// child would have ended every process that shares its memory (coredump_wait), this one too.
int memory_flag() {
  utsname name{};
  int major = 0;
  int minor = 0;
  if (uname(&name) != 0 || std::sscanf(name.release, "%d.%d", &major, &minor) != 2) return 0;
  return major > 5 || (major == 5 && minor >= 16) ? CLONE_VM : 0;
}

FailedStep failed_step(const Preparation& preparation) {
  const ChildPlan& plan = preparation.plan;
  const LaunchReport& report = *plan.report;
  FailedStep failed{.step = report.current_step(), .error = report.error.load(), .filter = report.filter.load(),
                    .filter_count = static_cast<uint32_t>(plan.filter_count), .filter_size = 0,
                    .path = preparation.path()};
  if (failed.filter < plan.filter_count) failed.filter_size = plan.filters[failed.filter].program.len;
  return failed;
}

// The descriptor table is shared until the exec: the listener the child is given is the parent's as well.
Result<Launched> clone_child(std::unique_ptr<Preparation> preparation) {
  Launched launched;
  int pidfd = -1;
  int flags = memory_flag() | CLONE_FILES | CLONE_PIDFD | SIGCHLD;
  pid_t pid = clone(run_child, preparation->stack_top(), flags, &preparation->plan, &pidfd);
  if (pid < 0) return system_error("create a process", errno);
  preparation->mark_cloned();
  launched.pid = pid;
  launched.pidfd.reset(pidfd);
  launched.preparation = std::move(preparation);
  return launched;
}

void futex_wait(const std::atomic<uint32_t>& word, uint32_t value, long timeout_us) {
  timespec timeout{.tv_sec = 0, .tv_nsec = timeout_us * 1000};
  syscall(SYS_futex, &word, FUTEX_WAIT, value, timeout_us > 0 ? &timeout : nullptr, nullptr, 0);
}

bool has_died(const Launched& launched) {
  siginfo_t info{};
  int result = waitid(P_PID, static_cast<id_t>(launched.pid), &info, WEXITED | WNOHANG | WNOWAIT);
  return result == 0 && info.si_pid == launched.pid;
}

// Until the child has left for its program (by exec or by death), or waits for an answer to its execve.
// The kernel wakes us for the first; for the second we look, at growing intervals.
void await_exec(Launched& launched) {
  constexpr long kFirstPauseUs = 20, kLongestPauseUs = 2000, kDeathCheckUs = 100000;
  LaunchReport& report = launched.preparation->report();
  bool listens = launched.preparation->plan.listener;
  long pause_us = listens ? kFirstPauseUs : kDeathCheckUs;
  for (;;) {
    uint32_t lock = report.lock.load();
    if ((lock & FUTEX_OWNER_DIED) != 0) break;
    // Before it holds the lock a child can die unseen, by a filter above this process.
    if ((lock == 0 || pause_us >= kLongestPauseUs) && has_died(launched)) break;
    if (listens && report.listener.load() >= 0 && !launched.listener)
      launched.listener.emplace(Fd(report.listener.load()));
    if (launched.listener && launched.listener->has_waiting() && !report.has_left()) {
      launched.exec_pending = true;
      return;
    }
    futex_wait(report.lock, lock, pause_us);
    if (listens) pause_us = std::min(pause_us * 2, kLongestPauseUs);
  }
  if (listens && report.listener.load() >= 0 && !launched.listener)
    launched.listener.emplace(Fd(report.listener.load()));
}

// Leaving the first program is either an exec or a death the process is still busy with.
void await_verdict(const Launched& launched) {
  constexpr useconds_t kPauseUs = 50;
  if (launched.preparation->plan.filter_count == 0) return;
  while (!has_execed(launched.pid) && !has_died(launched)) usleep(kPauseUs);
}

void reap(const Launched& launched) {
  int status = 0;
  while (waitpid(launched.pid, &status, 0) < 0 && errno == EINTR) {
  }
}

Result<Launched> launch_before_exec(std::unique_ptr<Preparation> preparation) {
  CORDON_TRY(launched, clone_child(std::move(preparation)));
  await_exec(launched);
  if (launched.exec_pending) return std::move(launched);
  await_verdict(launched);
  if (std::optional<Diagnostic> failure = launch_failure(launched)) {
    reap(launched);
    return *failure;
  }
  return std::move(launched);
}

}  // namespace

std::optional<Diagnostic> launch_failure(const Launched& launched) {
  if (!launched.preparation) return std::nullopt;
  FailedStep failed = failed_step(*launched.preparation);
  if (failed.error != 0) return describe(failed);
  if (!has_died(launched) || has_execed(launched.pid)) return std::nullopt;
  siginfo_t info{};
  waitid(P_PID, static_cast<id_t>(launched.pid), &info, WEXITED | WNOHANG | WNOWAIT);
  bool by_signal = info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED;
  Diagnostic diagnostic;
  diagnostic.code = "not-started";
  diagnostic.message = "'" + failed.path + "' was never executed: the new process was ended by " +
                       (by_signal ? "signal " : "status ") + std::to_string(info.si_status);
  if (by_signal && info.si_status == SIGSYS)
    diagnostic.hint = failed.step == LaunchStep::exec ? "the policy does not let the process execute anything: allow execve, or use --start exec"
                                                      : "an earlier filter of the stack does not allow seccomp(2): put it last";
  return diagnostic;
}

Result<Launched> launch(const LaunchSpec& spec) {
  CORDON_TRY(preparation, Preparation::make(spec));
  // No handler of ours may run in the child while it shares our memory.
  uint64_t mask = block_all_signals();
  preparation->plan.signal_mask = mask;
  Result<Launched> launched = launch_before_exec(std::move(preparation));
  set_signal_mask(mask);
  if (launched && spec.hold_signals) {
    block_supervised_signals();
    launched->held_signal_mask = mask;
  }
  return launched;
}

Diagnostic exec(const LaunchSpec& spec) {
  auto preparation = Preparation::make(spec);
  if (!preparation) return *preparation.error().begin();
  (*preparation)->plan.signal_mask = current_signal_mask();
  (*preparation)->plan.listener = false;
  become((*preparation)->plan);
  return describe(failed_step(**preparation));
}

}  // namespace sandbox
}  // namespace cordon
