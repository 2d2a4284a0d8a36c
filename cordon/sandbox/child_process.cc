#include "cordon/sandbox/child_process.h"

#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <climits>

#include "cordon/abi/capabilities.h"
#include "cordon/abi/resource_limits.h"
#include "cordon/sandbox/exit_tracer.h"
#include "cordon/sandbox/process_info.h"

namespace cordon::sandbox {
namespace {

void futex_wait(const std::atomic<uint32_t>& word, uint32_t value, long timeout_us) {
  timespec timeout{.tv_sec = 0, .tv_nsec = timeout_us * 1000};
  syscall(SYS_futex, &word, FUTEX_WAIT, value, &timeout, nullptr, 0);
}

void take_listener(Launched& launched) {
  int fd = launched.preparation->report().listener.load();
  if (fd >= 0 && !launched.listener) launched.listener.emplace(Fd(fd));
}

int pump_tracer(Launched& launched) {
  if (!launched.tracer) return 0;
  ExitTracer::Events events = launched.tracer->pump();
  launched.verdicts.insert(launched.verdicts.end(), events.verdicts.begin(), events.verdicts.end());
  return events.error;
}

// Leaving the first program is either an exec or a death the process is still busy with.
int await_verdict(Launched& launched) {
  constexpr useconds_t kPauseUs = 50;
  if (launched.preparation->plan.filter_count == 0) return 0;
  while (!has_execed(launched.pid) && !has_died(launched)) {
    if (int error = pump_tracer(launched)) return error;
    usleep(kPauseUs);
  }
  return 0;
}

// Looked up by its number: a filter above may answer poll(2).
bool has_ended_soon(const Launched& launched) {
  constexpr useconds_t kPauseUs = 1000;
  constexpr int kTries = 2000;
  for (int tries = 0; tries < kTries; ++tries) {
    siginfo_t info{};
    if (waitid(P_PID, static_cast<id_t>(launched.pid), &info, WEXITED | WNOHANG | WNOWAIT | __WALL) != 0 &&
        errno == ECHILD)
      return true;
    if (info.si_pid == launched.pid) return true;
    usleep(kPauseUs);
  }
  return false;
}

}  // namespace

void open_gate(LaunchReport& report) {
  report.gate.store(LaunchReport::kOpen);
  syscall(SYS_futex, &report.gate, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

// The kernel wakes us when the child has left. Whether its execve waits for an answer we have to look up,
// at growing intervals.
int await_exec(Launched& launched) {
  constexpr long kFirstPauseUs = 20, kLongestPauseUs = 2000, kDeathCheckUs = 100000;
  LaunchReport& report = launched.preparation->report();
  bool looks = launched.preparation->plan.listener || launched.tracer;
  for (long pause_us = looks ? kFirstPauseUs : kDeathCheckUs;;) {
    uint32_t lock = report.lock.load();
    if ((lock & FUTEX_OWNER_DIED) != 0) break;
    // Before it holds the lock a child can die unseen, by a filter above this process.
    if ((lock == 0 || pause_us >= kLongestPauseUs) && has_died(launched)) break;
    // What runs already has started well, whatever is wrong with following it: that is told at its end.
    if (int error = pump_tracer(launched)) {
      if (!report.has_left() || !has_execed(launched.pid)) return error;
      break;
    }
    take_listener(launched);
    if (launched.listener && launched.listener->has_waiting() && !report.has_left()) {
      launched.exec_pending = true;
      return 0;
    }
    futex_wait(report.lock, lock, pause_us);
    if (looks) pause_us = std::min(pause_us * 2, kLongestPauseUs);
  }
  take_listener(launched);
  return await_verdict(launched);
}

int pass_exec(Launched& launched) {
  while (launched.exec_pending) {
    Listener& listener = *launched.listener;
    // First the call, then the question who makes it: until it is answered its caller stands still.
    if (auto waiting = listener.receive()) {
      bool is_ours = !launched.preparation->report().has_left();
      listener.respond(waiting->id, is_ours ? Response::run() : Response::fail(ENOSYS));
    }
    if (listener.error() != 0) return listener.error();
    launched.exec_pending = false;
    if (int error = await_exec(launched)) return error;
  }
  return 0;
}

bool has_died(const Launched& launched) {
  pollfd entry{.fd = launched.pidfd.get(), .events = POLLIN, .revents = 0};
  return poll(&entry, 1, 0) > 0 && (entry.revents & POLLIN) != 0;
}

// It was not reaped, so its number is its own still.
bool kill_command(const Launched& launched) {
  if (syscall(SYS_pidfd_send_signal, launched.pidfd.get(), SIGKILL, nullptr, 0) == 0 || has_died(launched)) return true;
  return launched.pid > 1 && (kill(launched.pid, SIGKILL) == 0 || errno == ESRCH || Tracee(launched.pid).end());
}

int reap(const Launched& launched) {
  int status = 0;
  for (;;) {
    pid_t result = waitpid(launched.pid, &status, __WALL);
    if (result < 0 && errno != EINTR) return -1;
    if (result != launched.pid) continue;
    if (!WIFSTOPPED(status)) return status;
    Tracee(launched.pid).resume(SIGKILL);  // its last stop, or one nobody has waited for
  }
}

void end_namespace(const Launched& launched) {
  constexpr int kPatienceMs = 2000;  // what waits for a device does not end for a signal
  if (!launched.reaper) return;
  syscall(SYS_pidfd_send_signal, launched.reaper.get(), SIGKILL, nullptr, 0);
  pollfd entry{.fd = launched.reaper.get(), .events = POLLIN, .revents = 0};
  while (poll(&entry, 1, kPatienceMs) < 0 && errno == EINTR) {
  }
  siginfo_t info{};
  waitid(P_PIDFD, static_cast<id_t>(launched.reaper.get()), &info, WEXITED | WNOHANG | __WALL);
}

// A child that still waits at its gate leaves by itself where it finds it closed for good.
bool destroy(const Launched& launched) {
  LaunchReport& report = launched.preparation->report();
  uint32_t closed = LaunchReport::kClosed;
  if (report.gate.compare_exchange_strong(closed, LaunchReport::kRefused))
    syscall(SYS_futex, &report.gate, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
  const bool is_ended = kill_command(launched) || has_ended_soon(launched);
  if (is_ended && reap(launched) != -1) launched.preparation->mark_gone();
  end_namespace(launched);
  return is_ended;
}

std::string left_running(const Launched& launched) {
  return "; process " + std::to_string(launched.pid) + " could not be ended and goes on";
}

Diagnostic destroyed(const Launched& launched, Diagnostic failure) {
  if (!destroy(launched)) failure.message += left_running(launched);
  return failure;
}

FailedStep failed_step(const Preparation& preparation) {
  const ChildPlan& plan = preparation.plan;
  const LaunchReport& report = *plan.report;
  FailedStep failed{.step = report.current_step(),
                    .error = report.error.load(),
                    .filter = report.index.load(),
                    .filter_count = static_cast<uint32_t>(plan.filter_count),
                    .filter_size = 0,
                    .path = preparation.path(),
                    .what = {},
                    .place = {},
                    .is_confined = plan.ruleset_count > 0 || plan.setup.has_identity ||
                                   plan.setup.reduces_capabilities || plan.setup.context_size > 0};
  if (failed.filter < plan.filter_count) failed.filter_size = plan.filters[failed.filter].program.len;
  if (failed.step == LaunchStep::limits && report.index.load() < plan.setup.limit_count) {
    const ProcessLimit& limit = plan.setup.limits[report.index.load()];
    failed.what = abi::kResources[limit.resource];
    failed.place = limit.place;
  }
  if (failed.step == LaunchStep::bounding_set || failed.step == LaunchStep::capabilities ||
      failed.step == LaunchStep::ambient || failed.step == LaunchStep::securebits)
    failed.place = preparation.setup().capabilities_place;
  if (failed.step == LaunchStep::landlock) failed.place = preparation.place_of_ruleset(report.index.load());
  if (failed.step == LaunchStep::ambient && report.index.load() < abi::kCapabilities.size())
    failed.what = abi::kCapabilities[report.index.load()];
  if (failed.step == LaunchStep::context) failed.what = preparation.setup().context->text;
  if (failed.step == LaunchStep::directory && plan.setup.directory != nullptr) failed.what = plan.setup.directory;
  if (failed.step == LaunchStep::mounts && report.index.load() < plan.setup.namespaces.mount_count)
    failed.mount = &plan.setup.namespaces.mounts[report.index.load()];
  if (failed.step == LaunchStep::grants && report.index.load() < plan.setup.namespaces.grant_count)
    failed.what = plan.setup.namespaces.grants[report.index.load()].path;
  failed.namespaces = plan.setup.namespaces.unshared | plan.setup.namespaces.joined | plan.cloned_namespaces;
  return failed;
}

}  // namespace cordon::sandbox
