#include "cordon/sandbox/caller_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "cordon/sandbox/open_wish.h"
#include "cordon/sandbox/process_info.h"
#include "cordon/sandbox/target_memory.h"

namespace cordon::sandbox {

CallerAddress read_address(const Notification& notification) {
  const uint32_t length = static_cast<uint32_t>(notification.call.args[2]);
  CallerAddress address;
  const auto failed = [&](int error) { return address.error = error, address; };
  if (length > sizeof address.storage) return failed(EINVAL);
  const auto bytes = read_bytes(notification.tid, pointer_of(notification.call, 1), length);
  if (!bytes) return failed(EFAULT);
  std::memcpy(&address.storage, bytes->data(), bytes->size());
  address.length = length;
  const auto take = [&](const void* of, size_t count, in_port_t port) {
    address.bytes.assign(static_cast<const char*>(of), count);
    address.port = ntohs(port);
    return address;
  };
  if (address.storage.ss_family == AF_INET && length >= sizeof(sockaddr_in)) {
    const auto& internet = reinterpret_cast<const sockaddr_in&>(address.storage);
    return take(&internet.sin_addr, sizeof internet.sin_addr, internet.sin_port);
  }
  if (address.storage.ss_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
    const auto& internet = reinterpret_cast<const sockaddr_in6&>(address.storage);
    return take(&internet.sin6_addr, sizeof internet.sin6_addr, internet.sin6_port);
  }
  return failed(EACCES);
}

Fd copy_socket(pid_t tid, int fd) {
  constexpr unsigned kThread = O_EXCL;  // PIDFD_THREAD
  Fd process(static_cast<int>(syscall(SYS_pidfd_open, tid, kThread)));
  if (!process) process.reset(static_cast<int>(syscall(SYS_pidfd_open, thread_group(tid), 0)));
  return Fd(static_cast<int>(syscall(SYS_pidfd_getfd, process.get(), fd, 0)));
}

}  // namespace cordon::sandbox
