#include "cordon/sandbox/signals.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <initializer_list>

namespace cordon::sandbox {
namespace {

uint64_t change_mask(int how, uint64_t mask) {
  uint64_t before = 0;
  syscall(SYS_rt_sigprocmask, how, &mask, &before, sizeof mask);
  return before;
}

constexpr uint64_t bit(int signal) { return uint64_t{1} << (signal - 1); }

}  // namespace

uint64_t block_all_signals() { return change_mask(SIG_BLOCK, ~uint64_t{0}); }
uint64_t block_supervised_signals() { return change_mask(SIG_BLOCK, supervised_signals()); }
uint64_t current_signal_mask() { return change_mask(SIG_BLOCK, 0); }
void set_signal_mask(uint64_t mask) { change_mask(SIG_SETMASK, mask); }

uint64_t supervised_signals() {
  uint64_t mask = 0;
  for (int signal : {SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGTERM, SIGCHLD, SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU})
    mask |= bit(signal);
  for (int signal = SIGRTMIN; signal <= SIGRTMAX; ++signal) mask |= bit(signal);
  return mask;
}

}  // namespace cordon::sandbox
