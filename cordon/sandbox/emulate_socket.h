// Connects and binds internet sockets in a caller's place, from a list of addresses: connect, bind.
//
//   if (is_socket_call(grants, notification.call)) result = emulate_socket(notification, listener, grants);
//
// The address is copied once, judged, and a copy of the caller's descriptor is connected or bound to it. To connect can
// take minutes, so a thread does it; nobody else waits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cordon/sandbox/emulate_open.h"
#include "cordon/sandbox/listener.h"

namespace cordon {

struct SocketGrant {
  std::string address;           // 4 or 16 bytes, as on the wire; empty: any
  std::optional<uint16_t> port;  // none: any
};

struct SocketGrants {
  std::vector<SocketGrant> connect, bind;

  bool any() const { return !connect.empty() || !bind.empty(); }
};

namespace sandbox {

// "127.0.0.1:80", "[::1]:*", "*:443". None: it is no such thing.
std::optional<SocketGrant> read_socket_grant(const std::string& text);

bool is_socket_call(const SocketGrants& grants, const Call& call);
Emulated emulate_socket(const Notification& notification, Listener& listener, const SocketGrants& grants);

// Before this process leaves its listener to another: what still connects gets EINTR.
void give_up_connecting();

}  // namespace sandbox
}  // namespace cordon
