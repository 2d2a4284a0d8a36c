#include "cordon/sandbox/emulation.h"

namespace cordon::sandbox {

bool emulates(const Emulation& emulation, const Call& call) {
  return (emulation.opens.any() && is_open(call)) || is_socket_call(emulation.sockets, call);
}

Emulated emulate(const Notification& notification, Listener& listener, const Emulation& emulation) {
  if (is_socket_call(emulation.sockets, notification.call))
    return emulate_socket(notification, listener, emulation.sockets);
  return emulate_open(notification, listener, emulation.opens);
}

}  // namespace cordon::sandbox
