// A sandbox that is made once, and from then on only forks: namespaces, limits, capabilities, Landlock and filters are
// there already when a command starts.
//
//   Result<ReadySandbox> ready = ReadySandbox::make(spec);            // the spec's argv is not looked at
//   Result<Started> one = ready->start({.path = "/bin/ls", .argv = {"ls", "-l"}});
//   Result<Started> two = ready->call(work, &data);                   // no exec: a function of this program
//   waitid(P_PIDFD, one->pidfd.get(), &info, WEXITED | __WALL);
//
// What is started is a child of the calling process. The sandbox ends with the object; what it started goes on, but in
// a pid namespace of its own, which ends with it. One thread at a time may start something.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/base/fd.h"
#include "cordon/base/result.h"
#include "cordon/sandbox/launch.h"

namespace cordon {

namespace sandbox {
class ReadyArena;
}

struct ReadyStart {
  std::string path = {};  // of the program, in the sandbox's tree
  std::vector<std::string> argv = {};
  std::optional<std::vector<std::string>> environment = {};  // "NAME=VALUE"; not given: the caller's
  std::optional<std::string> directory = {};                 // in the sandbox's tree; not given: the sandbox's
  bool may_lack_directory = false;                           // then it starts in "/"
  std::vector<int> descriptors = {0, 1, 2};                  // its 0, 1, … in this order, 16 at most; -1: closed
  uint64_t signal_mask = 0;                                  // bit N - 1: signal N
  bool has_own_session = false;
  std::optional<mode_t> umask = {};  // not given: the sandbox's
};

struct Started {
  pid_t pid = 0;
  Fd pidfd;
};

class ReadySandbox {
 public:
  // Errors where a step of the launch failed, or where a process that waits without its filters could be reached by
  // what it starts (refused_calls() and CAP_SYS_PTRACE). StartPoint::before_exec only; no listener, no tracer.
  // `ends_with_thread`: the sandbox ends when the calling thread does, by SIGKILL too; without, a stopped one stays.
  static Result<ReadySandbox> make(const LaunchSpec& spec, bool ends_with_thread = false);
  ReadySandbox(ReadySandbox&&) noexcept;
  ReadySandbox& operator=(ReadySandbox&&) noexcept;
  // Waits for the end of its process: a second at most, see end().
  ~ReadySandbox();

  // Calls the sandbox needs for itself and the filters do not allow. Where there are some the filters are attached to
  // each process as it starts, and a start takes so much longer.
  const std::vector<std::string_view>& refused_calls() const { return refused_calls_; }

  // The program runs when this returns, or there is an error: "not-found", "not-executable" or another.
  // "sandbox-ended": nothing was begun, and another sandbox can be asked; "start-interrupted": something may have run.
  Result<Started> start(const ReadyStart& what);
  // A copy of this process as it was when the sandbox was made runs the function; its result is the exit status, 127
  // where it could not be called. Only one thread is there, and no other thread's locks are ever let go.
  Result<Started> call(int (*function)(void*), void* argument, const std::vector<int>& descriptors = {0, 1, 2});

  // Ends its process; nothing can be started any more. False: that is not over yet. In a pid namespace it takes until
  // all that was started has been reaped, by who has started it: reap, and call again.
  bool end();

  // Readable, without anything to read, when the sandbox has ended, and -1 after a start that was not answered:
  // nothing can be started any more. A child of this process may be left that nobody has been told of.
  int socket() const { return socket_.get(); }

 private:
  ReadySandbox();
  Result<Started> order(const std::vector<int>& descriptors);
  Diagnostic end_unanswered();

  std::unique_ptr<sandbox::ReadyArena> arena_;
  Launched launched_;
  Fd socket_;
  std::vector<std::string_view> refused_calls_;
};

}  // namespace cordon
