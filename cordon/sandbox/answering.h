// How a command's notified calls are answered, and what is told of each.
//
//   Responder responder(listener, {.answer = [](const Notification&) { return Response::fail(EPERM); }});
//   responder.answer(listener.receive());
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "cordon/sandbox/listener.h"
#include "cordon/sandbox/notifier.h"

namespace cordon {

// All of it runs on the supervisor's own thread, one call at a time: whatever waits here holds up every other call.
struct Answering {
  // Decides, and does nothing else.
  std::function<Response(const Notification&)> answer;
  // Where that was Response::later(): answers the call itself, or leaves it to LateAnswers, and says later() again; or
  // gives an answer after all. It may read of the thread what it likes, which counts only if Listener::is_valid() says
  // so afterwards. Calls it has taken are not told of (on_answered). Empty: EPERM.
  std::function<Response(const Notification&, Listener&)> take_over = {};
  // Before the answer is given: is anything to be said about the caller? Looking at it costs several times the answer,
  // so a call that repeats should not want it. Empty: always, if there is on_answered.
  std::function<bool(const Notification&)> wants_notifier = {};
  // Before the answer is given, with the file the caller's program was started from: is the call worth more words? Then
  // the rest of Notifier is read, the place of the call too: while it waits, and only then, that can be done for sure.
  // Else nothing more is said of it. Empty: always, but without the place.
  std::function<bool(const Notification&, const std::string& executable)> is_news = {};
  // After each answer that was taken to a call that is news, with what was seen of the thread while it waited.
  std::function<void(const Notification&, sandbox::Notifier)> on_answered = {};
};

namespace sandbox {

class Responder {
 public:
  // Both must outlive it.
  Responder(Listener& listener, const Answering& answering) : listener_(listener), answering_(answering) {}

  // One call, if there is one.
  void answer(const std::optional<Notification>& notification);
  // Until nobody can ask any more, or the kernel takes no answers (Listener::error).
  void answer_all();

 private:
  std::optional<Notifier> look_at(const Notification& notification);
  const std::string& executable_of(pid_t tid);

  Listener& listener_;
  const Answering& answering_;
  // Whose program was looked at last, and when its call was answered.
  pid_t known_tid_ = 0;
  int64_t known_until_ns_ = 0;
  std::string known_executable_;
};

}  // namespace sandbox
}  // namespace cordon
