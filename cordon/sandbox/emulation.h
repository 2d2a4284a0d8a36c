// What a supervisor does in a caller's place, where letting the kernel run the call would decide nothing: the kernel
// reads memory anew that another thread may have changed.
//
//   if (emulates(emulation, notification.call)) Emulated result = emulate(notification, listener, emulation);
#pragma once

#include <string>
#include <vector>

#include "cordon/sandbox/emulate_open.h"
#include "cordon/sandbox/emulate_socket.h"

namespace cordon {

struct Emulation {
  OpenGrants opens;

  SocketGrants sockets;
  std::vector<std::string> nodes;  // where devices may be made, as in OpenGrants

  bool any() const { return opens.any() || sockets.any() || !nodes.empty(); }
};

namespace sandbox {

bool emulates(const Emulation& emulation, const Call& call);
Emulated emulate(const Notification& notification, Listener& listener, const Emulation& emulation);

}  // namespace sandbox
}  // namespace cordon
