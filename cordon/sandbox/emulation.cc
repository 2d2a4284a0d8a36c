#include "cordon/sandbox/emulation.h"

namespace cordon::sandbox {

bool emulates(const Emulation& emulation, const Call& call) { return emulation.opens.any() && is_open(call); }

Emulated emulate(const Notification& notification, Listener& listener, const Emulation& emulation) {
  return emulate_open(notification, listener, emulation.opens);
}

}  // namespace cordon::sandbox
