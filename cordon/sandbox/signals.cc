#include "cordon/sandbox/signals.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <initializer_list>

#include "cordon/base/fd.h"
#include "cordon/sandbox/process_info.h"

namespace cordon::sandbox {
namespace {

uint64_t change_mask(int how, uint64_t mask) {
  uint64_t before = 0;
  syscall(SYS_rt_sigprocmask, how, &mask, &before, sizeof mask);
  return before;
}

constexpr uint64_t bit(int signal) { return uint64_t{1} << (signal - 1); }

Fd open_terminal() { return Fd(open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY)); }

// Whoever started our group is of our session and not of our group; else the group is orphaned.
bool has_shell() {
  constexpr int kDeepest = 64;
  pid_t pid = getppid();
  for (int depth = 0; depth < kDeepest && pid > 0 && getpgid(pid) == getpgrp(); ++depth) pid = parent_of(pid);
  return pid > 0 && getpgid(pid) != getpgrp() && getsid(pid) == getsid(0);
}

}  // namespace

uint64_t block_all_signals() { return change_mask(SIG_BLOCK, ~uint64_t{0}); }
uint64_t current_signal_mask() { return change_mask(SIG_BLOCK, 0); }
void set_signal_mask(uint64_t mask) { change_mask(SIG_SETMASK, mask); }

uint64_t forwarded_signals() {
  uint64_t mask = 0;
  for (int signal : {SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGTERM}) mask |= bit(signal);
  for (int signal = SIGRTMIN; signal <= SIGRTMAX; ++signal) mask |= bit(signal);
  return mask;
}

uint64_t supervised_signals() {
  uint64_t mask = forwarded_signals();
  for (int signal : {SIGCHLD, SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU}) mask |= bit(signal);
  return mask;
}

bool stop_at_terminal() {
  if (!open_terminal() || !has_shell()) return false;
  raise(SIGSTOP);
  // A shell continues the whole group, but one process after the other.
  constexpr useconds_t kGroupPauseUs = 2000;
  usleep(kGroupPauseUs);
  return true;
}

bool has_terminal_to_itself(int32_t pid) {
  pid_t group = getpgid(pid);
  if (group <= 1 || group == getpgrp()) return false;
  Fd terminal = open_terminal();
  return terminal && tcgetpgrp(terminal.get()) == group;
}

bool has_terminal() {
  Fd terminal = open_terminal();
  return terminal && tcgetpgrp(terminal.get()) == getpgrp();
}

}  // namespace cordon::sandbox
