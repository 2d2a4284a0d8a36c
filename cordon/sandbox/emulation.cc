#include "cordon/sandbox/emulation.h"

#include "cordon/sandbox/emulate_mknod.h"

namespace cordon::sandbox {

bool emulates(const Emulation& emulation, const Call& call) {
  return (emulation.opens.any() && is_open(call)) || is_socket_call(emulation.sockets, call) ||
         (!emulation.nodes.empty() && is_mknod(call));
}

Emulated emulate(const Notification& notification, Listener& listener, const Emulation& emulation) {
  if (is_socket_call(emulation.sockets, notification.call))
    return emulate_socket(notification, listener, emulation.sockets);
  if (is_mknod(notification.call)) return emulate_mknod(notification, listener, emulation.nodes);
  return emulate_open(notification, listener, emulation.opens);
}

}  // namespace cordon::sandbox
