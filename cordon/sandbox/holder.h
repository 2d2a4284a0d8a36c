// Goes on answering for what a command has left running when it ended.
//
//   if (!listener.is_finished()) sandbox::leave_holder(listener, answering);
//
// A small process in a session of its own, no child of the caller, with nothing open but the listener and the
// one descriptor it is given to keep; it ends with the last filtered task. A daemon keeps its errno that way;
// without it every notified call would get ENOSYS.
#pragma once

#include <functional>

#include "cordon/sandbox/answering.h"
#include "cordon/sandbox/listener.h"

namespace cordon {

struct Holding {
  int kept = -1;  // a descriptor for Answering::on_answered; it stays open in the holder
  // In the holder, once, before the first answer: the number `kept` has there. The holder has one thread, whatever
  // the caller had.
  std::function<void(int)> on_start = {};
  std::function<void()> on_end = {};  // in the holder, last
};

namespace sandbox {

// False: no process could be made.
bool leave_holder(Listener& listener, const Answering& calls, const Holding& holding = {});

}  // namespace sandbox
}  // namespace cordon
