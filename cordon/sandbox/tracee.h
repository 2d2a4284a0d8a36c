// One traced thread: ptrace(2) in words. All requests must come from the thread that seized.
//
//   Tracee tracee(pid);
//   int error = tracee.seize(PTRACE_O_TRACEEXEC);
//   Stop stop = tracee.wait();          // stop.event == PTRACE_EVENT_EXEC
#pragma once

#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/user.h>

#include <cstdint>
#include <optional>
#include <span>

#include "cordon/policy/call.h"

namespace cordon::sandbox {

// What waitpid(2) says of a tracee.
struct Stop {
  enum class Kind : uint8_t { gone, signal, syscall, event, group };
  Kind kind = Kind::gone;
  int signal = 0;  // signal: to be delivered; group: the stopping one
  int event = 0;   // PTRACE_EVENT_*

  static Stop from_status(int status);
};

class Tracee {
 public:
  explicit Tracee(pid_t tid) : tid_(tid) {}

  pid_t tid() const { return tid_; }

  // 0 or the errno.
  int seize(uint64_t options) const;
  int set_options(uint64_t options) const;
  // Every resumption fails only if the thread was killed meanwhile: the next wait says so.
  void resume(int signal) const;
  void resume_to_syscall(int signal) const;
  void stay_stopped() const;  // PTRACE_LISTEN
  int detach() const;
  // Ends its process though it may not be sent a signal: a tracer lets it kill itself, and it dies with the tracer's
  // thread if not before. False: it is not this thread's tracee, or its stops cannot be seen; then it is not resumed.
  bool end() const;

  Stop wait() const;
  uint64_t event_message() const;

  std::optional<user_regs_struct> registers() const;
  bool set_registers(const user_regs_struct& registers) const;
  std::optional<uint64_t> signal_mask() const;
  bool set_signal_mask(uint64_t mask) const;

  // Text too: the kernel breaks up a shared page for a tracer.
  bool read(uint64_t address, std::span<uint8_t> bytes) const;
  bool write(uint64_t address, std::span<const uint8_t> bytes) const;

 private:
  pid_t tid_;
};

}  // namespace cordon::sandbox
