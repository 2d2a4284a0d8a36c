#include "cordon/sandbox/exit_tracer.h"

#include <elf.h>
#include <errno.h>
#include <linux/audit.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <iterator>

#include "cordon/sandbox/process_info.h"

namespace cordon::sandbox {
namespace {

constexpr int kSysSeccomp = 1;  // si_code SYS_SECCOMP

enum class Culprit : uint8_t { no, perhaps, yes };

#if defined(__x86_64__)

// struct ptrace_syscall_info up to what every stop has (5.3); glibc's own declaration clashes with the
// kernel's header.
struct SyscallInfoHead {
  uint8_t op = 0;
  uint8_t pad[3]{};
  uint32_t arch = 0;
  uint64_t instruction_pointer = 0;
  uint64_t stack_pointer = 0;
};

// The kernel says by which door the thread came in: int 0x80 in a 64-bit program does not show in cs.
uint32_t audit_arch(pid_t tid, const user_regs_struct& registers) {
  SyscallInfoHead info;
  constexpr auto kGetSyscallInfo = static_cast<__ptrace_request>(0x420e);
  if (ptrace(kGetSyscallInfo, tid, reinterpret_cast<void*>(sizeof info), &info) > 0) return info.arch;
  return registers.cs == 0x23 ? AUDIT_ARCH_I386 : AUDIT_ARCH_X86_64;
}

// What tells the killed thread from those that die along with it: its result register. A kill of the
// process puts the number back (syscall_rollback). A kill of one thread leaves the -ENOSYS of the entry, and so
// does a call that was answered so.
Culprit culprit_of(const user_regs_struct& registers) {
  auto number = static_cast<int64_t>(registers.orig_rax);
  auto result = static_cast<int64_t>(registers.rax);
  if (number == -1) return Culprit::no;
  if (result == number) return Culprit::yes;
  return result == -ENOSYS ? Culprit::perhaps : Culprit::no;
}

#endif

// Nothing to wait for is no failure: somebody else has reaped it.
bool failed(ExitTracer::Events& events) {
  if (errno != EINTR && errno != ECHILD) events.error = errno;
  return false;
}

bool is_known_exit(int code) { return code == CLD_EXITED || code == CLD_KILLED || code == CLD_DUMPED; }

}  // namespace

#if defined(__x86_64__)

std::optional<Call> call_of(const Tracee& tracee) {
  auto registers = tracee.registers();
  if (!registers) return std::nullopt;
  Call call;
  call.nr = static_cast<uint32_t>(registers->orig_rax);
  call.audit_arch = audit_arch(tracee.tid(), *registers);
  call.instruction_pointer = registers->rip;
  if (call.audit_arch == AUDIT_ARCH_I386)
    call.args = {registers->rbx, registers->rcx, registers->rdx, registers->rsi, registers->rdi, registers->rbp};
  else
    call.args = {registers->rdi, registers->rsi, registers->rdx, registers->r10, registers->r8, registers->r9};
  return call;
}

static Culprit culprit_of(const Tracee& tracee) {
  auto registers = tracee.registers();
  return registers ? culprit_of(*registers) : Culprit::no;
}

#else

std::optional<Call> call_of(const Tracee& tracee) {
  auto registers = tracee.registers();
  if (!registers) return std::nullopt;
  Call call;
  call.nr = static_cast<uint32_t>(registers->regs[8]);
  call.audit_arch = AUDIT_ARCH_AARCH64;
  call.instruction_pointer = registers->pc;
  for (size_t i = 0; i < call.args.size(); ++i) call.args[i] = registers->regs[i];
  return call;
}

// Nothing in the registers tells the threads of a killed process apart here.
static Culprit culprit_of(const Tracee&) { return Culprit::perhaps; }

#endif

uint64_t ExitTracer::options() {
  return PTRACE_O_TRACEEXIT | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
}

ExitTracer::Events ExitTracer::pump() {
  Events events;
  while (next_event(events)) {
  }
  return events;
}

// A child of the caller that is not ours may be waiting too; it must not be reaped, and hides the rest:
// then every tracee is asked by its number.
bool ExitTracer::next_event(Events& events) {
  siginfo_t info{};
  if (waitid(P_ALL, 0, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL | __WNOTHREAD) != 0)
    return failed(events);
  if (info.si_pid == 0) return false;
  bool is_command_end = info.si_pid == options_.command && is_known_exit(info.si_code);
  if (is_command_end) events.ended = true;
  bool is_ours = info.si_code == CLD_TRAPPED || info.si_code == CLD_STOPPED || tracees_.contains(info.si_pid);
  if (is_ours && !is_command_end) return take(info.si_pid, events);
  bool any = false;
  for (pid_t tid : std::vector<pid_t>(tracees_.begin(), tracees_.end()))
    any = (tid != options_.command || !events.ended) && take(tid, events) ? true : any;
  return any;
}

bool ExitTracer::take(pid_t tid, Events& events) {
  siginfo_t info{};
  if (waitid(P_PID, static_cast<id_t>(tid), &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL) != 0) {
    if (errno == ECHILD) tracees_.erase(tid);
    return failed(events);
  }
  if (info.si_pid == 0) return false;
  if (tid == options_.command && is_known_exit(info.si_code)) {
    events.ended = true;
    return false;
  }
  int status = 0;
  if (waitpid(tid, &status, WNOHANG | WUNTRACED | __WALL) != tid) return failed(events);
  Stop stop = Stop::from_status(status);
  if (stop.kind == Stop::Kind::gone) {
    tracees_.erase(tid);
    trapped_.erase(tid);
  } else {
    tracees_.insert(tid);
    handle(tid, stop, events);
  }
  return true;
}

void ExitTracer::handle(pid_t tid, const Stop& stop, Events& events) {
  Tracee tracee(tid);
  switch (stop.kind) {
    case Stop::Kind::group:
      if (tid == options_.command) events.stop_signal = stop.signal;
      tracee.stay_stopped();
      return;
    case Stop::Kind::signal: handle_signal(tracee, stop.signal, events); return;
    case Stop::Kind::event:
      if (stop.event == PTRACE_EVENT_EXIT) handle_exit(tracee, events);
      if (stop.event == PTRACE_EVENT_FORK || stop.event == PTRACE_EVENT_VFORK || stop.event == PTRACE_EVENT_CLONE)
        tracees_.insert(static_cast<pid_t>(tracee.event_message()));
      break;
    default: break;
  }
  tracee.resume(0);
}

void ExitTracer::handle_signal(const Tracee& tracee, int signal, Events& events) {
  siginfo_t info{};
  bool is_trap =
      signal == SIGSYS && ptrace(PTRACE_GETSIGINFO, tracee.tid(), nullptr, &info) == 0 && info.si_code == kSysSeccomp;
  if (is_trap) {
    auto call = call_of(tracee);
    // A handler may have looked at the registers of an earlier trap; the signal itself names this call.
    if (call) call->nr = static_cast<uint32_t>(info.si_syscall), call->audit_arch = info.si_arch;
    events.verdicts.push_back({.source = KernelVerdict::Source::tracer,
                               .pid = thread_group(tracee.tid()),
                               .tid = tracee.tid(),
                               .command = thread_name(tracee.tid()),
                               .call_known = call.has_value(),
                               .args_known = call.has_value(),
                               .is_certain = true,
                               .call = call.value_or(Call{}),
                               .signal = SIGSYS,
                               .is_trap = true,
                               .trace_refused = false,
                               .site = call ? code_site(tracee.tid(), call->instruction_pointer) : std::string()});
    if (call) trapped_[tracee.tid()] = *call;
  }
  tracee.resume(signal);
}

void ExitTracer::handle_exit(const Tracee& tracee, Events& events) {
  int signal = static_cast<int>(tracee.event_message() & 0x7f);
  bool by_filter = signal == SIGSYS;
  bool by_strict_mode = options_.strict && signal == SIGKILL;
  const Culprit culprit = by_filter || by_strict_mode ? culprit_of(tracee) : Culprit::no;
  if (culprit == Culprit::no) return;
  // The default action of a trap ends the process with the registers of the trap, which is known already.
  pid_t pid = thread_group(tracee.tid());
  auto call = call_of(tracee);
  auto trap = trapped_.find(tracee.tid());
  if (!call || (trap != trapped_.end() && trap->second == *call)) return;
  events.verdicts.push_back({.source = KernelVerdict::Source::tracer,
                             .pid = pid,
                             .tid = tracee.tid(),
                             .command = thread_name(tracee.tid()),
                             .call_known = true,
                             .args_known = true,
                             .is_certain = culprit == Culprit::yes,
                             .call = *call,
                             .signal = signal,
                             .is_trap = false,
                             .trace_refused = false,
                             .site = code_site(tracee.tid(), call->instruction_pointer)});
}

// A parent waiting in vfork(2), or a task that waits for a device, does not stop for us: the rest is not kept
// waiting for it.
void ExitTracer::detach_all() {
  constexpr useconds_t kPauseUs = 200;
  constexpr int kTries = 250;  // 50 ms
  tracees_.erase(options_.command);
  for (pid_t tid : tracees_) ptrace(PTRACE_INTERRUPT, tid, nullptr, nullptr);
  for (int tries = 0; tries < kTries && !tracees_.empty(); ++tries) {
    if (tries > 0) usleep(kPauseUs);
    for (auto tracee = tracees_.begin(); tracee != tracees_.end();)
      tracee = try_detach(*tracee) ? tracees_.erase(tracee) : std::next(tracee);
    tracees_.insert(born_.begin(), born_.end());
    born_.clear();
  }
  tracees_.clear();
}

// False: it has not stopped yet.
bool ExitTracer::try_detach(pid_t tid) {
  int status = 0;
  pid_t result = waitpid(tid, &status, WNOHANG | WUNTRACED | __WALL);
  if (result == 0 || (result < 0 && errno == EINTR)) return false;
  if (result != tid || !WIFSTOPPED(status)) return true;
  Stop stop = Stop::from_status(status);
  bool has_child =
      stop.kind == Stop::Kind::event &&
      (stop.event == PTRACE_EVENT_FORK || stop.event == PTRACE_EVENT_VFORK || stop.event == PTRACE_EVENT_CLONE);
  if (has_child) born_.push_back(static_cast<pid_t>(Tracee(tid).event_message()));
  int signal = stop.kind == Stop::Kind::signal ? stop.signal : 0;
  ptrace(PTRACE_DETACH, tid, nullptr, reinterpret_cast<void*>(static_cast<uint64_t>(signal)));
  return true;
}

}  // namespace cordon::sandbox
