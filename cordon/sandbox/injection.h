// System calls made by a stopped tracee, at the instruction it is about to run.
//
//   Result<Injection> injection = Injection::begin(tracee);
//   long result = injection->call(InjectedCall::prctl, {PR_SET_SECCOMP, SECCOMP_MODE_STRICT});
//   injection->end();                     // registers, text and signal mask are as before
//
// The tracee must be stopped on its way to user mode (a system call's exit, a signal). Native and 32-bit
// x86 programs; no signal handler runs meanwhile. Other machines are told that it cannot be done.
#pragma once

#include <sys/user.h>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "cordon/base/result.h"
#include "cordon/sandbox/tracee.h"

namespace cordon::sandbox {

enum class InjectedCall : uint8_t { seccomp, prctl, clone, close, exit, exit_group };

class Injection {
 public:
  static Result<Injection> begin(const Tracee& tracee);

  bool is_compat() const { return compat_; }
  const Tracee& tracee() const { return tracee_; }

  // What the kernel answered (-errno), or -ESRCH if the tracee died. A thread the call created is in
  // `new_thread` (the tracee must have PTRACE_O_TRACECLONE).
  long call(InjectedCall which, std::array<uint64_t, 5> args);
  pid_t new_thread() const { return new_thread_; }

  // Puts a filter where seccomp(2) can read it, below the stack; 0 if there is no room. The address is
  // that of its sock_fprog.
  uint64_t place_program(std::span<const uint8_t> insns);

  // The same place in another thread of the process, which shares the patched text.
  Injection on(const Tracee& thread) const;
  // Makes `thread` leave by exit(2) and waits for its end, which may be behind it.
  void exit_thread();
  // The thread that a call created has been waited for.
  void is_alone_again() { has_company_ = false; }
  // Sends the whole process on its way to exit_group(2), with a stop at the call and, if that comes back, after
  // it. False if the thread cannot be told to.
  bool leave(int status);

  bool end();

 private:
  explicit Injection(const Tracee& tracee) : tracee_(tracee) {}
  bool step(uint64_t& created);
  Stop wait() const;

  Tracee tracee_;
  user_regs_struct saved_{};
  std::array<uint8_t, 2> saved_text_{};
  uint64_t saved_mask_ = 0;
  bool compat_ = false;
  bool stop_requested_ = false;
  bool has_company_ = false;  // by a thread that is traced too
  pid_t new_thread_ = 0;
};

}  // namespace cordon::sandbox
