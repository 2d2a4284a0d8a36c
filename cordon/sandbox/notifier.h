// The thread behind a notification: what /proc says of it, and its end.
//
//   carry_out(listener, notification, Response::kills());
//
// A thread's number may be another's as soon as it has ended, so what is read of it counts only if the call still waits
// afterwards (NOTIF_ID_VALID). The executable costs a readlink, its name an open; neither waits for the thread. The
// site costs some 50 us.
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

// Answers the call; Kind::kill ends its process, or, if it cannot be ended, lets the call fail with EPERM. False:
// the call is gone.
bool carry_out(Listener& listener, const Notification& notification, const Response& response);

}  // namespace cordon::sandbox
