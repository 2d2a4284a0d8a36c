// The kernel's side of it, for calls that a stop interrupts (Linux 6.12, kernel/signal.c and
// arch/x86/kernel/signal.c): a call answers -ERESTART*, and on the way back to the program the kernel, where no handler
// is to run, makes it again; for -ERESTART_RESTARTBLOCK it makes restart_syscall, which the filters see. Some calls
// answer -EINTR whether there is a handler or not. -ERESTARTNOHAND means: EINTR with a handler, made again without one.
#include "cordon/observe/paused_thread.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "cordon/abi/syscalls.h"

namespace cordon::observe {
namespace {

#if defined(__x86_64__)
constexpr int64_t kRestartNoHandler = -514, kRestartBlock = -516;  // include/linux/errno.h

// These take nothing before they answer EINTR (signal(7)), so that nothing is lost when they are made again.
constexpr std::string_view kWaits[] = {"epoll_wait",
                                       "epoll_pwait",
                                       "epoll_pwait2",
                                       "rt_sigtimedwait",
                                       "semop",
                                       "semtimedop",
                                       "semtimedop_time64",
                                       "io_getevents",
                                       "io_pgetevents",
                                       "io_uring_enter",
                                       "accept",
                                       "accept4",
                                       "connect",
                                       "io_pgetevents_time64",
                                       "rt_sigtimedwait_time64",
                                       "read",
                                       "readv",
                                       "recvfrom",
                                       "recvmsg",
                                       "recvmmsg",
                                       "write",
                                       "writev",
                                       "sendto",
                                       "sendmsg",
                                       "sendmmsg",
                                       "socketcall",
                                       "recvmmsg_time64"};

bool is_wait(Arch arch, uint32_t nr) {
  return std::any_of(std::begin(kWaits), std::end(kWaits),
                     [&](std::string_view name) { return abi::number_of(name, arch) == nr; });
}

// Of the call a thread is in, whatever code made it: 64-bit code can make 32-bit calls. No value before 5.3.
std::optional<uint32_t> audit_arch_of(const sandbox::Tracee& tracee) {
  constexpr auto kGetSyscallInfo = static_cast<__ptrace_request>(0x420e);  // PTRACE_GET_SYSCALL_INFO
  struct Head {                                                            // of struct ptrace_syscall_info
    uint8_t op, pad[3];
    uint32_t arch;
  } head{};
  if (ptrace(kGetSyscallInfo, tracee.tid(), sizeof head, &head) < static_cast<long>(sizeof head)) return std::nullopt;
  return head.arch;
}

// The call a stopped thread is in, and what it is about to answer.
struct Interrupted {
  user_regs_struct registers;
  Call call;
  Arch arch;
  int64_t answer;
};

std::optional<Interrupted> interrupted(const sandbox::Tracee& tracee) {
  const auto registers = tracee.registers();
  if (!registers || static_cast<int64_t>(registers->orig_rax) < 0) return std::nullopt;
  const bool is_32 = audit_arch_of(tracee).value_or(0) == abi::info(Arch::i386).audit_arch;
  Interrupted found{*registers, {}, Arch::x86_64, static_cast<int64_t>(registers->rax)};
  if (is_32) found.arch = Arch::i386, found.answer = static_cast<int32_t>(registers->rax);
  found.call.audit_arch = abi::info(found.arch).audit_arch;
  found.call.nr = static_cast<uint32_t>(registers->orig_rax);
  if (!is_32 && (found.call.nr & abi::kX32Bit) != 0) found.arch = Arch::x32;
  found.call.instruction_pointer = registers->rip;
  found.call.args = {registers->rdi, registers->rsi, registers->rdx, registers->r10, registers->r8, registers->r9};
  if (is_32)
    found.call.args = {registers->rbx, registers->rcx, registers->rdx, registers->rsi, registers->rdi, registers->rbp};
  return found;
}

bool make_again(const sandbox::Tracee& tracee, Interrupted found) {
  found.registers.rax = static_cast<uint64_t>(kRestartNoHandler);
  return tracee.set_registers(found.registers);
}
#endif

}  // namespace

int PausedThread::stop() {
  if (const int error = tracee_.seize(0)) return error;
  if (ptrace(PTRACE_INTERRUPT, tracee_.tid(), nullptr, nullptr) != 0) return errno;
  return wait_until_stopped();
}

int PausedThread::wait_until_stopped() {
  constexpr useconds_t kShortPauseUs = 10, kPauseUs = 200;
  constexpr int kShortTries = 50, kTries = 10'000;  // two seconds
  for (int tries = 0; tries < kTries; ++tries) {
    siginfo_t info{};
    // A look first: an end is left to the thread's parent.
    const int result =
        waitid(P_PID, static_cast<id_t>(tracee_.tid()), &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL);
    if (result != 0 && errno != EINTR) return ESRCH;
    if (result != 0 || info.si_pid == 0) {
      usleep(tries < kShortTries ? kShortPauseUs : kPauseUs);
      continue;
    }
    const sandbox::Stop stop = tracee_.wait();
    if (stop.kind == sandbox::Stop::Kind::gone) return ESRCH;
    is_stopped_ = true;
    is_group_stop_ = stop.kind == sandbox::Stop::Kind::group;
    if (stop.kind == sandbox::Stop::Kind::signal) signal_ = stop.signal;
    return 0;
  }
  return EBUSY;
}

bool PausedThread::avoid_restart(const std::function<bool(const Call&)>& may_run) {
#if defined(__x86_64__)
  if (!is_stopped_ || is_group_stop_) return false;
  const auto found = interrupted(tracee_);
  if (!found || found->answer != kRestartBlock) return false;
  Call restart = found->call;
  const auto number = abi::number_of("restart_syscall", found->arch);
  if (!number) return false;
  restart.nr = *number;
  return !may_run(restart) && make_again(tracee_, *found);
#else
  (void)may_run;
  return false;
#endif
}

// A group stop was not ours: what it does to a call is done already.
void PausedThread::keep_waiting() {
#if defined(__x86_64__)
  if (is_group_stop_) return;
  const auto found = interrupted(tracee_);
  if (found && found->answer == -EINTR && is_wait(found->arch, found->call.nr)) make_again(tracee_, *found);
#endif
}

PausedThread::~PausedThread() {
  if (!is_stopped_) return;
  keep_waiting();
  ptrace(PTRACE_DETACH, tracee_.tid(), nullptr, static_cast<uintptr_t>(signal_));
}

}  // namespace cordon::observe
