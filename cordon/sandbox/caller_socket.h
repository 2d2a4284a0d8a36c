// The socket and the address of a waiting connect(2) or bind(2).
//
//   const CallerAddress address = sandbox::read_address(notification);
//   const Fd socket = sandbox::copy_socket(notification.tid, fd);
//   if (!listener.is_valid(notification.id)) …       // it may have been another thread's
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>

#include "cordon/base/fd.h"
#include "cordon/sandbox/listener.h"

namespace cordon::sandbox {

// One copy; all that comes after looks at it.
struct CallerAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
  std::string bytes;  // of an internet address, without its port
  uint16_t port = 0;
  int error = 0;  // EACCES: of another family
};

CallerAddress read_address(const Notification& notification);

// The caller's own descriptor: since Linux 6.9 also of a thread that shares none with its process. Not open, and errno,
// where it cannot be had.
Fd copy_socket(pid_t tid, int fd);

}  // namespace cordon::sandbox
