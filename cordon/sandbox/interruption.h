// Ends a wait of the calling thread that no poll(2) can be part of, when one of some descriptors can be read.
//
//   Interruption interruption({signals.fd(), pidfd}, patience_ms);
//   while (interruption.is_awaited() && ioctl(fd, …) == 0) …      // EINTR, once it has come
//
// A thread of its own polls them, and sends this one SIGURG again and again until it is told to end: so the signal
// cannot come too early. It costs as much as thirty polls, and is worth it where hundreds are left out.
#pragma once

#include <pthread.h>
#include <signal.h>

#include <array>
#include <atomic>

#include "cordon/base/fd.h"

namespace cordon::sandbox {

class Interruption {
 public:
  using Descriptors = std::array<int, 3>;  // -1: none

  // Comes after `patience_ms` in any case; -1: never.
  Interruption(const Descriptors& descriptors, int patience_ms);
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;
  ~Interruption();

  // False: it has come; or it never will, since SIGURG is somebody else's here, or no thread could be made.
  bool is_awaited() const { return is_watching_ && !has_come_.load(std::memory_order_relaxed); }

 private:
  static void* watch(void* self);
  void watch();
  bool prepare_signal();

  Descriptors descriptors_;
  int patience_ms_;
  Fd end_;  // can be read when nobody waits any more
  pthread_t waiting_ = pthread_self();
  pthread_t watcher_ = {};
  bool is_watching_ = false;
  std::atomic<bool> has_come_ = false;
  bool has_handler_ = false;
  struct sigaction action_ {};
  sigset_t mask_ = {};
};

}  // namespace cordon::sandbox
