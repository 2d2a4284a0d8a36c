#include "cordon/sandbox/start_point.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "cordon/sandbox/injection.h"
#include "cordon/sandbox/launch_errors.h"
#include "cordon/sandbox/process_info.h"

namespace cordon::sandbox {
namespace {

Diagnostic start_error(std::string message, std::string hint) {
  Diagnostic diagnostic;
  diagnostic.code = "start-point";
  diagnostic.message = std::move(message);
  diagnostic.hint = std::move(hint);
  return diagnostic;
}

// Lets a stop that is not the one we wait for pass as if nobody traced.
void pass_on(const Tracee& tracee, const Stop& stop) {
  if (stop.kind == Stop::Kind::group)
    tracee.stay_stopped();
  else
    tracee.resume(stop.kind == Stop::Kind::signal ? stop.signal : 0);
}

// Stops at the return from execve, one instruction before the new program.
bool reach_exec_exit(const Tracee& tracee) {
  for (;;) {
    Stop stop = tracee.wait();
    if (stop.kind == Stop::Kind::gone) return false;
    if (stop.kind == Stop::Kind::event && stop.event == PTRACE_EVENT_EXEC) break;
    pass_on(tracee, stop);
  }
  tracee.resume_to_syscall(0);
  for (;;) {
    Stop stop = tracee.wait();
    if (stop.kind == Stop::Kind::gone) return false;
    if (stop.kind == Stop::Kind::syscall) return true;
    tracee.resume_to_syscall(stop.kind == Stop::Kind::signal ? stop.signal : 0);
  }
}

StartOutcome failed(Diagnostic error) {
  StartOutcome outcome{StartOutcome::Kind::failed, {}};
  outcome.errors.add(std::move(error));
  return outcome;
}

#if defined(__x86_64__)

// AT_ENTRY of a program of either word size; 0 if there is none to be read.
uint64_t entry_address(pid_t pid, bool compat) {
  Fd fd(open(("/proc/" + std::to_string(pid) + "/auxv").c_str(), O_RDONLY | O_CLOEXEC));
  std::array<uint8_t, 4096> bytes{};
  ssize_t count = fd ? read(fd.get(), bytes.data(), bytes.size()) : 0;
  size_t width = compat ? 4 : 8;
  for (size_t at = 0; at + 2 * width <= static_cast<size_t>(count > 0 ? count : 0); at += 2 * width) {
    uint64_t key = 0;
    uint64_t value = 0;
    std::memcpy(&key, bytes.data() + at, width);
    std::memcpy(&value, bytes.data() + at + width, width);
    if (key == AT_ENTRY) return value;
  }
  return 0;
}

enum class Arrival : uint8_t { here, executed_again, new_process, ended, busy };

Arrival arrival_of(Approach::Held held) {
  switch (held) {
    case Approach::Held::all: return Arrival::here;
    case Approach::Held::new_process: return Arrival::new_process;
    case Approach::Held::executed: return Arrival::executed_again;
    case Approach::Held::ended: return Arrival::ended;
    case Approach::Held::busy: return Arrival::busy;
  }
  return Arrival::busy;
}

// At the breakpoint still: while its threads were being held one of them may have put another program in the
// place of this one.
std::optional<user_regs_struct> registers_at_breakpoint(const Tracee& tracee, uint64_t address) {
  siginfo_t info{};
  if (ptrace(PTRACE_GETSIGINFO, tracee.tid(), nullptr, &info) != 0) return std::nullopt;
  if (info.si_signo != SIGTRAP || info.si_code != SI_KERNEL) return std::nullopt;
  auto registers = tracee.registers();
  return registers && registers->rip == address + 1 ? registers : std::nullopt;
}

Arrival run_to_breakpoint(Approach& approach, uint64_t address) {
  const Tracee tracee = approach.leader();
  for (tracee.resume(0);;) {
    Approach::Event event = approach.next();
    switch (event.kind) {
      case Approach::Kind::ended: return Arrival::ended;
      case Approach::Kind::executed: return Arrival::executed_again;
      case Approach::Kind::new_process: return Arrival::new_process;
      case Approach::Kind::signal: break;
    }
    if (event.signal == SIGTRAP && registers_at_breakpoint(tracee, address)) {
      if (Arrival held = arrival_of(approach.hold_threads()); held != Arrival::here) return held;
      auto registers = registers_at_breakpoint(tracee, address);
      if (!registers) return Arrival::executed_again;
      registers->rip = address;
      registers->orig_rax = ~uint64_t{0};
      return tracee.set_registers(*registers) ? Arrival::here : Arrival::ended;
    }
    tracee.resume(event.signal);
  }
}

Diagnostic early(Arrival arrival) {
  const std::string cure = "use --start exec";
  switch (arrival) {
    case Arrival::new_process:
      return start_error("the program starts a process before its entry point, which would stay without the filter",
                         cure);
    case Arrival::executed_again:
      return start_error("the program executes another one before its entry point, which would stay without the filter",
                         cure);
    case Arrival::busy:
      return start_error("a thread of the program cannot be stopped at its entry point, and would go round the filter",
                         cure);
    default: return start_error("the program ended before its entry point, and has run without the filter", cure);
  }
}

// How it ended says more; nobody has reaped it.
Diagnostic early_end(pid_t command) {
  constexpr int kLoaderFailed = 127;
  siginfo_t info{};
  const bool is_known = waitid(P_PID, static_cast<id_t>(command), &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0 &&
                        info.si_pid == command;
  if (!is_known) return early(Arrival::ended);
  const bool has_exited = info.si_code == CLD_EXITED;
  Diagnostic problem = early(Arrival::ended);
  problem.message = std::string("the program ended before its entry point (") + (has_exited ? "status " : "signal ") +
                    std::to_string(info.si_status) + "), and has run without the filter";
  if (has_exited && info.si_status == kLoaderFailed)
    problem.hint =
        "its loader has failed: a library is missing, or a limit or line about files keeps the loader from it";
  return problem;
}

StartOutcome reach_entry(Approach& approach) {
  constexpr std::array<uint8_t, 1> kBreakpoint{0xcc};
  const Tracee tracee = approach.leader();
  auto registers = tracee.registers();
  if (!registers) return failed(early(Arrival::ended));
  uint64_t entry = entry_address(tracee.tid(), registers->cs == 0x23);
  if (entry == 0) return failed(start_error("cannot find the command's entry point", "use --start exec"));
  if (registers->rip == entry) return {};  // a static program
  std::array<uint8_t, 1> text{};
  if (!tracee.read(entry, text) || !tracee.write(entry, kBreakpoint))
    return failed(system_error("set a breakpoint at the command's entry point", errno, "use --start exec"));
  Arrival arrival = run_to_breakpoint(approach, entry);
  if (arrival == Arrival::ended) return failed(early_end(tracee.tid()));
  if (arrival != Arrival::here) return failed(early(arrival));
  if (!tracee.write(entry, text)) return failed(system_error("remove the breakpoint at the entry point", errno));
  return {};
}

#else

StartOutcome reach_entry(Approach&) {
  return failed(start_error("the entry point cannot be found on aarch64: cordon does so on x86_64",
                            "use --start before-exec, the default"));
}

#endif

// A second thread of the command, without the filter, whose only work is to close the listener there: so
// no answer the policy gives to close(2) can leave the command with its own listener.
class ClosingThread {
 public:
  explicit ClosingThread(Injection& command) : command_(command) {
    constexpr uint64_t kFlags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
    long result = command.call(InjectedCall::clone, {kFlags, 0, 0, 0, 0});
    if (result < 0) error_ = static_cast<int>(-result);
    tid_ = command.new_thread();
    if (tid_ == 0) return;
    (void)Tracee(tid_).wait();  // its first stop
  }
  ClosingThread(const ClosingThread&) = delete;
  ClosingThread& operator=(const ClosingThread&) = delete;
  ~ClosingThread() {
    if (tid_ == 0) return;
    command_.on(Tracee(tid_)).exit_thread();
    command_.is_alone_again();
  }

  bool is_there() const { return tid_ != 0; }
  int error() const { return error_; }
  bool close(int fd) {
    return command_.on(Tracee(tid_)).call(InjectedCall::close, {static_cast<uint64_t>(fd), 0, 0, 0, 0}) == 0;
  }

 private:
  Injection& command_;
  pid_t tid_ = 0;
  int error_ = 0;
};

FailedStep step_of(std::span<const FilterSpec> filters, size_t index, long result) {
  return {.step = LaunchStep::filter,
          .error = static_cast<int>(result < 0 ? -result : ESRCH),
          .filter = static_cast<uint32_t>(index),
          .filter_count = static_cast<uint32_t>(filters.size()),
          .filter_size = static_cast<uint32_t>(filters[index].program.size()),
          .path = {},
          .what = {},
          .is_confined = false};
}

long install(Injection& injection, const FilterSpec& filter, uint64_t flags) {
  auto insns = filter.program.insns();
  auto bytes = std::span(reinterpret_cast<const uint8_t*>(insns.data()), insns.size_bytes());
  uint64_t program = injection.place_program(bytes);
  if (program == 0) return -EFAULT;
  return injection.call(InjectedCall::seccomp, {SECCOMP_SET_MODE_FILTER, flags, program, 0, 0});
}

// Of one thread, whatever the spec says: the closing thread has to stay without the filter.
long install_listening(Injection& injection, const FilterSpec& filter) {
  constexpr uint64_t kSync = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
  uint64_t flags = (filter.flags & ~kSync) | SECCOMP_FILTER_FLAG_NEW_LISTENER;
  long result = install(injection, filter, flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
  return result == -EINVAL ? install(injection, filter, flags) : result;
}

Result<Done> install_all(Injection& injection, std::span<const FilterSpec> filters, bool many_threads) {
  // The others mean nothing without a listener, and the kernel refuses one of them then.
  constexpr uint64_t kOfListener = SECCOMP_FILTER_FLAG_TSYNC_ESRCH | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
  constexpr uint64_t kTaken = SECCOMP_FILTER_FLAG_TSYNC | kOfListener;
  for (size_t i = 0; i < filters.size(); ++i) {
    uint64_t sync = many_threads ? SECCOMP_FILTER_FLAG_TSYNC : 0;
    long result = install(injection, filters[i], (filters[i].flags & ~kTaken) | sync);
    if (result != 0) return install_error(step_of(filters, i, result));
  }
  return Done{};
}

// A listener was asked for and cannot be had: nothing may ask then, as the kernel would answer ENOSYS.
Result<Confined> install_unheard(Injection& injection, const ConfineRequest& request, bool many_threads,
                                 std::string why) {
  std::vector<FilterSpec> made;
  std::span<const FilterSpec> filters = request.filters;
  if (request.filters_without_listener) {
    CORDON_TRY(unasking, request.filters_without_listener());
    made = std::move(unasking);
    filters = made;
  }
  CORDON_TRY(done, install_all(injection, filters, many_threads));
  (void)done;
  Confined confined;
  confined.note = "errno denials are not explained: " + std::move(why);
  return confined;
}

// pidfd_getfd(2) asks as ptrace(2) does.
std::string taking_cure(int error) {
  switch (error) {
    case EPERM:
      return "without CAP_SYS_PTRACE the command may not have become another user or keep more capabilities than "
             "cordon has: use --start before-exec or --no-listener";
    case ENOSYS: return "pidfd_getfd(2) came with Linux 5.6, or a filter above this process denies it";
    case EMFILE: return "the limit nofile leaves cordon no descriptor";
    default: return {};
  }
}

Result<Confined> install_with_listener(Injection& injection, const ConfineRequest& request) {
  Confined confined;
  ClosingThread closer(injection);
  if (!closer.is_there())
    return install_unheard(injection, request, false,
                           "the command cannot have a second thread for a moment (" + errno_name(closer.error()) + ")");
  size_t last = request.filters.size() - 1;
  CORDON_TRY(done, install_all(injection, request.filters.first(last), false));
  (void)done;
  long fd = install_listening(injection, request.filters[last]);
  if (fd < 0) return install_error(step_of(request.filters, last, fd));
  int taken = static_cast<int>(syscall(SYS_pidfd_getfd, request.pidfd, fd, 0));
  int error = errno;
  confined.listener.reset(taken);
  if (!closer.close(static_cast<int>(fd))) return start_error("cannot close the command's copy of its listener", {});
  if (taken < 0) return system_error("take the listener from the command", error, taking_cure(error));
  return confined;
}

}  // namespace

uint64_t start_options() {
  return PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
         PTRACE_O_TRACECLONE;
}

StartOutcome reach_start(Approach& approach, StartPoint start) {
  if (!reach_exec_exit(approach.leader())) {
    StartOutcome outcome = failed(start_error("the command was ended before its first instruction", {}));
    outcome.kind = StartOutcome::Kind::never_executed;
    return outcome;
  }
  return start == StartPoint::entry ? reach_entry(approach) : StartOutcome{};
}

Result<Confined> confine(const Tracee& tracee, const ConfineRequest& request) {
  bool many_threads = thread_count(tracee.tid()) > 1;
  if (request.strict && many_threads)
    return start_error("strict mode is for one thread, and the command has several before its entry point",
                       "use --start exec, or -p builtin:strict");
  CORDON_TRY(injection, Injection::begin(tracee));
  Confined confined;
  if (request.strict) {
    long result = injection.call(InjectedCall::prctl, {PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0});
    if (result != 0) return system_error("enter strict mode", static_cast<int>(-result));
  } else if (request.listener && !request.filters.empty()) {
    CORDON_TRY(installed, many_threads ? install_unheard(injection, request, many_threads,
                                                         "the command has several threads before its entry point")
                                       : install_with_listener(injection, request));
    confined = std::move(installed);
  } else {
    CORDON_TRY(done, install_all(injection, request.filters, many_threads));
    (void)done;
  }
  if (!injection.end()) return start_error("the command was ended while its filter was being installed", {});
  return confined;
}

}  // namespace cordon::sandbox
