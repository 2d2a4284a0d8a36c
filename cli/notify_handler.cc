#include "cli/notify_handler.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <utility>

#include "cordon/base/text.h"
#include "cordon/policy/describe.h"
#include "cordon/sandbox/process_info.h"

namespace cordon::cli {
namespace {

constexpr int64_t kMillisecondNs = 1'000'000;
constexpr size_t kMostWaiting = 16384;
constexpr size_t kMostRefused = 1024;
constexpr size_t kLongestLine = 65536;
constexpr size_t kMostUnsent = size_t{16} << 20;

int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

Response NotifyHandler::refusal() { return Response::fail(EPERM); }

Result<std::unique_ptr<NotifyHandler>> NotifyHandler::start(const HandlerOptions& options) {
  if (options.program.empty()) {
    const Result<Done> can_ask = check_prompter(options.prompter);
    if (!can_ask) return can_ask.error();
  }
  Result<sandbox::HelperProcess> process =
      options.program.empty() ? sandbox::HelperProcess::start([&] { return run_prompter(options.prompter); })
                              : sandbox::HelperProcess::start(options.program);
  if (!process) return process.error();
  return std::unique_ptr<NotifyHandler>(new NotifyHandler(options, std::move(*process)));
}

Response NotifyHandler::take(const Notification& notification, Listener& listener, const std::string& rule) {
  if (has_failed_) return refusal();
  if (waiting_.size() >= kMostWaiting || unsent_.size() >= kMostUnsent) {
    fail("it does not keep up: " + std::to_string(waiting_.size()) + " calls wait");
    return refusal();
  }
  HandlerRequest request{.id = last_id_ + 1,
                         .pid = notification.tid > 0 ? sandbox::thread_group(notification.tid) : 0,
                         .tid = notification.tid,
                         .command = notification.tid > 0 ? sandbox::thread_name(notification.tid) : std::string(),
                         .call = notification.call,
                         .texts = read_texts(notification),
                         .rule = rule,
                         .deadline_ns = INT64_MAX};
  if (options_.patience_ms >= 0) request.deadline_ns = now_ns() + options_.patience_ms * kMillisecondNs;
  // Another thread's, perhaps: nothing of it may be told. The call has gone; any answer does.
  if (!listener.is_valid(notification.id)) return refusal();
  unsent_ += options_.program.empty() ? question_line(request) : request_line(request);
  waiting_.emplace(++last_id_, Waiting{notification, request.deadline_ns});
  send();
  return Response::later();
}

void NotifyHandler::abandon() {
  has_failed_ = true;
  waiting_.clear();
  process_.leave();
}

LateAnswers::Descriptors NotifyHandler::waits_for() const {
  if (has_failed_) return {{{-1, 0, 0}, {-1, 0, 0}}};
  return {{{process_.output(), POLLIN, 0}, {unsent_.empty() ? -1 : process_.input(), POLLOUT, 0}}};
}

int NotifyHandler::patience_ms() const {
  if (waiting_.empty()) return -1;
  if (has_failed_) return 0;
  if (options_.patience_ms < 0) return -1;
  const int64_t left_ns = std::max<int64_t>(0, waiting_.begin()->second.deadline_ns - now_ns());
  return static_cast<int>(std::min<int64_t>((left_ns + kMillisecondNs - 1) / kMillisecondNs, INT_MAX));
}

std::vector<LateAnswers::Answer> NotifyHandler::pump(const Descriptors& found) {
  std::vector<Answer> answers;
  if (found[1].revents != 0) send();
  if (found[0].revents != 0 && !has_failed_) receive(answers);
  if (!has_failed_) refuse_late(answers);
  if (has_failed_) refuse_all(answers);
  return answers;
}

std::vector<LateAnswers::Answer> NotifyHandler::finish() {
  std::vector<Answer> answers;
  has_failed_ = true;
  refuse_all(answers);
  process_.end();
  return answers;
}

// As much as the pipe takes: the rest when it takes more.
void NotifyHandler::send() {
  size_t sent = 0;
  int error = 0;
  while (sent < unsent_.size() && error == 0) {
    const ssize_t count = write(process_.input(), unsent_.data() + sent, unsent_.size() - sent);
    if (count > 0) sent += static_cast<size_t>(count);
    if (count < 0 && errno != EINTR) error = errno;
  }
  unsent_.erase(0, sent);
  if (error == 0 || error == EAGAIN) return;
  const std::string ending = process_.ending();
  fail(ending.empty() ? "it has closed its input" : "it has ended (" + ending + ")");
}

void NotifyHandler::receive(std::vector<Answer>& answers) {
  char part[kLongestLine];
  const ssize_t count = read(process_.output(), part, sizeof part);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) {
    const std::string ending = process_.ending();
    fail(ending.empty() ? "it has closed its output" : "it has ended (" + ending + ")");
    return;
  }
  unread_.append(part, static_cast<size_t>(count));
  size_t begin = 0;
  for (size_t end = 0; !has_failed_ && (end = unread_.find('\n', begin)) != std::string::npos; begin = end + 1)
    take_line(std::string_view(unread_).substr(begin, end - begin), answers);
  unread_.erase(0, begin);
  if (unread_.size() > kLongestLine) fail("a line of it is longer than " + std::to_string(kLongestLine) + " bytes");
}

void NotifyHandler::take_line(std::string_view line, std::vector<Answer>& answers) {
  const Result<HandlerAnswer> answer = read_answer(line);
  if (!answer) return fail("its answer " + answer.error().begin()->message);
  const auto waiting = waiting_.find(answer->id);
  if (waiting == waiting_.end()) {
    if (refused_.erase(answer->id) > 0) return;
    const bool was_asked = answer->id >= 1 && answer->id <= last_id_;
    return fail(std::string(was_asked ? "it answered call " : "it answered a call nobody has made, ") +
                std::to_string(answer->id) + (was_asked ? " twice" : ""));
  }
  answers.push_back({waiting->second.notification, answer->response});
  waiting_.erase(waiting);
}

void NotifyHandler::refuse_late(std::vector<Answer>& answers) {
  const int64_t now = now_ns();
  while (!waiting_.empty() && waiting_.begin()->second.deadline_ns <= now) {
    const auto [id, late] = *waiting_.begin();
    waiting_.erase(waiting_.begin());
    refused_.insert(id);
    answers.push_back({late.notification, refusal()});
    if (!std::exchange(has_told_late_, true))
      tell("cordon: warning: no answer in " + std::to_string(options_.patience_ms) +
           " ms: " + policy::describe_call(late.notification.call) +
           " was denied with EPERM; others are not told [handler-late]\n");
  }
  if (refused_.size() > kMostRefused) fail("it has left " + std::to_string(refused_.size()) + " calls unanswered");
}

void NotifyHandler::refuse_all(std::vector<Answer>& answers) {
  for (const auto& [id, waiting] : waiting_) answers.push_back({waiting.notification, refusal()});
  waiting_.clear();
  unsent_.clear();
}

void NotifyHandler::fail(const std::string& why) {
  if (std::exchange(has_failed_, true)) return;
  const std::string name =
      options_.program.empty() ? "who asks at the terminal" : "the handler '" + base::printable(options_.program) + "'";
  tell("cordon: error: " + name + " cannot be used any more: " + why +
       "; calls of notify rules are denied with EPERM from here on [handler]\n");
}

}  // namespace cordon::cli
