#include "cordon/sandbox/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace cordon {
namespace {

// Linux 6.6; not in older headers.
constexpr unsigned long kSetFlags = _IOW('!', 4, uint64_t);
constexpr unsigned long kSyncWakeUp = 1;

// A newer kernel may copy more than our headers know.
size_t notification_bytes() {
  seccomp_notif_sizes sizes{};
  size_t known = sizeof(seccomp_notif);
  if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) != 0) return known;
  return std::max<size_t>(known, sizes.seccomp_notif);
}

// The flags are looked at before the program, which there is none of. Every listener of cordon's has the flag then.
bool knows_wait_killable() {
  constexpr unsigned kWaitKillable = 32;
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER | kWaitKillable, nullptr) !=
             0 &&
         errno == EFAULT;
}

Notification convert(const seccomp_notif& raw) {
  Notification notification{.id = raw.id, .tid = static_cast<pid_t>(raw.pid), .call = {}};
  notification.call.nr = static_cast<uint32_t>(raw.data.nr);
  notification.call.audit_arch = raw.data.arch;
  notification.call.instruction_pointer = raw.data.instruction_pointer;
  std::copy(std::begin(raw.data.args), std::end(raw.data.args), notification.call.args.begin());
  return notification;
}

// A call that goes away before it is read is common; a filter above that answers poll(2) or ioctl(2) in the
// kernel's place does so every time.
constexpr unsigned kMostFutile = 10000;

short poll_events(int fd, int timeout_ms) {
  pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
  const int count = poll(&entry, 1, timeout_ms);
  if (count < 0) return errno == EINTR ? short{0} : short{POLLNVAL};
  return count > 0 ? entry.revents : short{0};
}

}  // namespace

Listener::Listener(Fd fd)
    : fd_(std::move(fd)), is_killable_only_(knows_wait_killable()), buffer_((notification_bytes() + 7) / 8) {}

std::optional<Notification> Listener::receive() { return take(poll_events(fd_.get(), -1)); }

// RECV blocks even where poll said there was something, if that call has gone away meanwhile and the
// kernel does not say ENOENT (before 6.11): so nothing may lie between the poll and RECV.
std::optional<Notification> Listener::take(short events) {
  if ((events & (POLLNVAL | POLLERR)) != 0) error_ = EBADF;
  if (++futile_ > kMostFutile && (events & POLLHUP) == 0) error_ = EIO;
  if ((events & POLLIN) == 0) return std::nullopt;
  std::fill(buffer_.begin(), buffer_.end(), 0);  // EINVAL otherwise (5.5)
  if (ioctl(fd_.get(), SECCOMP_IOCTL_NOTIF_RECV, buffer_.data()) != 0) {
    if (errno != ENOENT && errno != EINTR) error_ = errno;
    return std::nullopt;
  }
  seccomp_notif raw;
  std::memcpy(&raw, buffer_.data(), sizeof raw);
  if (raw.id == 0 && raw.data.arch == 0) return std::nullopt;  // not filled: somebody else has answered
  futile_ = 0;
  return convert(raw);
}

bool Listener::respond(uint64_t id, const Response& response) {
  seccomp_notif_resp raw{};
  raw.id = id;
  switch (response.kind) {
    case Response::Kind::run: raw.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE; break;
    // The kernel takes a negative errno; a positive one would be a value.
    case Response::Kind::fail: raw.error = -response.error; break;
    case Response::Kind::value: raw.val = response.value; break;
    case Response::Kind::kill:
    case Response::Kind::later: return false;
  }
  int result = 0;
  do result = ioctl(fd_.get(), SECCOMP_IOCTL_NOTIF_SEND, &raw);
  while (result != 0 && errno == EINTR);
  // ENOENT: the call is gone; EINPROGRESS: answered already.
  if (result != 0 && errno != ENOENT && errno != EINPROGRESS) error_ = errno;
  return result == 0;
}

// Giving and answering in one step is what the kernel offers for this, but where the supervisor is stopped meanwhile
// (job control) it answers 0 and gives nothing: seccomp_notify_addfd leaves the call REPLIED, until 7.3. In two steps a
// signal to the caller must not come between: from 5.19 on only fatal ones do.
int Listener::inject(uint64_t id, int fd, bool closes_on_exec) {
  constexpr uint32_t kSend = 2;  // Linux 5.14; not in older headers
  seccomp_notif_addfd raw{};
  raw.id = id;
  raw.flags = is_killable_only_ ? 0 : kSend;
  raw.srcfd = static_cast<uint32_t>(fd);
  raw.newfd_flags = closes_on_exec ? O_CLOEXEC : 0;
  int result = 0;
  do result = ioctl(fd_.get(), SECCOMP_IOCTL_NOTIF_ADDFD, &raw);
  while (result < 0 && errno == EINTR);
  if (result < 0) return errno;
  return !is_killable_only_ || respond(id, Response::returns(result)) ? 0 : ENOENT;
}

bool Listener::is_valid(uint64_t id) const { return ioctl(fd_.get(), SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0; }

bool Listener::is_finished() const { return (poll_events(fd_.get(), 0) & POLLHUP) != 0; }

bool Listener::has_waiting() const { return (poll_events(fd_.get(), 0) & POLLIN) != 0; }

bool Listener::enable_sync_wake_up() { return ioctl(fd_.get(), kSetFlags, kSyncWakeUp) == 0; }

}  // namespace cordon
