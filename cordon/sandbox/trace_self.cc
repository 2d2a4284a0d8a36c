#include "cordon/sandbox/trace_self.h"

#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <climits>
#include <string>

#include "cordon/base/fd.h"
#include "cordon/sandbox/approach.h"
#include "cordon/sandbox/launcher_state.h"
#include "cordon/sandbox/start_point.h"

namespace cordon::sandbox {
namespace {

constexpr int kOwnFailure = 125;  // what the command ends with, as cordon would

void set_and_wake(std::atomic<uint32_t>& word, uint32_t value) {
  word.store(value);
  syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

void complain(const Diagnostics& errors) {
  for (const Diagnostic& error : errors) {
    std::string line = "cordon: " + error.message + (error.hint.empty() ? "" : " (" + error.hint + ")") + "\n";
    if (write(STDERR_FILENO, line.data(), line.size()) < 0) return;
  }
}

// The helper. Leaving with the command still traced kills it (PTRACE_O_EXITKILL).
void trace_to_start(pid_t command, const LaunchSpec& spec, StartPoint start, LaunchReport& report) {
  constexpr timespec kLookAgain{.tv_sec = 0, .tv_nsec = 100'000'000};
  while (report.gate_reached.load() == 0) {
    if (command <= 1 || (kill(command, 0) != 0 && errno == ESRCH)) return;
    if (syscall(SYS_futex, &report.gate_reached, FUTEX_WAIT, 0, &kLookAgain, nullptr, 0) != 0 && errno != EAGAIN &&
        errno != ETIMEDOUT && errno != EINTR)
      usleep(200);
  }
  // The end of what is traced here has to be seen, and the command must not see into this process.
  LauncherState state;
  state.close();
  Tracee tracee(command);
  if (int error = tracee.seize(start_options())) {
    report.error.store(error);
    set_and_wake(report.gate, LaunchReport::kRefused);
    return;
  }
  set_and_wake(report.gate, LaunchReport::kOpen);
  Approach approach({.command = command, .pidfd = -1});
  StartOutcome reached = reach_start(approach, start);
  if (reached.kind == StartOutcome::Kind::never_executed) return;  // the command says why itself
  if (reached.kind == StartOutcome::Kind::failed) {
    complain(reached.errors);
    approach.abandon_with(kOwnFailure);
    return;
  }
  auto confined = confine(tracee, {.filters = spec.filters, .listener = false, .strict = spec.strict, .pidfd = -1});
  if (!confined) {
    complain(confined.error());
    approach.abandon_with(kOwnFailure);
    return;
  }
  approach.let_threads_go();
  tracee.detach();
}

// The helper has opened or closed the gate; false if it was ended before.
bool await_gate(LaunchReport& report, pid_t helper) {
  constexpr timespec kLookAgain{.tv_sec = 0, .tv_nsec = 20'000'000};
  constexpr useconds_t kPauseUs = 200;
  Fd pidfd(static_cast<int>(syscall(SYS_pidfd_open, helper, 0)));
  if (!pidfd && errno == ESRCH) return report.gate.load() != LaunchReport::kClosed;
  while (report.gate.load() == LaunchReport::kClosed) {
    pollfd entry{.fd = pidfd.get(), .events = POLLIN, .revents = 0};
    bool has_ended = pidfd && poll(&entry, 1, 0) > 0 && (entry.revents & POLLIN) != 0;
    if (has_ended) return report.gate.load() != LaunchReport::kClosed;
    if (syscall(SYS_futex, &report.gate, FUTEX_WAIT, LaunchReport::kClosed, &kLookAgain, nullptr, 0) != 0 &&
        errno != EAGAIN && errno != ETIMEDOUT && errno != EINTR)
      usleep(kPauseUs);
  }
  return true;
}

}  // namespace

std::optional<Diagnostic> start_self_tracer(const LaunchSpec& spec, StartPoint start, LaunchReport& report) {
  auto command = static_cast<pid_t>(syscall(SYS_gettid));
  pid_t child = fork();
  if (child < 0) return system_error("create the process that traces the command", errno);
  if (child == 0) {
    pid_t helper = fork();
    if (helper == 0) {
      trace_to_start(command, spec, start, report);
      _exit(0);
    }
    report.tracer.store(helper);
    _exit(0);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  pid_t tracer = report.tracer.load();
  if (tracer <= 0) return system_error("create the process that traces the command", EAGAIN);
  // Yama lets an ancestor trace, and whom the process names; without Yama this is EINVAL.
  prctl(PR_SET_PTRACER, static_cast<unsigned long>(tracer), 0, 0, 0);
  set_and_wake(report.gate_reached, 1);
  if (!await_gate(report, tracer))
    return system_error("create the process that traces the command", ESRCH, "it was ended before it could");
  return std::nullopt;
}

}  // namespace cordon::sandbox
