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
#include "cordon/sandbox/notifier.h"

namespace cordon {

// How a command ended.
struct Outcome {
  bool signaled = false;
  int code = 0;  // exit code, or signal number
  bool core_dumped = false;

  int exit_status() const { return signaled ? 128 + code : code; }
};

struct Supervision {
  // Answers a notified call; on the supervisor's own thread, one at a time. It decides and does nothing else:
  // meanwhile the call waits, and every other one.
  std::function<Response(const Notification&)> answer;
  std::function<void(const KernelVerdict&)> on_kernel_verdict = {};
  // Before that answer is given: is anything to be said about the caller? Looking at it costs several times the
  // answer, so a call that repeats should not want it. May be empty: always, if there is on_answered.
  std::function<bool(const Notification&)> wants_notifier = {};
  // After an answer of `answer` was taken to a call that is news, with what was seen of the thread while it
  // waited. On the same thread, so it must not wait for anybody either. May be empty.
  std::function<void(const Notification&, sandbox::Notifier)> on_answered = {};
  // Before that answer is given, with the file the caller's program was started from: is the call worth more words
  // (sandbox/holder.h)? May be empty: always, but without the place of the call.
  std::function<bool(const Notification&, const std::string& executable)> is_news = {};
  // For what outlives the command (sandbox/holder.h): a descriptor on_answered needs, and what it does with it in
  // the process that goes on answering, at its start and at its end.
  int kept = -1;
  std::function<void(int)> on_hold = {};
  std::function<void()> on_hold_end = {};
};

namespace sandbox {

// Ends with the command, however long others of its tree may take.
Result<Outcome> supervise(Launched launched, const Supervision& supervision);

}  // namespace sandbox
}  // namespace cordon
