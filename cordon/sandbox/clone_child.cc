#include "cordon/sandbox/clone_child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <climits>
#include <cstdio>
#include <utility>

#include "cordon/abi/namespaces.h"
#include "cordon/sandbox/child_process.h"
#include "cordon/sandbox/id_maps.h"
#include "cordon/sandbox/namespace_errors.h"

namespace cordon::sandbox {
namespace {}  // namespace

// Sharing memory saves the copy of the page tables, a seventh of a launch. Before 5.16 a core dump of the
// child would have ended every process that shares its memory (coredump_wait), this one too.
int memory_flag() {
  utsname name{};
  int major = 0;
  int minor = 0;
  if (uname(&name) != 0 || std::sscanf(name.release, "%d.%d", &major, &minor) != 2) return 0;
  return major > 5 || (major == 5 && minor >= 16) ? CLONE_VM : 0;
}

namespace {

// The wait status; -1 if somebody else has taken it.
int wait_for(pid_t pid) {
  int status = 0;
  for (;;) {
    const pid_t result = waitpid(pid, &status, __WALL);
    if (result == pid) return status;
    if (result < 0 && errno != EINTR) return -1;
  }
}

// False: it cannot be waited for, by a filter above this process, or takes more than a minute.
bool await_maker(pid_t maker, LaunchReport& report) {
  constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 2'000'000};
  constexpr int kTries = 30000;
  for (int i = 0; i < kTries && report.made.load() == LaunchReport::kNothing; ++i) {
    if (waitpid(maker, nullptr, __WALL | WNOHANG) == maker) return true;
    const long result = syscall(SYS_futex, &report.made, FUTEX_WAIT, LaunchReport::kNothing, &kPause, nullptr, 0);
    const bool has_waited = result == 0 || errno == EAGAIN || errno == ETIMEDOUT || errno == EINTR;
    if (!has_waited) nanosleep(&kPause, nullptr);
  }
  return report.made.load() != LaunchReport::kNothing && wait_for(maker) >= 0;
}

// Through the maker, who has ended when this returns.
Result<Launched> clone_by_maker(std::unique_ptr<Preparation> preparation) {
  Launched launched;
  ChildPlan& plan = preparation->plan;
  LaunchReport& report = preparation->report();
  const int flags = (plan.clone_flags & CLONE_VM) | CLONE_FILES | static_cast<int>(plan.cloned_namespaces);
  const pid_t maker = clone(run_maker, preparation->maker_stack_top(), flags, &plan);
  if (maker < 0) return cannot_clone(errno, plan);
  preparation->mark_cloned();
  launched.preparation = std::move(preparation);
  if (plan.is_mapped) {
    if (const int error = write_id_maps(maker, launched.preparation->setup().namespaces)) {
      report.mapped.store(LaunchReport::kUnmapped);
      syscall(SYS_futex, &report.mapped, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
      (void)wait_for(maker);
      launched.preparation->mark_gone();
      return cannot_map(error, launched.preparation->setup().namespaces);
    }
    report.mapped.store(LaunchReport::kMapped);
    syscall(SYS_futex, &report.mapped, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
  }
  const bool has_ended = await_maker(maker, report);
  launched.reaper.reset(report.reaper_pidfd.load());
  launched.pidfd.reset(report.made_pidfd.load());
  launched.pid = static_cast<pid_t>(report.made.load());
  if (launched.pid != 0) return launched;
  if (has_ended)
    launched.preparation->mark_gone();
  else
    kill(maker, SIGKILL);
  end_namespace(launched);
  FailedStep failed = failed_step(*launched.preparation);
  if (failed.error == 0) failed.error = ECHILD;  // something has ended it
  return describe(failed);
}

// Writes the caller's maps when it has entered its user namespace: from inside only one number could be mapped.
class MapWriter {
 public:
  explicit MapWriter(const NamespaceSetup& namespaces) {
    int ends[2] = {-1, -1};
    if (pipe2(ends, O_CLOEXEC) != 0) return;
    order_.reset(ends[1]);
    Fd awaited(ends[0]);
    const pid_t caller = getpid();
    pid_ = fork();
    if (pid_ != 0) return;
    order_.reset();
    char byte = 0;
    _exit(read(awaited.get(), &byte, 1) == 1 ? write_id_maps(caller, namespaces) : ECANCELED);
  }
  MapWriter(const MapWriter&) = delete;
  MapWriter& operator=(const MapWriter&) = delete;
  ~MapWriter() {
    order_.reset();
    if (pid_ > 0) (void)wait_for(pid_);
  }

  bool is_ready() const { return pid_ > 0; }
  // An errno, or 0.
  int write_now() {
    const bool is_told = write(order_.get(), "", 1) == 1;
    const int status = wait_for(std::exchange(pid_, -1));
    return !is_told || !WIFEXITED(status) ? ECHILD : WEXITSTATUS(status);
  }

 private:
  Fd order_;
  pid_t pid_ = -1;
};

}  // namespace

std::optional<Diagnostic> enter_here(Preparation& preparation) {
  ChildPlan& plan = preparation.plan;
  if (plan.has_maker) {
    Diagnostic problem;
    problem.code = "usage";
    problem.message = "a process cannot enter another pid or time namespace itself";
    problem.hint = "leave --exec out";
    return problem;
  }
  ChildNamespaces& namespaces = plan.setup.namespaces;
  namespaces.unshared |= std::exchange(plan.cloned_namespaces, 0);
  std::optional<MapWriter> writer;
  if (plan.is_mapped) {
    writer.emplace(preparation.setup().namespaces);
    if (!writer->is_ready()) return system_error("create a process", errno);
  }
  if (!enter_namespaces(namespaces, preparation.report())) return describe(failed_step(preparation));
  namespaces.unshared = namespaces.joined = 0;
  const int error = writer ? writer->write_now() : 0;
  return error == 0 ? std::nullopt : std::optional(cannot_map(error, preparation.setup().namespaces));
}

Result<Launched> clone_child(std::unique_ptr<Preparation> preparation) {
  ChildPlan& plan = preparation->plan;
  plan.opener = getpid();
  // Who shares memory stays in his time namespace.
  const bool has_own_time =
      ((plan.setup.namespaces.joined | plan.setup.namespaces.unshared) & abi::kTimeNamespace) != 0;
  // Who goes on beside the launcher has memory and descriptors of its own.
  const bool stays = plan.ready != nullptr;
  plan.clone_flags = (stays || has_own_time ? 0 : memory_flag()) | (stays ? 0 : CLONE_FILES) | CLONE_PIDFD | SIGCHLD;
  if (plan.has_maker) return clone_by_maker(std::move(preparation));
  Launched launched;
  int pidfd = -1;
  const int flags = plan.clone_flags | static_cast<int>(plan.cloned_namespaces);
  pid_t pid = clone(run_child, plan.stack_top, flags, &plan, &pidfd);
  if (pid < 0) return cannot_clone(errno, plan);
  preparation->mark_cloned();
  launched.pid = pid;
  launched.pidfd.reset(pidfd);
  launched.preparation = std::move(preparation);
  if (!plan.is_mapped) return launched;
  const NamespaceSetup& namespaces = launched.preparation->setup().namespaces;
  if (const int error = write_id_maps(pid, namespaces)) {
    return destroyed(launched, cannot_map(error, namespaces));
  }
  return launched;
}

}  // namespace cordon::sandbox
