#include "cordon/sandbox/interruption.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <iterator>

namespace cordon::sandbox {
namespace {

constexpr int kSignal = SIGURG;  // is ignored where nobody has asked for it, and not passed on to a command

void do_nothing(int) {}

}  // namespace

Interruption::Interruption(const Descriptors& descriptors, int patience_ms)
    : descriptors_(descriptors), patience_ms_(patience_ms), end_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!end_ || !prepare_signal()) return;
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &mask_);
  is_watching_ = pthread_create(&watcher_, nullptr, watch, this) == 0;
  sigset_t open = mask_;
  sigdelset(&open, kSignal);
  pthread_sigmask(SIG_SETMASK, is_watching_ ? &open : &mask_, nullptr);
}

Interruption::~Interruption() {
  if (is_watching_) {
    const uint64_t one = 1;
    while (write(end_.get(), &one, sizeof one) < 0 && errno == EINTR) continue;
    pthread_join(watcher_, nullptr);
    pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
  }
  if (has_handler_) sigaction(kSignal, &action_, nullptr);
}

// Without SA_RESTART: the wait is to fail.
bool Interruption::prepare_signal() {
  if (sigaction(kSignal, nullptr, &action_) != 0) return false;
  if ((action_.sa_flags & SA_SIGINFO) != 0 || (action_.sa_handler != SIG_DFL && action_.sa_handler != SIG_IGN))
    return false;
  struct sigaction wanted {};
  wanted.sa_handler = do_nothing;
  sigemptyset(&wanted.sa_mask);
  has_handler_ = sigaction(kSignal, &wanted, nullptr) == 0;
  return has_handler_;
}

void* Interruption::watch(void* self) {
  static_cast<Interruption*>(self)->watch();
  return nullptr;
}

void Interruption::watch() {
  pollfd entries[] = {{end_.get(), POLLIN, 0},
                      {descriptors_[0], POLLIN, 0},
                      {descriptors_[1], POLLIN, 0},
                      {descriptors_[2], POLLIN, 0}};
  poll(entries, std::size(entries), patience_ms_);
  has_come_.store(true, std::memory_order_relaxed);
  constexpr int kAgainMs = 1;
  do
    if (entries[0].revents == 0) pthread_kill(waiting_, kSignal);
  while (poll(entries, 1, kAgainMs) == 0);
}

}  // namespace cordon::sandbox
