// Stays beside a command: answers its notifications, passes signals and job control on, waits.
//
//   Supervision supervision{.answer = [&](const Notification& n) { return Response::run(); }};
//   Result<Outcome> outcome = sandbox::supervise(std::move(*launched), supervision);
//   return outcome->exit_status();
#pragma once

#include <functional>

#include "cordon/base/result.h"
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

struct Supervision {
  // Answers a notified call; on the supervisor's own thread, one at a time.
  std::function<Response(const Notification&)> answer;
  std::function<void(const KernelVerdict&)> on_kernel_verdict;
};

namespace sandbox {

Result<Outcome> supervise(Launched launched, const Supervision& supervision);

}  // namespace sandbox
}  // namespace cordon
