#include "cordon/sandbox/launcher_state.h"

#include <sys/prctl.h>

#include "cordon/sandbox/signals.h"

namespace cordon::sandbox {

LauncherState::LauncherState() : mask_(block_all_signals()) {
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  sigaction(SIGCHLD, &standard, &child_action_);
}

LauncherState::~LauncherState() {
  if (may_open_ && dumpable_ > 0) prctl(PR_SET_DUMPABLE, dumpable_, 0, 0, 0);
  if (ignores_write_signals_) {
    sigaction(SIGPIPE, &pipe_action_, nullptr);
    sigaction(SIGXFSZ, &file_limit_action_, nullptr);
  }
  sigaction(SIGCHLD, &child_action_, nullptr);
  release_signals();
}

bool LauncherState::ignores_child_signal() const {
  return (child_action_.sa_flags & SA_SIGINFO) == 0 && child_action_.sa_handler == SIG_IGN;
}

void LauncherState::close() {
  if (dumpable_ >= 0) return;
  dumpable_ = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

void LauncherState::ignore_write_signals() {
  if (ignores_write_signals_) return;
  struct sigaction ignored {};
  ignored.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignored, &pipe_action_);
  sigaction(SIGXFSZ, &ignored, &file_limit_action_);
  ignores_write_signals_ = true;
}

void LauncherState::hold_signals(uint64_t signals) {
  if (!holds_) mask_ = current_signal_mask();
  set_signal_mask(mask_ | signals);
  holds_ = true;
}

void LauncherState::release_signals() {
  if (holds_) set_signal_mask(mask_);
  holds_ = false;
}

}  // namespace cordon::sandbox
