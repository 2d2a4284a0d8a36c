// A tracer that looks at exits only: which call was it that the kernel killed a thread for?
//
//   ExitTracer tracer({.command = pid});        // seized with ExitTracer::options()
//   for (const KernelVerdict& verdict : tracer.pump().verdicts) …
//
// Calls run at full speed; a stop costs some 30 us at each fork, thread start, exit and signal. A kill by
// a filter cannot be caught, so it shows as an exit with SIGSYS whose registers still hold the call; a
// trap shows as a signal on its way. Every signal and stop is passed on unchanged. All work is done by the
// thread that seized.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "cordon/sandbox/kernel_verdict.h"
#include "cordon/sandbox/tracee.h"

namespace cordon::sandbox {

class ExitTracer {
 public:
  struct Options {
    pid_t command = 0;
    bool strict = false;  // a kill by SIGKILL may be mode 1's
  };
  struct Events {
    std::vector<KernelVerdict> verdicts;
    bool ended = false;   // the command; not reaped
    int stop_signal = 0;  // the command was stopped by it
    int error = 0;        // why the tracees cannot be waited for
  };

  explicit ExitTracer(Options options) : options_(options) { tracees_.insert(options.command); }

  static uint64_t options();

  // Handles every stop there is now; never waits.
  Events pump();
  // Lets every task that is left go its own way. One that does not stop within 50 ms (the parent of a vfork
  // whose child takes long) stays attached until the calling thread ends.
  void detach_all();

 private:
  bool next_event(Events& events);
  bool take(pid_t tid, Events& events);
  bool try_detach(pid_t tid);
  void handle(pid_t tid, const Stop& stop, Events& events);
  void handle_exit(const Tracee& tracee, Events& events);
  void handle_signal(const Tracee& tracee, int signal, Events& events);

  Options options_;
  std::unordered_set<pid_t> tracees_;
  std::vector<pid_t> born_;                  // while detaching
  std::unordered_map<pid_t, Call> trapped_;  // each thread's last trap
};

// The call a stopped thread's registers hold; no value where they hold none.
std::optional<Call> call_of(const Tracee& tracee);

}  // namespace cordon::sandbox
