#include "cordon/sandbox/holder.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <initializer_list>

#include "cordon/base/fd.h"
#include "cordon/sandbox/signals.h"

namespace cordon::sandbox {
namespace {

// close_range(2), or one by one before 5.9.
void close_from(unsigned first) {
  if (syscall(SYS_close_range, first, ~0U, 0) == 0) return;
  for (long fd = first, end = sysconf(_SC_OPEN_MAX); fd < end; ++fd) close(static_cast<int>(fd));
}

// The listener becomes descriptor 3, all above goes.
Listener keep_only(int listener) {
  constexpr int kKept = 3;
  // It may be any of the first three itself, where the caller was started without them.
  int moved = fcntl(listener, F_DUPFD_CLOEXEC, kKept + 1);
  if (moved < 0) _exit(1);
  int null = open("/dev/null", O_RDWR);
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (dup2(null, fd) < 0) close(fd);
  dup3(moved, kKept, O_CLOEXEC);
  close_from(kKept + 1);
  return Listener(Fd(kKept));
}

}  // namespace

void answer_all(Listener& listener, const Answer& answer) {
  while (!listener.is_finished() && listener.error() == 0)
    if (auto notification = listener.receive()) listener.respond(notification->id, answer(*notification));
}

bool leave_holder(Listener& listener, const Answer& answer) {
  pid_t pid = fork();
  if (pid != 0) return pid > 0;
  setsid();
  // Signals meant for the command's terminal or group no longer reach it; a polite end would break the
  // tasks that are left.
  set_signal_mask(0);
  for (int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM}) ::signal(signal, SIG_IGN);
  if (chdir("/") != 0) _exit(1);
  Listener own = keep_only(listener.fd());
  own.enable_sync_wake_up();
  answer_all(own, answer);
  _exit(0);
}

}  // namespace cordon::sandbox
