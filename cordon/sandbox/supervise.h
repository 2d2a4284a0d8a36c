// Stays beside a command: answers its notifications, passes signals and job control on, waits.
//
//   Supervision supervision{.answer = [&](const Notification& n) { return Response::run(); }};
//   Result<Outcome> outcome = sandbox::supervise(std::move(*launched), supervision);
//   return outcome->exit_status();
#pragma once

#include <functional>
#include <string>

#include "cordon/base/result.h"
#include "cordon/policy/action.h"
#include "cordon/policy/call.h"
#include "cordon/sandbox/launch.h"
#include "cordon/sandbox/listener.h"

namespace cordon {

// How a command ended.
struct Outcome {
  bool signaled = false;
  int code = 0;  // exit code, or signal number
  bool core_dumped = false;

  int exit_status() const { return signaled ? 128 + code : code; }
};

// A call the kernel answered by a kill or a trap, as far as it could be found out.
struct KernelVerdict {
  enum class Source : uint8_t { tracer, audit, signal };
  Source source = Source::signal;
  pid_t pid = 0;
  pid_t tid = 0;          // 0: not known (audit records name the process only)
  std::string command;    // the thread's name
  bool call_known = false;  // Source::signal: no number at all
  bool args_known = false;  // Source::audit: no arguments
  Call call;
  int signal = 0;         // SIGSYS, or SIGKILL for strict mode
  bool is_trap = false;   // delivered as a signal the program may handle
};

struct Supervision {
  // Answers a notified call; on the supervisor's own thread, one at a time.
  std::function<Response(const Notification&)> answer;
  std::function<void(const KernelVerdict&)> on_kernel_verdict;
};

namespace sandbox {

Result<Outcome> supervise(Launched launched, const Supervision& supervision);

}  // namespace sandbox
}  // namespace cordon
