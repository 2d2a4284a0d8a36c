// The supervisor's end of seccomp user notification.
//
//   while (auto notification = listener.receive()) listener.respond(notification->id, Response::fail(EPERM));
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "cordon/base/fd.h"
#include "cordon/policy/call.h"

namespace cordon {

// One call that waits for an answer. The registers are a stable copy; memory they point to is not.
struct Notification {
  uint64_t id = 0;
  pid_t tid = 0;  // thread, in the reader's pid namespace; 0 if not visible there
  Call call;
};

struct Response {
  enum class Kind : uint8_t {
    run,
    fail,
    value,
    kill,  // ends the caller's process by SIGKILL: for a supervisor that stands in for the kernel
    later  // none now: Answering::take_over
  };
  Kind kind = Kind::fail;
  int error = 0;      // fail: a positive errno
  int64_t value = 0;  // value: what the call returns without being run

  static Response run() { return {Kind::run, 0, 0}; }
  static Response fail(int error) { return {Kind::fail, error, 0}; }
  static Response returns(int64_t value) { return {Kind::value, 0, value}; }
  static Response kills() { return {Kind::kill, 0, 0}; }
  static Response later() { return {Kind::later, 0, 0}; }
};

class Listener {
 public:
  explicit Listener(Fd fd);

  int fd() const { return fd_.get(); }

  // Blocks until a call waits. No value: the call went away before it was read (look again), or nobody
  // is left to call (is_finished).
  std::optional<Notification> receive();
  // The same for a caller who has just seen these events in a poll of his own, among other descriptors, and has done
  // nothing since.
  std::optional<Notification> take(short events);
  // False: the call is gone (its thread died or was interrupted). Not for Kind::kill, see carry_out(), and Kind::later.
  bool respond(uint64_t id, const Response& response);
  // Gives the caller a copy of this descriptor, and answers the call by its number there. 0, or the errno why the call
  // has not been answered (EMFILE: the caller can have no more).
  int inject(uint64_t id, int fd, bool closes_on_exec);
  // Is the call still waiting? What was read of its thread before was read of no other one then.
  bool is_valid(uint64_t id) const;
  // The last task that uses the filter has ended.
  bool is_finished() const;
  // The kernel refuses to give or to take notifications (a filter above this process, say): whoever calls
  // waits for ever.
  int error() const { return error_; }
  // receive() would not block.
  bool has_waiting() const;

  // SYNC_WAKE_UP (6.6): hands the processor over with the notification, ten times faster. False: this
  // kernel has none.
  bool enable_sync_wake_up();

 private:
  Fd fd_;
  bool is_killable_only_;  // nothing but a fatal signal interrupts a call that was received
  int error_ = 0;
  unsigned futile_ = 0;           // times in a row that nothing came although something should have
  std::vector<uint64_t> buffer_;  // what RECV fills, in the running kernel's size
};

}  // namespace cordon
