// Stays beside a command: answers its notifications, passes signals and job control on, waits.
//
//   Supervision supervision{.calls = {.answer = [](const Notification&) { return Response::run(); }}};
//   Result<Outcome> outcome = sandbox::supervise(std::move(*launched), supervision);
//   return outcome->exit_status();
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "cordon/base/result.h"
#include "cordon/sandbox/answering.h"
#include "cordon/sandbox/holder.h"
#include "cordon/sandbox/late_answers.h"
#include "cordon/sandbox/launch.h"

namespace cordon {

// How a command ended.
struct Outcome {
  bool signaled = false;
  int code = 0;  // exit code, or signal number
  bool core_dumped = false;
  bool timed_out = false;  // its time was up (Supervision::time_limit)

  int exit_status() const { return signaled ? 128 + code : code; }
};

// When it is up the command, and nothing else, is sent SIGTERM (and SIGCONT, so that a stopped one hears it); after the
// grace SIGKILL.
struct TimeLimit {
  int64_t limit_ms = 0;
  int64_t grace_ms = 0;
};

struct Supervision {
  Answering calls;
  std::function<void(const KernelVerdict&)> on_kernel_verdict = {};
  Holding holding = {};  // for what outlives the command
  std::optional<TimeLimit> time_limit = {};
  LateAnswers* late = nullptr;  // to whom `calls` may leave calls, as long as the command lives; the caller's
};

namespace sandbox {

// Ends with the command, however long others of its tree may take.
Result<Outcome> supervise(Launched launched, const Supervision& supervision);

}  // namespace sandbox
}  // namespace cordon
