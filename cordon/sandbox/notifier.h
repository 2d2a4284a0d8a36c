// The thread behind a notification: what /proc says of it, and its end.
//
//   Notifier who = look_at(listener, notification);       // while the call waits
//   listener.respond(notification.id, response);
//   std::string site = who.code_site(instruction_pointer); // later, at leisure
//
// A thread's number may be another's as soon as it has ended, so everything read is thrown away unless the call
// still waits afterwards (NOTIF_ID_VALID). Costs three opens, none of which waits for the thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "cordon/base/fd.h"
#include "cordon/sandbox/listener.h"

namespace cordon::sandbox {

struct Notifier {
  std::string command;     // the thread's name; empty if it is not known
  std::string executable;  // the file its program was started from
  Fd maps;                 // of the memory it had then: nothing can be read of it after an exec

  std::string code_site(uint64_t address) const;
};

Notifier look_at(const Listener& listener, const Notification& notification);

// Answers the call; Kind::kill ends its process, or, if it cannot be ended, lets the call fail with EPERM. False:
// the call is gone.
bool carry_out(Listener& listener, const Notification& notification, const Response& response);

}  // namespace cordon::sandbox
