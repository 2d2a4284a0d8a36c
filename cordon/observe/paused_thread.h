// A thread of another process, stopped to be looked at, that goes on afterwards as if nobody had.
//
//   PausedThread thread(tid);
//   if (int error = thread.stop()) …            // errno; EBUSY: it does not stop
//   thread.tid() is in a ptrace-stop
//                                               // the destructor lets it go
//
// A stop by job control lasts, and a signal on its way arrives. No SIGSTOP is sent. On x86 calls that a stop would end
// early begin anew; other machines do as the kernel does. A thread that could not be stopped stays attached until
// the calling thread ends.
#pragma once

#include <sys/types.h>

#include <functional>

#include "cordon/policy/call.h"
#include "cordon/sandbox/tracee.h"

namespace cordon::observe {

class PausedThread {
 public:
  explicit PausedThread(pid_t tid) : tracee_(tid) {}
  PausedThread(const PausedThread&) = delete;
  PausedThread& operator=(const PausedThread&) = delete;
  ~PausedThread();

  // 0 or an errno: of the attaching, ESRCH if the thread ended meanwhile, EBUSY if it does not stop within 2 s.
  int stop();
  pid_t tid() const { return tracee_.tid(); }

  // Where the kernel means to continue the call it waits in by restart_syscall and `may_run` refuses that, the call
  // is made to begin anew. True: it was.
  bool avoid_restart(const std::function<bool(const Call&)>& may_run);

 private:
  int wait_until_stopped();
  void keep_waiting();

  sandbox::Tracee tracee_;
  bool is_stopped_ = false;
  bool is_group_stop_ = false;
  int signal_ = 0;  // still to be delivered
};

}  // namespace cordon::observe
