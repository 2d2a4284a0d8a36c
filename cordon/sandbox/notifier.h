// The thread behind a notification: what /proc says of it, and its end.
//
//   Notifier who = look_at(listener, notification);       // while the call waits
//   who.site = site_of(listener, notification);           // the same, if it is told
//   listener.respond(notification.id, response);
//
// A thread's number may be another's as soon as it has ended, so everything read is thrown away unless the call
// still waits afterwards (NOTIF_ID_VALID). Costs an open and a readlink, which do not wait for the thread; the site
// costs some 50 us.
#pragma once

#include <sys/types.h>

#include <string>

#include "cordon/sandbox/listener.h"

namespace cordon::sandbox {

struct Notifier {
  std::string command;     // the thread's name; empty if it is not known
  std::string executable;  // the file its program was started from
  std::string site;        // where it made the call; empty if nobody has asked
};

Notifier look_at(const Listener& listener, const Notification& notification);

// The place of the call in its file, as code_site() has it.
std::string site_of(const Listener& listener, const Notification& notification);

// Answers the call; Kind::kill ends its process, or, if it cannot be ended, lets the call fail with EPERM. False:
// the call is gone.
bool carry_out(Listener& listener, const Notification& notification, const Response& response);

}  // namespace cordon::sandbox
