// Makes files that are no regular ones in a caller's place, in listed directories: mknod, mknodat.
//
//   if (is_mknod(notification.call)) result = emulate_mknod(notification, listener, {"/srv/root/dev"});
//
// Devices that do no harm: null, zero, full, random, urandom, tty; and pipes, sockets and empty files. All others are
// refused, wherever they are to be made.
#pragma once

#include <string>
#include <vector>

#include "cordon/sandbox/emulate_open.h"
#include "cordon/sandbox/listener.h"

namespace cordon::sandbox {

bool is_mknod(const Call& call);

// `places` are real paths, as in OpenGrants.
Emulated emulate_mknod(const Notification& notification, Listener& listener, const std::vector<std::string>& places);

}  // namespace cordon::sandbox
