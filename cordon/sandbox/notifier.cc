#include "cordon/sandbox/notifier.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cordon/base/fd.h"
#include "cordon/sandbox/process_info.h"

namespace cordon::sandbox {

namespace {

bool kill_process_of(const Listener& listener, const Notification& notification) {
  const pid_t pid = notification.tid > 0 ? thread_group(notification.tid) : 0;
  if (pid <= 1) return false;
  const Fd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  // The number was the caller's while the descriptor was opened: now it cannot mean another.
  if (!process || !listener.is_valid(notification.id)) return false;
  return syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0) == 0;
}

}  // namespace

bool carry_out(Listener& listener, const Notification& notification, const Response& response) {
  if (response.kind != Response::Kind::kill) return listener.respond(notification.id, response);
  if (kill_process_of(listener, notification)) return true;
  return listener.respond(notification.id, Response::fail(EPERM));
}

}  // namespace cordon::sandbox
