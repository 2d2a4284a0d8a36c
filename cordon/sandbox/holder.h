// Goes on answering for what a command has left running when it ended.
//
//   if (!listener.is_finished()) sandbox::leave_holder(listener, answer);
//
// A small process in a session of its own, with nothing open but the listener; it ends with the last
// filtered task. A daemon keeps its errno that way; without it every notified call would get ENOSYS.
#pragma once

#include <functional>

#include "cordon/sandbox/listener.h"

namespace cordon::sandbox {

using Answer = std::function<Response(const Notification&)>;

// Until nobody can ask any more, or the kernel takes no answers (Listener::error).
void answer_all(Listener& listener, const Answer& answer);

// False: no process could be made.
bool leave_holder(Listener& listener, const Answer& answer);

}  // namespace cordon::sandbox
