#include "cordon/sandbox/supervise.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <utility>

#include "cordon/sandbox/audit_reader.h"
#include "cordon/sandbox/child_process.h"
#include "cordon/sandbox/exit_tracer.h"
#include "cordon/sandbox/interruption.h"
#include "cordon/sandbox/launcher_state.h"
#include "cordon/sandbox/notifier.h"
#include "cordon/sandbox/preparation.h"
#include "cordon/sandbox/process_info.h"
#include "cordon/sandbox/signals.h"

namespace cordon::sandbox {
namespace {

constexpr int kSecondMs = 1000;
constexpr int64_t kMillisecondNs = 1'000'000;
// Then the command is looked at although nothing says that it changed: SIGCHLD may have gone to another thread.
constexpr unsigned kMostAnswersInARow = 64;
// After so many that came with nothing else between, the next ones are waited for without a poll.
constexpr unsigned kManyAnswers = 256;
// A program may put its terminal in order before it stops.
constexpr int64_t kStopDelayNs = 5'000'000'000;

int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

bool is_stop_request(uint32_t signal) { return signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU; }

// The supervised signals, through a descriptor.
class SignalInbox {
 public:
  SignalInbox() {
    uint64_t wanted = supervised_signals();
    sigset_t set;
    sigemptyset(&set);
    for (int signal = 1; signal <= 64; ++signal)
      if ((wanted >> (signal - 1) & 1) != 0) sigaddset(&set, signal);
    signals_.reset(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  }

  int fd() const { return signals_.get(); }
  std::optional<signalfd_siginfo> next() {
    signalfd_siginfo info{};
    if (read(signals_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return std::nullopt;
    return info;
  }

 private:
  Fd signals_;
};

Diagnostic cannot_supervise(std::string_view what, int error) {
  const bool has_no_room = error == EINVAL || error == EMFILE;  // poll looks at the limit first
  return system_error(
      what, error,
      std::string(has_no_room ? "somebody lowered its limit of descriptors" : "a filter above this process denies it") +
          "; so the command is ended");
}

class Supervisor {
 public:
  Supervisor(Launched launched, const Supervision& supervision)
      : launched_(std::move(launched)), supervision_(supervision) {
    launched_.state->hold_signals(supervised_signals());
  }

  Result<Outcome> run() {
    if (launched_.listener) {
      launched_.listener->enable_sync_wake_up();
      responder_.emplace(*launched_.listener, supervision_.calls);
    }
    for (const KernelVerdict& verdict : launched_.verdicts) report(verdict);
    if (supervision_.time_limit) deadline_ns_ = now_ns() + supervision_.time_limit->limit_ms * kMillisecondNs;
    watch_command();  // its SIGCHLD may have come before we listened
    while (!ended_ && !failure_) turn();
    if (failure_ && !kill_command(launched_)) cannot_end(EPERM);
    if (is_left_running_) return leave();
    return finish();
  }

 private:
  void turn();
  int patience_ms() const;
  void watch_time();
  void answer_waiting(short events);
  void answer_many();
  void give(const std::vector<LateAnswers::Answer>& answers);
  void end_late_answers();
  void forget_listener();
  void watch_command();
  int look_at_command();
  void handle_signals();
  void forward(const signalfd_siginfo& info);
  bool is_of_the_job(int signal);
  bool stop_along();
  void read_audit();
  bool belongs_to_command(pid_t pid) const;
  void report(const KernelVerdict& verdict);
  void explain_end(int status);
  Result<Outcome> finish();
  void cannot_end(int error);
  Result<Outcome> leave();

  Launched launched_;
  const Supervision& supervision_;
  std::optional<Responder> responder_;  // there is one as long as there is a listener
  SignalInbox signals_;
  bool ended_ = false;
  int64_t deadline_ns_ = 0;  // of the next signal that ends the command; 0: none
  bool timed_out_ = false;
  unsigned answers_in_a_row_ = 0;
  unsigned answers_alone_ = 0;      // since there was anything else to do
  int64_t asked_to_stop_ns_ = 0;    // when we were sent a stop signal, which the command has got too
  bool waits_for_stopped_ = false;  // the command was stopped, and we were not
  bool command_was_explained_ = false;
  bool is_left_running_ = false;       // no signal reaches it
  std::optional<Diagnostic> failure_;  // we cannot go on: the command must not either
};

// Until there is something to do although nothing happens.
int Supervisor::patience_ms() const {
  // SIGCHLD may have gone to another thread of the caller; a stopped tracee must not wait for ever then.
  int64_t patience_ms = launched_.tracer ? kSecondMs : -1;
  const int late_ms = supervision_.late != nullptr ? supervision_.late->patience_ms() : -1;
  if (late_ms >= 0 && (patience_ms < 0 || late_ms < patience_ms)) patience_ms = late_ms;
  if (deadline_ns_ == 0) return static_cast<int>(patience_ms);
  const int64_t left_ms = std::max<int64_t>(0, (deadline_ns_ - now_ns() + kMillisecondNs - 1) / kMillisecondNs);
  if (patience_ms < 0 || left_ms < patience_ms) patience_ms = std::min<int64_t>(left_ms, INT_MAX);
  return static_cast<int>(patience_ms);
}

void Supervisor::watch_time() {
  if (deadline_ns_ == 0 || now_ns() < deadline_ns_ || has_died(launched_)) return;
  if (timed_out_) {
    deadline_ns_ = 0;
    if (!kill_command(launched_)) cannot_end(EPERM);
    return;
  }
  timed_out_ = true;
  deadline_ns_ = now_ns() + supervision_.time_limit->grace_ms * kMillisecondNs;
  for (int signal : {SIGTERM, SIGCONT}) syscall(SYS_pidfd_send_signal, launched_.pidfd.get(), signal, nullptr, 0);
}

// Nothing is waited for that may never come; the calls it asks about are denied from here on.
void Supervisor::cannot_end(int error) {
  if (!failure_) failure_ = system_error("end the command whose time is up", error);
  failure_->message += left_running(launched_);
  is_left_running_ = true;
}

Result<Outcome> Supervisor::leave() {
  if (launched_.tracer) launched_.tracer->detach_all();
  return *failure_;
}

void Supervisor::turn() {
  pollfd entries[] = {{signals_.fd(), POLLIN, 0},
                      {launched_.pidfd.get(), POLLIN, 0},
                      {launched_.listener ? launched_.listener->fd() : -1, POLLIN, 0},
                      {launched_.audit ? launched_.audit->fd() : -1, POLLIN, 0},
                      {-1, 0, 0},
                      {-1, 0, 0}};
  if (supervision_.late != nullptr) {
    const LateAnswers::Descriptors late = supervision_.late->waits_for();
    std::copy(late.begin(), late.end(), std::end(entries) - late.size());
  }
  if (poll(entries, std::size(entries), patience_ms()) < 0) {
    if (errno != EINTR) failure_ = cannot_supervise("wait for the command", errno);
    return;
  }
  watch_time();
  const bool asks = (entries[2].revents & POLLIN) != 0;
  if (asks) answer_waiting(entries[2].revents);
  if (supervision_.late != nullptr) give(supervision_.late->pump({entries[4], entries[5]}));
  // A caller that was answered may ask again at once, and pays for all that stands between.
  const bool only_asks = asks && ((entries[0].revents | entries[1].revents | entries[3].revents) & POLLIN) == 0;
  answers_alone_ = only_asks ? answers_alone_ + 1 : 0;
  if (answers_alone_ >= kManyAnswers && supervision_.late == nullptr && !failure_) return answer_many();
  if (only_asks && ++answers_in_a_row_ < kMostAnswersInARow) return;
  answers_in_a_row_ = 0;
  if ((entries[0].revents & POLLIN) != 0) handle_signals();
  if ((entries[3].revents & POLLIN) != 0) read_audit();
  watch_command();
  // Nobody can ask any more: poll would say so for ever.
  if (launched_.listener && !asks && (entries[2].revents & POLLHUP) != 0) forget_listener();
}

// A call that has gone meanwhile needs no answer.
void Supervisor::give(const std::vector<LateAnswers::Answer>& answers) {
  for (const LateAnswers::Answer& answer : answers)
    if (launched_.listener) carry_out(*launched_.listener, answer.call, answer.response);
  if (!launched_.listener) return;
  if (int error = launched_.listener->error()) failure_ = cannot_supervise("answer the command's calls", error);
}

void Supervisor::end_late_answers() {
  if (supervision_.late != nullptr) give(supervision_.late->finish());
}

void Supervisor::forget_listener() {
  launched_.state->may_open();
  responder_.reset();
  launched_.listener.reset();
}

void Supervisor::answer_waiting(short events) {
  responder_->answer(launched_.listener->take(events));
  if (int error = launched_.listener->error()) failure_ = cannot_supervise("answer the command's calls", error);
}

// As fast as the kernel passes calls on: to poll before each takes a third as long as all the rest of an answer. The
// turn that follows looks at all there is.
void Supervisor::answer_many() {
  answers_alone_ = 0;
  answers_in_a_row_ = kMostAnswersInARow;
  const Interruption interruption({signals_.fd(), launched_.pidfd.get(), launched_.audit ? launched_.audit->fd() : -1},
                                  patience_ms());
  while (interruption.is_awaited()) {
    const std::optional<Notification> call = launched_.listener->take(POLLIN);
    if (!call) break;
    responder_->answer(call);
    if (launched_.listener->error() != 0) break;
  }
  if (int error = launched_.listener->error()) failure_ = cannot_supervise("answer the command's calls", error);
}

// Looks until there is nothing new: what happened while we were stopped ourselves has no signal any more.
void Supervisor::watch_command() {
  while (int signal = look_at_command()) waits_for_stopped_ = !is_of_the_job(signal) || !stop_along();
  // A stop request does not stop it once more, and says nothing about it: the request is ours alone then.
  if (!waits_for_stopped_ || asked_to_stop_ns_ == 0) return;
  waits_for_stopped_ = is_stopped(launched_.pid) && !stop_along();
}

// The shell wants its terminal back: we have it, or the stop came from it, or through us. Without a terminal, or in
// the background, a command that somebody has stopped alone is waited for: who continues it alone must find its calls
// answered.
bool Supervisor::is_of_the_job(int signal) {
  handle_signals();
  // What goes to a whole group reaches one process after the other.
  constexpr useconds_t kGroupPauseUs = 2000;
  if (asked_to_stop_ns_ == 0) usleep(kGroupPauseUs), handle_signals();
  const int64_t asked_ns = std::exchange(asked_to_stop_ns_, 0);
  if (asked_ns != 0 && now_ns() - asked_ns < kStopDelayNs) return true;
  return has_terminal() || (signal != SIGSTOP && has_terminal_to_itself(launched_.pid));
}

// The signal the command was stopped by just now, or 0.
int Supervisor::look_at_command() {
  if (launched_.tracer) {
    ExitTracer::Events events = launched_.tracer->pump();
    for (const KernelVerdict& verdict : events.verdicts) report(verdict);
    ended_ = events.ended || has_died(launched_);
    if (events.error != 0 && !ended_) failure_ = cannot_supervise("wait for the command's threads", events.error);
    return events.stop_signal;
  }
  ended_ = has_died(launched_);
  if (ended_) return 0;
  siginfo_t info{};
  int result = waitid(P_PID, static_cast<id_t>(launched_.pid), &info, WSTOPPED | WNOHANG);
  return result == 0 && info.si_pid == launched_.pid ? info.si_status : 0;
}

void Supervisor::handle_signals() {
  while (auto info = signals_.next()) {
    if (info->ssi_signo == SIGCHLD) continue;
    // The terminal sends to its whole foreground group: the command has got it too, and decides.
    bool from_terminal = info->ssi_code == SI_KERNEL;
    if (is_stop_request(info->ssi_signo)) asked_to_stop_ns_ = now_ns();
    if (info->ssi_signo == SIGCONT) asked_to_stop_ns_ = 0;
    if (!from_terminal) forward(*info);
  }
}

void Supervisor::forward(const signalfd_siginfo& from) {
  siginfo_t info{};
  info.si_signo = static_cast<int>(from.ssi_signo);
  info.si_code = from.ssi_code;
  info.si_pid = static_cast<pid_t>(from.ssi_pid);
  info.si_uid = from.ssi_uid;
  info.si_value.sival_ptr = reinterpret_cast<void*>(from.ssi_ptr);
  bool has_value = from.ssi_code == SI_QUEUE;
  syscall(SYS_pidfd_send_signal, launched_.pidfd.get(), info.si_signo, has_value ? &info : nullptr, 0);
}

// False: there is nobody who would continue us.
bool Supervisor::stop_along() {
  if (!stop_at_terminal()) {
    asked_to_stop_ns_ = 0;
    return false;
  }
  // A shell continues the whole group; if it was us alone, pass it on.
  while (auto info = signals_.next())
    if (info->ssi_signo != SIGCONT && info->ssi_signo != SIGCHLD && info->ssi_code != SI_KERNEL) forward(*info);
  asked_to_stop_ns_ = 0;
  if (is_stopped(launched_.pid)) syscall(SYS_pidfd_send_signal, launched_.pidfd.get(), SIGCONT, nullptr, 0);
  return true;
}

bool Supervisor::belongs_to_command(pid_t pid) const {
  constexpr int kDeepest = 64;
  for (int depth = 0; pid > 1 && depth < kDeepest; ++depth) {
    if (pid == launched_.pid) return true;
    pid = parent_of(pid);
  }
  return false;
}

void Supervisor::read_audit() {
  while (auto record = launched_.audit->next()) {
    bool is_trap = record->code == 0x00030000;  // SECCOMP_RET_TRAP; sig is 0 there
    if ((record->signal == 0 && !is_trap) || !belongs_to_command(record->pid)) continue;
    KernelVerdict verdict{.source = KernelVerdict::Source::audit,
                          .pid = record->pid,
                          .tid = 0,
                          .command = record->command,
                          .call_known = true,
                          .args_known = false,
                          .is_certain = true,
                          .call = {},
                          .signal = is_trap ? SIGSYS : record->signal,
                          .is_trap = is_trap,
                          .trace_refused = false,
                          .site = {}};
    verdict.call.nr = record->nr;
    verdict.call.audit_arch = record->audit_arch;
    verdict.call.instruction_pointer = record->instruction_pointer;
    report(verdict);
  }
}

void Supervisor::report(const KernelVerdict& verdict) {
  if (verdict.pid == launched_.pid) command_was_explained_ = true;
  if (supervision_.on_kernel_verdict) supervision_.on_kernel_verdict(verdict);
}

// A kill nobody has explained yet: the audit record may be on its way still.
void Supervisor::explain_end(int status) {
  constexpr int kAuditDelayMs = 100;
  // A tracer misses nothing: then a person has sent the signal. Without one it may be either.
  bool by_filter = WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS && !launched_.tracer;
  if (!by_filter || command_was_explained_) return;
  for (int tries = 0; launched_.audit && !command_was_explained_ && tries < 3; ++tries) {
    pollfd entry{launched_.audit->fd(), POLLIN, 0};
    if (poll(&entry, 1, kAuditDelayMs) > 0) read_audit();
  }
  if (command_was_explained_) return;
  report({.source = KernelVerdict::Source::signal,
          .pid = launched_.pid,
          .tid = 0,
          .command = {},
          .call_known = false,
          .args_known = false,
          .is_certain = true,
          .call = {},
          .signal = SIGSYS,
          .is_trap = false,
          .trace_refused = launched_.trace_refused,
          .site = {}});
}

Result<Outcome> Supervisor::finish() {
  std::optional<Diagnostic> failure = failure_;
  if (launched_.exec_pending && !failure) failure = launch_failure(launched_);
  int status = reap(launched_);
  if (launched_.tracer) launched_.tracer->detach_all();
  end_namespace(launched_);
  if (!failure && status >= 0) explain_end(status);
  end_late_answers();
  if (launched_.listener && !failure_ && launched_.listener->error() == 0 && !launched_.listener->is_finished() &&
      !leave_holder(*launched_.listener, supervision_.calls, supervision_.holding))
    responder_->answer_all();
  if (failure) return *failure;
  if (status < 0) return system_error("learn how the command ended", ECHILD, "something else has waited for it");
  if (WIFSIGNALED(status))
    return Outcome{
        .signaled = true, .code = WTERMSIG(status), .core_dumped = WCOREDUMP(status) != 0, .timed_out = timed_out_};
  return Outcome{.signaled = false, .code = WEXITSTATUS(status), .core_dumped = false, .timed_out = timed_out_};
}

}  // namespace

Result<Outcome> supervise(Launched launched, const Supervision& supervision) {
  return Supervisor(std::move(launched), supervision).run();
}

}  // namespace cordon::sandbox
