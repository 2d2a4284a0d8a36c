#include "cordon/sandbox/supervise.h"

#include <errno.h>
#include <poll.h>
#include <sys/wait.h>

#include "cordon/sandbox/preparation.h"

namespace cordon::sandbox {
namespace {

void answer_one(Listener& listener, const Supervision& supervision) {
  if (auto notification = listener.receive()) listener.respond(notification->id, supervision.answer(*notification));
}

}  // namespace

Result<Outcome> supervise(Launched launched, const Supervision& supervision) {
  if (launched.listener) launched.listener->enable_sync_wake_up();
  for (;;) {
    pollfd entries[2] = {{launched.pidfd.get(), POLLIN, 0},
                         {launched.listener ? launched.listener->fd() : -1, POLLIN, 0}};
    if (poll(entries, 2, -1) < 0) continue;
    if ((entries[1].revents & POLLIN) != 0) answer_one(*launched.listener, supervision);
    if ((entries[0].revents & POLLIN) != 0) break;
  }
  std::optional<Diagnostic> failure;
  if (launched.exec_pending) failure = launch_failure(launched);
  int status = 0;
  while (waitpid(launched.pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (failure) return *failure;
  if (WIFSIGNALED(status)) return Outcome{true, WTERMSIG(status), WCOREDUMP(status)};
  return Outcome{false, WEXITSTATUS(status), false};
}

}  // namespace cordon::sandbox
