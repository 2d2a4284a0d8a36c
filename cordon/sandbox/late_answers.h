// Answers calls in its own time, beside a supervisor that must not wait: Answering::take_over hands it a call, which
// waits until one of its answers comes out of pump().
#pragma once

#include <poll.h>

#include <array>
#include <vector>

#include "cordon/sandbox/listener.h"

namespace cordon {

class LateAnswers {
 public:
  struct Answer {
    Notification call;
    Response response;
  };
  using Descriptors = std::array<pollfd, 2>;

  virtual ~LateAnswers() = default;

  // What is to be waited for; fd -1 for nothing.
  virtual Descriptors waits_for() const = 0;
  // How long until there is something to do although nothing happens; -1: never.
  virtual int patience_ms() const = 0;
  // After each wait, with what it found.
  virtual std::vector<Answer> pump(const Descriptors& found) = 0;
  // The command has ended, or nobody can ask any more: an answer to every call that waits still, and no more after it.
  virtual std::vector<Answer> finish() = 0;
};

}  // namespace cordon
