#include "cordon/sandbox/holder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <initializer_list>
#include <utility>
#include <vector>

#include "cordon/base/fd.h"
#include "cordon/sandbox/process_info.h"
#include "cordon/sandbox/signals.h"

namespace cordon::sandbox {
namespace {

// close_range(2), or one by one before 5.9: those that are open, as the limit may be 2^30. Without /proc the first
// 1024 have to do.
void close_from(int first) {
  constexpr int kUsualLimit = 1024;
  if (syscall(SYS_close_range, static_cast<unsigned>(first), ~0U, 0) == 0) return;
  std::vector<int> open = own_descriptors();
  if (open.empty())
    for (int fd = first; fd < kUsualLimit; ++fd) open.push_back(fd);
  for (int fd : open)
    if (fd >= first) close(fd);
}

constexpr int kListener = 3, kKept = 4;

// The listener becomes descriptor 3, what is kept 4, all above goes.
Listener keep_only(int listener, int& kept) {
  // Either may be any of those numbers itself, where the caller was started without standard descriptors.
  int moved = fcntl(listener, F_DUPFD_CLOEXEC, kKept + 1);
  int moved_kept = kept >= 0 ? fcntl(kept, F_DUPFD_CLOEXEC, kKept + 1) : -1;
  if (moved < 0) _exit(1);
  int null = open("/dev/null", O_RDWR);
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (dup2(null, fd) < 0) close(fd);
  dup3(moved, kListener, O_CLOEXEC);
  kept = moved_kept >= 0 ? dup3(moved_kept, kKept, O_CLOEXEC) : -1;
  close_from(kept >= 0 ? kKept + 1 : kListener + 1);
  return Listener(Fd(kListener));
}

[[noreturn]] void hold(int listener, const Answering& calls, const Holding& holding) {
  setsid();
  // Signals meant for the command's terminal or group no longer reach it; a polite end would break the
  // tasks that are left, and so would a write that fails.
  for (int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGXFSZ}) ::signal(signal, SIG_IGN);
  set_signal_mask(0);
  if (chdir("/") != 0) _exit(1);
  int kept = holding.kept;
  Listener own = keep_only(listener, kept);
  own.enable_sync_wake_up();
  if (holding.on_start) holding.on_start(kept);
  Responder(own, calls).answer_all();
  if (holding.on_end) holding.on_end();
  _exit(0);
}

}  // namespace

// The holder is made by a child that ends at once: it is nobody's to wait for but the first process's.
bool leave_holder(Listener& listener, const Answering& calls, const Holding& holding) {
  constexpr int kMade = 0, kNotMade = 1;
  pid_t child = fork();
  if (child < 0) return false;
  if (child == 0) {
    pid_t holder = fork();
    if (holder == 0) hold(listener.fd(), calls, holding);
    _exit(holder > 0 ? kMade : kNotMade);
  }
  int status = 0;
  pid_t result = 0;
  do result = waitpid(child, &status, 0);
  while (result < 0 && errno == EINTR);
  return result != child || (WIFEXITED(status) && WEXITSTATUS(status) == kMade);
}

}  // namespace cordon::sandbox
