#include "cordon/sandbox/emulate_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "cordon/abi/syscalls.h"
#include "cordon/sandbox/caller_socket.h"

namespace cordon::sandbox {
namespace {

constexpr size_t kMostConnecting = 256;

bool covers(const std::vector<SocketGrant>& list, const CallerAddress& address) {
  return std::ranges::any_of(list, [&](const SocketGrant& grant) {
    return (grant.address.empty() || grant.address == address.bytes) && (!grant.port || *grant.port == address.port);
  });
}

// Calls that connect, by the kernel's number, with the listener to answer them by. A thread that finds its call gone
// from here has nothing to answer.
struct Connecting {
  std::mutex mutex;
  std::map<uint64_t, std::shared_ptr<Listener>> calls;

  std::shared_ptr<Listener> take(uint64_t id) {
    const std::lock_guard lock(mutex);
    const auto found = calls.find(id);
    if (found == calls.end()) return nullptr;
    std::shared_ptr<Listener> listener = std::move(found->second);
    calls.erase(found);
    return listener;
  }
};

Connecting* all_connecting = nullptr;  // threads may outlive everything else

// Who goes on with the listener after a fork(2) has none of these threads, and what they have locked stays locked.
Connecting& connecting() {
  if (all_connecting != nullptr) return *all_connecting;
  static const int kRegistered = pthread_atfork(nullptr, nullptr, [] { all_connecting = nullptr; });
  (void)kRegistered;
  all_connecting = new Connecting;
  return *all_connecting;
}

struct Work {
  uint64_t id = 0;
  Fd socket;
  CallerAddress address;
};

void* connect_one(void* argument) {
  const std::unique_ptr<Work> work(static_cast<Work*>(argument));
  const auto* address = reinterpret_cast<const sockaddr*>(&work->address.storage);
  const int result = connect(work->socket.get(), address, work->address.length);
  const Response response = result == 0 ? Response::returns(0) : Response::fail(errno);
  if (const std::shared_ptr<Listener> listener = connecting().take(work->id)) listener->respond(work->id, response);
  return nullptr;
}

// Its signals are read by the supervisor itself.
bool start_thread(std::unique_ptr<Work> work) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  const bool is_started = pthread_create(&thread, &attributes, connect_one, work.get()) == 0;
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (is_started) (void)work.release();
  return is_started;
}

Emulated connect_later(const Notification& notification, Listener& listener, Fd socket, const CallerAddress& address) {
  {
    const std::lock_guard lock(connecting().mutex);
    if (connecting().calls.size() >= kMostConnecting) return {Response::fail(EAGAIN)};
    Fd own(fcntl(listener.fd(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    if (!own) return {Response::fail(EAGAIN)};
    connecting().calls[notification.id] = std::make_shared<Listener>(std::move(own));
  }
  if (start_thread(std::make_unique<Work>(Work{notification.id, std::move(socket), address})))
    return {Response::later()};
  connecting().take(notification.id);
  return {Response::fail(EAGAIN)};
}

}  // namespace

std::optional<SocketGrant> read_socket_grant(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  std::string address = text.substr(0, colon);
  const std::string port = text.substr(colon + 1);
  SocketGrant grant;
  if (port != "*") {
    uint16_t number = 0;
    const char* last = port.data() + port.size();
    const auto [end, error] = std::from_chars(port.data(), last, number);
    if (error != std::errc() || end != last) return std::nullopt;
    grant.port = number;
  }
  if (address == "*") return grant;
  const bool is_bracketed = address.size() > 2 && address.front() == '[' && address.back() == ']';
  if (is_bracketed) address = address.substr(1, address.size() - 2);
  char bytes[sizeof(in6_addr)];
  if (inet_pton(is_bracketed ? AF_INET6 : AF_INET, address.c_str(), bytes) != 1) return std::nullopt;
  grant.address.assign(bytes, is_bracketed ? sizeof(in6_addr) : sizeof(in_addr));
  return grant;
}

bool is_socket_call(const SocketGrants& grants, const Call& call) {
  const std::string_view name = abi::name_of_call(call.audit_arch, call.nr);
  return (name == "connect" && !grants.connect.empty()) || (name == "bind" && !grants.bind.empty());
}

Emulated emulate_socket(const Notification& notification, Listener& listener, const SocketGrants& grants) {
  const bool connects = abi::name_of_call(notification.call.audit_arch, notification.call.nr) == "connect";
  const CallerAddress address = read_address(notification);
  Fd socket = copy_socket(notification.tid, static_cast<int>(notification.call.args[0]));
  const int error = socket ? 0 : errno;
  // From here on: it was all the caller's.
  if (!listener.is_valid(notification.id)) return {Response::fail(EINTR)};
  if (address.error != 0) return {Response::fail(address.error), address.error == EACCES};
  if (!covers(connects ? grants.connect : grants.bind, address)) return {Response::fail(EACCES), true};
  if (error != 0) return {Response::fail(error == EBADF ? EBADF : EACCES)};
  int domain = 0;
  socklen_t size = sizeof domain;
  if (getsockopt(socket.get(), SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0) return {Response::fail(ENOTSOCK)};
  // An address means something else to a socket of another family.
  if (domain != address.storage.ss_family) return {Response::fail(EAFNOSUPPORT)};
  if (connects) return connect_later(notification, listener, std::move(socket), address);
  const int result = bind(socket.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.length);
  return {result == 0 ? Response::returns(0) : Response::fail(errno)};
}

void give_up_connecting() {
  std::map<uint64_t, std::shared_ptr<Listener>> left;
  {
    const std::lock_guard lock(connecting().mutex);
    left.swap(connecting().calls);
  }
  for (const auto& [id, listener] : left) listener->respond(id, Response::fail(EINTR));
}

}  // namespace cordon::sandbox
