// A command's tasks on the way to its start point: what happens there before the filter.
//
//   Approach approach({.command = pid, .pidfd = pidfd});     // seized with start_options(), past its exec
//   Approach::Event event = approach.next();                 // a signal of the first thread, or an end
//   approach.hold_threads();                                 // nothing of it runs
//   approach.let_threads_go();                               // or abandon()
//
// Threads are followed. A new process is an event: it would never get the filter. It is stopped at its
// birth, unless it was cloned with CLONE_UNTRACED. Costs two stops for each thread. Nothing here waits for one
// task alone: a thread that executes another program waits itself until its tracer has taken the ends of the
// others.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <vector>

#include "cordon/sandbox/tracee.h"

namespace cordon::sandbox {

class Approach {
 public:
  struct Options {
    pid_t command = 0;
    // With it the caller's signals are passed on to the command, and it stops along with the command at a
    // terminal. The signals have to be blocked.
    int pidfd = -1;
  };
  enum class Kind { signal, ended, executed, new_process };
  struct Event {
    Kind kind = Kind::ended;
    int signal = 0;  // about to be delivered to the first thread, which waits to be resumed
  };

  explicit Approach(Options options);  // its first thread is stopped

  Tracee leader() const { return Tracee(options_.command); }
  Event next();  // the first thread was resumed

  enum class Held { all, new_process, executed, ended, busy };
  // Nothing of the command runs any more, if `all`. busy: a thread does not stop (it waits for a process it has
  // started unseen, say).
  Held hold_threads();
  void let_threads_go();
  // Ends everything that was traced but the first thread's remains, which its parent reaps.
  void abandon();
  // The same, but the command leaves by exit_group(2) with this status, where it can still be made to. Its
  // parent is another process.
  void abandon_with(int status);

 private:
  struct Task {
    bool is_stopped = false;
    bool is_in_call = false;  // the stop lies within a system call
    int signal = 0;           // still to be delivered
  };
  struct TaskStop {
    pid_t tid = 0;
    Stop stop;
  };

  bool look(TaskStop& found);
  void note_birth(pid_t parent);
  bool handle(const TaskStop& found, Event& event);
  std::optional<Held> note_held(const TaskStop& found);
  void find_threads();
  void end_all();
  bool take_ends();
  bool leave_call();
  void wait_for_change();

  Options options_;
  std::map<pid_t, Task> tasks_;
  std::vector<pid_t> processes_;  // never resumed
};

}  // namespace cordon::sandbox
