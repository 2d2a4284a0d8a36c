#include "cordon/sandbox/answering.h"

#include <errno.h>
#include <time.h>

#include <utility>

#include "cordon/sandbox/process_info.h"

namespace cordon::sandbox {
namespace {

// No thread can call again from another program sooner after an answer: from execve(2) to the first instruction of a
// static program without a library it is five times that (41 us on a 2 GHz machine). A thread that calls again and
// again needs little more than half of it.
constexpr int64_t kSoonestExecNs = 8'000;

int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

// The link in /proc costs as much as half an answer.
const std::string& Responder::executable_of(pid_t tid) {
  if (tid != known_tid_ || now_ns() >= known_until_ns_) {
    known_executable_ = executable(tid);
    known_tid_ = tid;
  }
  return known_executable_;
}

// None: the call is not worth more than its answer.
std::optional<Notifier> Responder::look_at(const Notification& notification) {
  const bool is_known = notification.tid > 0;  // else it is outside of our pid namespace
  static const std::string kNone;
  const std::string& executable = is_known ? executable_of(notification.tid) : kNone;
  if (answering_.is_news && !answering_.is_news(notification, executable)) return std::nullopt;
  if (!is_known) return Notifier{};
  Notifier who{.command = thread_name(notification.tid), .executable = executable, .site = {}};
  if (answering_.is_news) who.site = code_site(notification.tid, notification.call.instruction_pointer);
  // What was read is the caller's only if it still waits.
  return listener_.is_valid(notification.id) ? who : Notifier{};
}

void Responder::answer(const std::optional<Notification>& notification) {
  if (!notification) return;
  Response response = answering_.answer(*notification);
  if (response.kind == Response::Kind::later) {
    response = answering_.take_over ? answering_.take_over(*notification, listener_) : Response::fail(EPERM);
    if (response.kind == Response::Kind::later) return;
  }
  std::optional<Notifier> who;
  const bool wants = answering_.on_answered && (!answering_.wants_notifier || answering_.wants_notifier(*notification));
  if (wants) who = look_at(*notification);
  // From here on its thread may run.
  if (wants && notification->tid == known_tid_) known_until_ns_ = now_ns() + kSoonestExecNs;
  const bool was_taken = carry_out(listener_, *notification, response);
  if (!was_taken) known_tid_ = 0;
  if (was_taken && who) answering_.on_answered(*notification, std::move(*who));
}

void Responder::answer_all() {
  while (!listener_.is_finished() && listener_.error() == 0) answer(listener_.receive());
}

}  // namespace cordon::sandbox
