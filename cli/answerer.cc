#include "cli/answerer.h"

#include <cerrno>
#include <csignal>

#include "cordon/sandbox/process_info.h"

namespace cordon::cli {

void Answerer::watch(const Launched& launched) {
  command_ = launched.pid;
  gate_shut_ = launched.gate_shut;
}

Response Answerer::answer(const Notification& notification) {
  last_ = decide(plan_, notification.call);
  has_denied_ = true;
  refusal_.reset();
  switch (last_.action.kind) {
    case ActionKind::errno_: return last_.action.data == 0 ? Response::returns(0) : Response::fail(last_.action.data);
    case ActionKind::kill_process:
    case ActionKind::kill_thread:
    case ActionKind::trap:
      if (!gate_shut_) break;
      if (sandbox::thread_group(notification.tid) == command_) has_ended_command_ = true;
      return Response::kills();
    case ActionKind::allow:
      if (forecast_ == nullptr) break;
      has_denied_ = false;
      return Response::later();
    case ActionKind::notify: return answer_notify(notification.call);
    default: break;
  }
  // Nothing else can be asked about.
  return Response::fail(ENOSYS);
}

Response Answerer::answer_notify(const Call& call) {
  if (sandbox::emulates(on_notify_.emulation, call)) {
    has_denied_ = false;
    return Response::later();
  }
  switch (on_notify_.kind) {
    case OnNotify::Kind::elsewhere:
    case OnNotify::Kind::nobody: break;
    case OnNotify::Kind::allow: has_denied_ = false; return Response::run();
    case OnNotify::Kind::deny:
      last_.action = {ActionKind::errno_, static_cast<uint16_t>(on_notify_.error)};
      return Response::fail(on_notify_.error);
    case OnNotify::Kind::program:
    case OnNotify::Kind::ask: has_denied_ = false; return Response::later();
  }
  // What the kernel answers where nobody listens.
  return Response::fail(ENOSYS);
}

Response Answerer::take_over(const Notification& notification, Listener& listener) {
  // It runs whatever is found: the kernel judges it.
  if (last_.action.kind == ActionKind::allow) {
    refusal_ = forecast_->refusal_of(notification, listener);
    return Response::run();
  }
  if (sandbox::emulates(on_notify_.emulation, notification.call)) {
    const Emulated emulated = sandbox::emulate(notification, listener, on_notify_.emulation);
    has_denied_ = emulated.is_refused;
    if (has_denied_) last_.action = {ActionKind::errno_, static_cast<uint16_t>(emulated.response.error)};
    return emulated.response;
  }
  if (handler_ == nullptr) return NotifyHandler::refusal();
  const std::vector<Loaded>& policies = policies_.all();
  const Loaded& loaded = policies[last_.origin.policy < policies.size() ? last_.origin.policy : 0];
  const std::string rule = loaded.policy ? describe_origin(loaded, last_, notification.call) : loaded.name;
  return handler_->take(notification, listener, rule);
}

int Answerer::exit_status(const Outcome& outcome) const {
  const bool is_ours = has_ended_command_ && outcome.signaled && outcome.code == SIGKILL;
  return is_ours ? 128 + SIGSYS : outcome.exit_status();
}

}  // namespace cordon::cli
