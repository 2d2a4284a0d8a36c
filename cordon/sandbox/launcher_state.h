// What a process changes about itself while a command of its own runs, undone when this goes.
//
//   LauncherState state;                 // signals are blocked, an end of the child is not thrown away
//   plan.signal_mask = state.command_mask();
//   state.close();                       // the command cannot open our memory
//   state.hold_signals(forwarded_signals());   // from here to supervise()
//
// It speaks for the process (dispositions, dumpable) and for the calling thread (mask): one at a time.
#pragma once

#include <signal.h>

#include <cstdint>

namespace cordon::sandbox {

class LauncherState {
 public:
  // Blocks every signal: no handler of ours may run in a child that shares our memory. SIGCHLD gets its
  // standard disposition, as an ignored one would reap the command unseen.
  LauncherState();
  LauncherState(const LauncherState&) = delete;
  LauncherState& operator=(const LauncherState&) = delete;
  ~LauncherState();

  // What the command has to find.
  uint64_t command_mask() const { return mask_; }
  bool ignores_child_signal() const;

  // PR_SET_DUMPABLE 0: /proc/PID/mem and ptrace(2) are refused to whom CAP_SYS_PTRACE is not given. A child
  // that shares our memory, or copies it, is closed as well until its exec: seize it before.
  void close();
  // Nothing of the command is left that could look into us: the end of this opens us again. Otherwise we stay
  // closed.
  void may_open() { may_open_ = true; }

  // After the clone, which would hand it on: neither a reader that has gone nor a file size limit (SIGXFSZ) may end
  // the supervisor.
  void ignore_write_signals();

  // Of all blocked signals only these stay so; or none that was not before.
  void hold_signals(uint64_t signals);
  void release_signals();

 private:
  uint64_t mask_ = 0;
  bool holds_ = true;
  int dumpable_ = -1;  // before close(); -1: not closed
  bool may_open_ = false;
  bool ignores_write_signals_ = false;
  struct sigaction child_action_ {};
  struct sigaction pipe_action_ {};
  struct sigaction file_limit_action_ {};
};

}  // namespace cordon::sandbox
