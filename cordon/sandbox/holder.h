// Goes on answering for what a command has left running when it ended.
//
//   if (!listener.is_finished()) sandbox::leave_holder(listener, {.answer = answer});
//
// A small process in a session of its own, no child of the caller, with nothing open but the listener and the
// one descriptor it is given to keep; it ends with the last filtered task. A daemon keeps its errno that way;
// without it every notified call would get ENOSYS.
#pragma once

#include <functional>
#include <optional>

#include "cordon/sandbox/listener.h"
#include "cordon/sandbox/notifier.h"

namespace cordon::sandbox {

using Answer = std::function<Response(const Notification&)>;

struct Holding {
  Answer answer;
  // Before the answer is given: is anything to be said about the caller? Reading who it is costs several times the
  // answer. Empty: always, if there is on_answered.
  std::function<bool(const Notification&)> wants_notifier = {};
  // Before the answer is given, with the file its program was started from: is it worth more words? Then the rest of
  // Notifier is read, the place of the call too: while it waits, and only then, that can be done for sure. Else
  // nothing more is said of the call. Empty: always, but without the place.
  std::function<bool(const Notification&, const std::string& executable)> is_news = {};
  // After each answer that was taken to a call that is news; may be empty.
  std::function<void(const Notification&, Notifier)> on_answered = {};
  int kept = -1;  // a descriptor for on_answered; it stays open in the holder
  // In the holder, once, before the first answer: the number `kept` has there. The holder has one thread, whatever
  // the caller had.
  std::function<void(int)> on_start = {};
  std::function<void()> on_end = {};  // in the holder, last
};

// One call, if there is one.
void answer(Listener& listener, const std::optional<Notification>& notification, const Holding& holding);

// Until nobody can ask any more, or the kernel takes no answers (Listener::error).
void answer_all(Listener& listener, const Holding& holding);

// False: no process could be made.
bool leave_holder(Listener& listener, const Holding& holding);

}  // namespace cordon::sandbox
