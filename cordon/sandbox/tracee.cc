#include "cordon/sandbox/tracee.h"

#include <errno.h>
#include <signal.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace cordon::sandbox {
namespace {

constexpr uint64_t kSignalSetBytes = 8;

// Addresses and numbers go through the same pointer-sized parameter.
void* word(uint64_t value) { return reinterpret_cast<void*>(value); }

bool is_stopping(int signal) {
  return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

}  // namespace

Stop Stop::from_status(int status) {
  if (!WIFSTOPPED(status)) return {};
  int event = status >> 16;
  int signal = WSTOPSIG(status);
  if (event == PTRACE_EVENT_STOP && is_stopping(signal)) return {Kind::group, signal, event};
  if (event != 0) return {Kind::event, signal, event};
  if (signal == (SIGTRAP | 0x80)) return {Kind::syscall, 0, 0};
  return {Kind::signal, signal, 0};
}

int Tracee::seize(uint64_t options) const {
  return ptrace(PTRACE_SEIZE, tid_, nullptr, word(options)) == 0 ? 0 : errno;
}

int Tracee::set_options(uint64_t options) const {
  return ptrace(PTRACE_SETOPTIONS, tid_, nullptr, word(options)) == 0 ? 0 : errno;
}

void Tracee::resume(int signal) const { ptrace(PTRACE_CONT, tid_, nullptr, word(static_cast<uint64_t>(signal))); }

void Tracee::resume_to_syscall(int signal) const {
  ptrace(PTRACE_SYSCALL, tid_, nullptr, word(static_cast<uint64_t>(signal)));
}

void Tracee::stay_stopped() const { ptrace(PTRACE_LISTEN, tid_, nullptr, nullptr); }

int Tracee::detach() const { return ptrace(PTRACE_DETACH, tid_, nullptr, nullptr) == 0 ? 0 : errno; }

Stop Tracee::wait() const {
  // A look first: an exit is left to whoever reaps the command.
  siginfo_t info{};
  while (waitid(P_PID, static_cast<id_t>(tid_), &info, WEXITED | WSTOPPED | WNOWAIT | __WALL) != 0)
    if (errno != EINTR) return {};
  if (info.si_code == CLD_EXITED || info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED) return {};
  int status = 0;
  if (waitpid(tid_, &status, __WALL | WNOHANG | WUNTRACED) != tid_) return {};
  return Stop::from_status(status);
}

// The kernel sends the signal in the tracee's own name only where it stops at a call or at a signal. Nothing may run on
// whose next stop would not be seen: it may have no filter yet.
bool Tracee::end() const {
  constexpr useconds_t kPauseUs = 500;
  constexpr int kTries = 4000;  // two seconds
  constexpr uint64_t kOptions = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD;
  bool is_stopped = set_options(kOptions) == 0;
  if (!is_stopped && ptrace(PTRACE_INTERRUPT, tid_, nullptr, nullptr) != 0) return false;
  for (int tries = 0; tries < kTries; ++tries) {
    siginfo_t info{};
    if (waitid(P_PID, static_cast<id_t>(tid_), &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL) != 0) {
      if (errno == EINTR) continue;
      return errno == ECHILD;
    }
    if (info.si_pid == 0 && tries == 0 && is_stopped) resume_to_syscall(0);
    if (info.si_pid == 0) {
      usleep(kPauseUs);
      continue;
    }
    const Stop stop = wait();
    if (stop.kind == Stop::Kind::gone) return true;
    if (!is_stopped) is_stopped = set_options(kOptions) == 0;
    if (stop.kind == Stop::Kind::syscall || stop.kind == Stop::Kind::signal)
      resume(SIGKILL);
    else
      resume_to_syscall(0);
  }
  return false;
}

uint64_t Tracee::event_message() const {
  unsigned long message = 0;
  ptrace(PTRACE_GETEVENTMSG, tid_, nullptr, &message);
  return message;
}

std::optional<user_regs_struct> Tracee::registers() const {
  user_regs_struct registers{};
  iovec vector{&registers, sizeof registers};
  constexpr uint64_t kGeneralRegisters = 1;  // NT_PRSTATUS
#if defined(__x86_64__)
  // GETREGSET would give a 32-bit task's registers in their own layout.
  (void)vector;
  (void)kGeneralRegisters;
  if (ptrace(PTRACE_GETREGS, tid_, nullptr, &registers) != 0) return std::nullopt;
#else
  if (ptrace(PTRACE_GETREGSET, tid_, word(kGeneralRegisters), &vector) != 0) return std::nullopt;
#endif
  return registers;
}

bool Tracee::set_registers(const user_regs_struct& registers) const {
  user_regs_struct copy = registers;
#if defined(__x86_64__)
  return ptrace(PTRACE_SETREGS, tid_, nullptr, &copy) == 0;
#else
  iovec vector{&copy, sizeof copy};
  return ptrace(PTRACE_SETREGSET, tid_, word(1), &vector) == 0;
#endif
}

std::optional<uint64_t> Tracee::signal_mask() const {
  uint64_t mask = 0;
  if (ptrace(PTRACE_GETSIGMASK, tid_, word(kSignalSetBytes), &mask) != 0) return std::nullopt;
  return mask;
}

bool Tracee::set_signal_mask(uint64_t mask) const {
  return ptrace(PTRACE_SETSIGMASK, tid_, word(kSignalSetBytes), &mask) == 0;
}

bool Tracee::read(uint64_t address, std::span<uint8_t> bytes) const {
  for (size_t done = 0; done < bytes.size();) {
    uint64_t at = address + done;
    uint64_t offset = at % sizeof(long);
    errno = 0;
    long value = ptrace(PTRACE_PEEKDATA, tid_, word(at - offset), nullptr);
    if (errno != 0) return false;
    size_t count = std::min(sizeof value - offset, bytes.size() - done);
    std::memcpy(bytes.data() + done, reinterpret_cast<char*>(&value) + offset, count);
    done += count;
  }
  return true;
}

bool Tracee::write(uint64_t address, std::span<const uint8_t> bytes) const {
  iovec from{const_cast<uint8_t*>(bytes.data()), bytes.size()};
  iovec to{word(address), bytes.size()};
  if (process_vm_writev(tid_, &from, 1, &to, 1, 0) == static_cast<ssize_t>(bytes.size())) return true;
  for (size_t done = 0; done < bytes.size();) {
    uint64_t at = address + done;
    uint64_t offset = at % sizeof(long);
    errno = 0;
    long value = ptrace(PTRACE_PEEKDATA, tid_, word(at - offset), nullptr);
    if (errno != 0) return false;
    size_t count = std::min(sizeof value - offset, bytes.size() - done);
    std::memcpy(reinterpret_cast<char*>(&value) + offset, bytes.data() + done, count);
    if (ptrace(PTRACE_POKEDATA, tid_, word(at - offset), value) != 0) return false;
    done += count;
  }
  return true;
}

}  // namespace cordon::sandbox
