#include "cordon/sandbox/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <utility>

#include "cordon/base/json_writer.h"
#include "cordon/base/text.h"
#include "cordon/sandbox/child_process.h"

namespace cordon::sandbox {
namespace {

constexpr const char* kOciVersion = "1.1.0";  // of the runtime specification
constexpr int kPatienceS = 10;

std::string quoted(const std::string& text) { return "'" + base::printable(text) + "'"; }

std::string process_state(pid_t pid, const Handover& handover) {
  JsonWriter json;
  json.begin_object().key("ociVersion").value(kOciVersion);
  json.key("fds").begin_array().value("seccompFd").end_array();
  json.key("pid").value(pid).key("metadata").value(handover.metadata);
  json.key("state").begin_object().key("ociVersion").value(kOciVersion);
  json.key("id").value("cordon-" + std::to_string(pid)).key("status").value("creating");
  json.key("pid").value(pid).key("bundle").value(handover.directory).end_object().end_object();
  return std::move(json).take();
}

// The first byte that goes carries the descriptor. An errno, or 0.
int send_with(int peer, int fd, std::string_view text) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)] = {};
  iovec bytes{const_cast<char*>(text.data()), text.size()};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof fd);
  std::memcpy(CMSG_DATA(head), &fd, sizeof fd);
  while (bytes.iov_len > 0) {
    pollfd entry{.fd = peer, .events = POLLOUT, .revents = 0};
    const int ready = poll(&entry, 1, kPatienceS * 1000);
    if (ready == 0) return ETIMEDOUT;
    const ssize_t sent = ready < 0 ? -1 : sendmsg(peer, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EINTR && errno != EAGAIN) return errno;
    if (sent <= 0) continue;
    bytes.iov_base = static_cast<char*>(bytes.iov_base) + sent;
    bytes.iov_len -= static_cast<size_t>(sent);
    message.msg_control = nullptr;
    message.msg_controllen = 0;
  }
  return 0;
}

}  // namespace

Result<Fd> connect_to_answerer(const std::string& path) {
  const auto refused = [&](int error) {
    const char* cure = error == ENOENT || error == ECONNREFUSED ? "nobody listens there" : "";
    return system_error("connect to the listener socket " + quoted(path), error, cure);
  };
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return refused(ENAMETOOLONG);
  std::memcpy(address.sun_path, path.data(), path.size());
  Fd peer(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!peer) return refused(errno);
  const timeval patience{.tv_sec = kPatienceS, .tv_usec = 0};
  setsockopt(peer.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);  // of connect(2) too
  if (connect(peer.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return refused(errno);
  return peer;
}

Result<Done> check_answerer(int fd) {
  const std::string what = "use descriptor " + std::to_string(fd) + " to hand the listener over";
  int domain = 0, type = 0;
  socklen_t size = sizeof domain;
  if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0 ||
      getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0)
    return system_error(what, errno, errno == EBADF ? "it is not open here" : "it has to be a UNIX socket");
  if (domain != AF_UNIX || type == SOCK_DGRAM) return system_error(what, EINVAL, "it has to be a UNIX stream socket");
  sockaddr_un peer{};
  size = sizeof peer;
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0)
    return system_error(what, errno, "it has to be connected");
  if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return system_error(what, errno);
  return Done{};
}

Result<Done> hand_over(Launched& launched, int peer, const Handover& handover) {
  const int error =
      launched.listener ? send_with(peer, launched.listener->fd(), process_state(launched.pid, handover)) : ENOENT;
  launched.listener.reset();
  if (error == 0) return Done{};
  return destroyed(launched, system_error("hand the listener over", error));
}

}  // namespace cordon::sandbox
