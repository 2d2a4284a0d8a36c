#include "cordon/sandbox/injection.h"

#include <errno.h>
#include <linux/filter.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "cordon/sandbox/process_info.h"

namespace cordon::sandbox {
namespace {

#if defined(__x86_64__)

constexpr uint64_t kCompatCodeSegment = 0x23;  // __USER32_CS
constexpr uint64_t kRedZone = 128;
constexpr std::array<uint8_t, 2> kSyscall{0x0f, 0x05};
constexpr std::array<uint8_t, 2> kInt80{0xcd, 0x80};

struct Numbers {
  uint64_t native;
  uint64_t i386;
};

Numbers numbers_of(InjectedCall which) {
  switch (which) {
    case InjectedCall::seccomp: return {SYS_seccomp, 354};
    case InjectedCall::prctl: return {SYS_prctl, 172};
    case InjectedCall::clone: return {SYS_clone, 120};
    case InjectedCall::close: return {SYS_close, 6};
    case InjectedCall::exit: return {SYS_exit, 1};
    case InjectedCall::exit_group: return {SYS_exit_group, 252};
  }
  return {SYS_exit, 1};
}

user_regs_struct call_registers(const user_regs_struct& saved, bool compat, InjectedCall which,
                                const std::array<uint64_t, 5>& args) {
  user_regs_struct registers = saved;
  Numbers numbers = numbers_of(which);
  registers.orig_rax = ~uint64_t{0};  // no call is being restarted
  registers.rax = compat ? numbers.i386 : numbers.native;
  if (compat) {
    registers.rbx = args[0], registers.rcx = args[1], registers.rdx = args[2];
    registers.rsi = args[3], registers.rdi = args[4];
  } else {
    registers.rdi = args[0], registers.rsi = args[1], registers.rdx = args[2];
    registers.r10 = args[3], registers.r8 = args[4];
  }
  return registers;
}

#endif

}  // namespace

#if defined(__x86_64__)

namespace {

// Nothing is taken. A tracee that cannot be waited for has news, too.
bool look(pid_t tid, siginfo_t& info) {
  return waitid(P_PID, static_cast<id_t>(tid), &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL) == 0;
}

bool has_news(pid_t tid) {
  siginfo_t info{};
  return look(tid, info) ? info.si_pid != 0 : errno != EINTR;
}

bool has_ended(pid_t tid) {
  siginfo_t info{};
  return look(tid, info) && (info.si_code == CLD_EXITED || info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED);
}

}  // namespace

Result<Injection> Injection::begin(const Tracee& tracee) {
  Injection injection(tracee);
  auto registers = tracee.registers();
  auto mask = tracee.signal_mask();
  if (!registers || !mask) return system_error("read the command's registers", ESRCH);
  injection.saved_ = *registers;
  injection.saved_mask_ = *mask;
  injection.compat_ = registers->cs == kCompatCodeSegment;
  injection.has_company_ = thread_count(tracee.tid()) > 1;
  const auto& instruction = injection.compat_ ? kInt80 : kSyscall;
  if (!tracee.read(registers->rip, injection.saved_text_) || !tracee.write(registers->rip, instruction) ||
      !tracee.set_signal_mask(~uint64_t{0}))
    return system_error("write to the command's memory", errno);
  return injection;
}

// The end of a process's first thread is told when all others have been reaped, and it is their tracer who has to:
// so where there are such, nobody may wait for the first alone.
Stop Injection::wait() const {
  if (!has_company_) return tracee_.wait();
  constexpr int kAtOnce = 200;  // tries that only make room for others; a call takes a few
  constexpr useconds_t kPauseUs = 50;
  for (int tries = 0;; ++tries) {
    if (has_news(tracee_.tid())) return tracee_.wait();
    if (tries < kAtOnce) {
      sched_yield();
      continue;
    }
    for (const pid_t tid : threads_of(tracee_.tid()))
      if (tid != tracee_.tid() && has_ended(tid)) waitpid(tid, nullptr, __WALL | WNOHANG);
    usleep(kPauseUs);
  }
}

// From here to the next system call stop. Everything else that may come between is passed over: a stop
// request is kept for the end.
bool Injection::step(uint64_t& created) {
  tracee_.resume_to_syscall(0);
  for (;;) {
    Stop stop = wait();
    if (stop.kind == Stop::Kind::gone) return false;
    if (stop.kind == Stop::Kind::syscall) return true;
    if (stop.kind == Stop::Kind::event && stop.event == PTRACE_EVENT_CLONE) created = tracee_.event_message();
    if (stop.kind == Stop::Kind::signal && stop.signal == SIGSTOP) stop_requested_ = true;
    tracee_.resume_to_syscall(0);
  }
}

long Injection::call(InjectedCall which, std::array<uint64_t, 5> args) {
  if (!tracee_.set_registers(call_registers(saved_, compat_, which, args))) return -ESRCH;
  uint64_t created = 0;
  if (which == InjectedCall::clone) has_company_ = true;
  if (!step(created) || !step(created)) return -ESRCH;
  new_thread_ = static_cast<pid_t>(created);
  if (which == InjectedCall::clone) has_company_ = created != 0;
  auto registers = tracee_.registers();
  if (!registers) return -ESRCH;
  auto result = static_cast<int64_t>(registers->rax);
  return compat_ ? static_cast<int32_t>(result) : result;
}

uint64_t Injection::place_program(std::span<const uint8_t> insns) {
  constexpr uint64_t kHeaderBytes = 16;
  uint64_t address = (saved_.rsp - kRedZone - kHeaderBytes - insns.size()) & ~uint64_t{15};
  std::vector<uint8_t> bytes(kHeaderBytes + insns.size());
  auto count = static_cast<uint16_t>(insns.size() / sizeof(sock_filter));
  uint64_t pointer = address + kHeaderBytes;
  std::memcpy(bytes.data(), &count, sizeof count);
  // struct sock_fprog: 16 bytes with the pointer at 8; for a 32-bit program 8 bytes with the pointer at 4.
  if (compat_) {
    auto pointer32 = static_cast<uint32_t>(pointer);
    std::memcpy(bytes.data() + 4, &pointer32, sizeof pointer32);
  } else {
    std::memcpy(bytes.data() + 8, &pointer, sizeof pointer);
  }
  std::memcpy(bytes.data() + kHeaderBytes, insns.data(), insns.size());
  return tracee_.write(address, bytes) ? address : 0;
}

Injection Injection::on(const Tracee& thread) const {
  Injection other(thread);
  other.saved_ = saved_;
  other.saved_text_ = saved_text_;
  other.compat_ = compat_;
  return other;
}

void Injection::exit_thread() {
  if (tracee_.set_registers(call_registers(saved_, compat_, InjectedCall::exit, {0}))) tracee_.resume(0);
  int status = 0;
  while (waitpid(tracee_.tid(), &status, __WALL) == tracee_.tid() && WIFSTOPPED(status)) tracee_.resume(0);
}

bool Injection::leave(int status) {
  if (!tracee_.set_registers(
          call_registers(saved_, compat_, InjectedCall::exit_group, {static_cast<uint64_t>(status)})))
    return false;
  tracee_.resume_to_syscall(0);
  return true;
}

bool Injection::end() {
  user_regs_struct registers = saved_;
  registers.orig_rax = ~uint64_t{0};
  bool restored = tracee_.write(saved_.rip, saved_text_) && tracee_.set_registers(registers) &&
                  tracee_.set_signal_mask(saved_mask_);
  if (restored && stop_requested_ && tracee_.tid() > 1) kill(tracee_.tid(), SIGSTOP);
  return restored;
}

#else

Result<Injection> Injection::begin(const Tracee&) {
  Diagnostic diagnostic;
  diagnostic.code = "start-point";
  diagnostic.message = "cannot make the command install its filter itself on aarch64: cordon does so on x86_64";
  diagnostic.hint = "use --start before-exec, the default";
  return diagnostic;
}
bool Injection::step(uint64_t&) { return false; }
Stop Injection::wait() const { return {}; }
long Injection::call(InjectedCall, std::array<uint64_t, 5>) { return -ENOSYS; }
uint64_t Injection::place_program(std::span<const uint8_t>) { return 0; }
Injection Injection::on(const Tracee& thread) const { return Injection(thread); }
void Injection::exit_thread() {}
bool Injection::leave(int) { return false; }
bool Injection::end() { return false; }

#endif

}  // namespace cordon::sandbox
