#include "cordon/observe/notify_source.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "cordon/bpf/program.h"
#include "cordon/observe/process_table.h"
#include "cordon/observe/recording_builder.h"
#include "cordon/policy/action.h"
#include "cordon/sandbox/holder.h"
#include "cordon/sandbox/launch.h"

namespace cordon::observe {
namespace {

// Signals people send. While the command lives they are handed on to it: a recorder that ends before its
// command leaves calls unanswered. After its end the first group ends the recorder.
constexpr int kEndSignals[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};
constexpr int kOtherSignals[] = {SIGUSR1, SIGUSR2,   SIGALRM, SIGPIPE, SIGXFSZ,
                                 SIGXCPU, SIGVTALRM, SIGPROF, SIGIO,   SIGPWR};

uint64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(now.tv_nsec);
}

KernelVersion running_kernel() {
  utsname name{};
  uname(&name);
  return abi::parse_kernel_version(name.release).value_or(KernelVersion{});
}

// Blocks the signals for as long as it lives, and offers them on a descriptor.
class Signals {
 public:
  Signals() {
    sigset_t set;
    sigemptyset(&set);
    for (int signal : kEndSignals) sigaddset(&set, signal);
    for (int signal : kOtherSignals) sigaddset(&set, signal);
    pthread_sigmask(SIG_BLOCK, &set, &before_);
    fd_.reset(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  ~Signals() {
    while (take()) continue;
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

  int fd() const { return fd_.get(); }
  // No value: none waits.
  std::optional<signalfd_siginfo> take() {
    signalfd_siginfo info{};
    if (read(fd_.get(), &info, sizeof info) != sizeof info) return std::nullopt;
    return info;
  }

 private:
  sigset_t before_{};
  Fd fd_;
};

// The command's end, asked for once it is known to have ended or must be waited for.
class Command {
 public:
  explicit Command(const Launched& launched) : pid_(launched.pid), pidfd_(launched.pidfd.get()) {}

  bool has_ended() {
    if (!ended_) wait(WNOHANG);
    return ended_;
  }
  Outcome outcome() {
    if (!ended_) wait(0);
    return outcome_;
  }
  // A pidfd cannot mean another process, however late the signal comes.
  void signal(int number) { syscall(SYS_pidfd_send_signal, pidfd_, number, nullptr, 0); }

 private:
  void wait(int flags) {
    int status = 0;
    pid_t result;
    do result = waitpid(pid_, &status, flags | __WALL);
    while (result < 0 && errno == EINTR);
    if (result == 0) return;
    ended_ = true;
    if (result < 0) return;
    outcome_.signaled = WIFSIGNALED(status);
    outcome_.code = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    outcome_.core_dumped = WIFSIGNALED(status) && WCOREDUMP(status);
  }

  pid_t pid_;
  int pidfd_;
  bool ended_ = false;
  Outcome outcome_;
};

class NotifyRecorder {
 public:
  NotifyRecorder(Listener& listener, Command& command, ProcessTable::Options processes)
      : listener_(listener), command_(command), table_(builder_, std::move(processes)), began_ns_(now_ns()) {}

  // True: the last task has ended. False: told to stop.
  bool run() {
    Signals signals;
    pollfd entries[] = {{listener_.fd(), POLLIN, 0}, {signals.fd(), POLLIN, 0}};
    for (;;) {
      if (poll(entries, 2, -1) < 0) {
        if (errno == EINTR) continue;
        builder_.note_lost(1);
        return false;
      }
      if (entries[0].revents & POLLIN) {
        take_call();
      } else if (entries[0].revents != 0) {
        return true;
      }
      if ((entries[1].revents & POLLIN) && should_stop(signals.take())) return false;
    }
  }

  Recording finish() && { return std::move(builder_).finish(); }

 private:
  void take_call() {
    std::optional<Notification> notification = listener_.receive();
    if (!notification) return;
    // A filter's notifications are numbered one by one (seccomp_next_notify_id): what is left out was withdrawn
    // before it was received.
    if (last_id_ && notification->id > *last_id_ + 1) builder_.note_interrupted(notification->id - *last_id_ - 1);
    last_id_ = notification->id;
    record_call(*notification);
    // False: the thread was killed while it waited. Its call stays recorded, as it was asked for.
    listener_.respond(notification->id, Response::run());
  }

  void record_call(const Notification& notification) {
    const Call& call = notification.call;
    SyscallEvent event{.tid = notification.tid, .call = call, .offset_ns = now_ns() - began_ns_};
    std::optional<Arch> arch = abi::arch_of_call(call.audit_arch, call.nr);
    if (arch) {
      CallOwner owner = table_.owner_of(notification.tid, *arch, call.nr, event.offset_ns);
      if (!owner.is_known) builder_.note_unattributed(1);
      event.pid = owner.pid;
      event.program = owner.program;
    }
    builder_.add(event);
  }

  bool should_stop(const std::optional<signalfd_siginfo>& info) {
    if (!info) return false;
    const int signal = static_cast<int>(info->ssi_signo);
    if (command_.has_ended())
      return std::find(std::begin(kEndSignals), std::end(kEndSignals), signal) != std::end(kEndSignals);
    // The kernel's own signals are the recorder's (a closed pipe) or reach the command as well (a terminal
    // sends to its whole foreground group).
    if (info->ssi_code != SI_KERNEL && info->ssi_pid != static_cast<uint32_t>(getpid())) command_.signal(signal);
    return false;
  }

  Listener& listener_;
  Command& command_;
  RecordingBuilder builder_;
  ProcessTable table_;
  uint64_t began_ns_;
  std::optional<uint64_t> last_id_;
};

// The command must not run unrecorded, and without a listener each of its calls would fail with ENOSYS.
Diagnostic no_listener(const Launched& launched) {
  Command command(launched);
  command.signal(SIGKILL);
  command.outcome();
  Diagnostic diagnostic;
  diagnostic.code = "no-listener";
  diagnostic.message = "cannot record by user notification: the filter could not be installed with a listener";
  diagnostic.hint =
      "record outside of any other seccomp listener; from --start entry, a program that has threads by then cannot be "
      "recorded";
  return diagnostic;
}

Result<bpf::Program> notify_everything() {
  return bpf::Program::create({{bpf::kRetK, 0, 0, policy::to_ret({ActionKind::notify, 0})}});
}

}  // namespace

Result<RecordedRun> record(const RecordOptions& options) {
  CORDON_TRY(program, notify_everything());
  LaunchSpec spec;
  spec.argv = options.argv;
  spec.filters.push_back({program, 0});
  spec.start = options.start;
  spec.listener = true;
  CORDON_TRY(launched, sandbox::launch(spec));
  if (!launched.listener) return no_listener(launched);

  Listener& listener = *launched.listener;
  listener.enable_sync_wake_up();
  Command command(launched);
  bool launched_already = options.start != StartPoint::before_exec;
  NotifyRecorder recorder(listener, command, {.launch = launched.pid, .launched = launched_already});
  bool finished = recorder.run();
  // Without an answer every call of the tasks that live on would fail with ENOSYS.
  if (!finished) sandbox::leave_holder(listener, {.answer = [](const Notification&) { return Response::run(); }});
  if (launched.exec_pending) {
    if (std::optional<Diagnostic> failure = sandbox::launch_failure(launched)) {
      command.outcome();
      return *failure;
    }
  }

  RecordedRun run{std::move(recorder).finish(), command.outcome()};
  run.recording.argv = options.argv;
  run.recording.start = options.start;
  run.recording.kernel = running_kernel();
  run.recording.finished = finished;
  return run;
}

}  // namespace cordon::observe
