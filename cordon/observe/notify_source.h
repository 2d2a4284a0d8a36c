// Records a command through seccomp user notification: no privilege, no tracer, every ABI.
//
//   Result<RecordedRun> run = observe::record({.argv = {"ls", "-l"}});
//   run->recording.is_complete(), run->outcome.exit_status()
//
// The command runs under a filter that asks the recorder about each call, whatever its ABI, and the
// recorder answers "run it". The answer uses nothing but the number and the registers, so that it does
// not matter what happens to the caller's memory meanwhile. Children, threads and what they exec are
// under the same filter. A call costs about 2 µs with SYNC_WAKE_UP (6.6), ten times that without.
//
// What it changes for the command: no_new_privs (a set-user-id program runs without its privilege), no
// seccomp listener of its own (EBUSY), and before WAIT_KILLABLE_RECV (5.19) a signal without SA_RESTART
// can turn any call into EINTR. recording.h says what that means for completeness.
//
// The recording ends with the last task, as background processes make calls too: a daemon is recorded
// until SIGINT, SIGTERM or SIGHUP reaches the recorder after the command itself has ended. Then a small
// process stays to answer the rest, and the recording says that it was cut short.
//
// Not seen, as no call is made: what the vDSO answers (clock_gettime, gettimeofday, time, getcpu,
// getrandom). Seen only if it happens: restart_syscall after a stop; learn adds it always.
#pragma once

#include <string>
#include <vector>

#include "cordon/base/result.h"
#include "cordon/observe/recording.h"
#include "cordon/policy/policy.h"
#include "cordon/sandbox/supervise.h"

namespace cordon {

struct RecordedRun {
  Recording recording;
  Outcome outcome;
};

namespace observe {

struct RecordOptions {
  std::vector<std::string> argv;
  StartPoint start = StartPoint::before_exec;
};

// Fails as sandbox::launch does: "not-found", "not-executable", or why the filter could not be installed.
Result<RecordedRun> record(const RecordOptions& options);

}  // namespace observe
}  // namespace cordon
