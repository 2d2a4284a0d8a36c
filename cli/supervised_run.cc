#include "cli/supervised_run.h"

#include <filesystem>
#include <memory>
#include <utility>

#include "cli/answerer.h"
#include "cli/command.h"
#include "cli/exit_status.h"
#include "cordon/sandbox/handover.h"
#include "cordon/sandbox/supervise.h"

namespace cordon::cli {
namespace {

bool is_listener_busy(const Diagnostics& problems) {
  for (const Diagnostic& problem : problems)
    if (problem.code == "listener-busy") return true;
  return false;
}

// Who is to have the listener, found before anything starts.
struct Peer {
  Fd connected;
  int fd = -1;
};

Result<Peer> find_peer(const OnNotify& on_notify) {
  Peer peer;
  if (!on_notify.is_elsewhere()) return peer;
  if (on_notify.peer) {
    CORDON_TRY(checked, sandbox::check_answerer(*on_notify.peer));
    (void)checked;
    peer.fd = *on_notify.peer;
    return peer;
  }
  CORDON_TRY(connected, sandbox::connect_to_answerer(on_notify.peer_path));
  peer.connected = std::move(connected);
  peer.fd = peer.connected.get();
  return peer;
}

std::string directory_of(const ProcessSetup& setup) {
  std::error_code error;
  const std::filesystem::path here = std::filesystem::current_path(error);
  return setup.directory ? (here / *setup.directory).lexically_normal().string() : here.string();
}

int supervise_command(Launched launched, const RunPlan& plan, const SupervisedRun& run, NotifyHandler* handler,
                      Explainer& explainer, const OutputOptions& output) {
  Answerer answerer(plan, run.policies, run.on_notify);
  answerer.watch(launched);
  Supervision supervision;
  if (handler != nullptr) {
    answerer.ask(*handler);
    handler->tell = [&](std::string line) { explainer.tell_line(std::move(line)); };
    supervision.late = handler;
  }
  supervision.calls.take_over = [&](const Notification& notification, Listener& listener) {
    return answerer.take_over(notification, listener);
  };
  supervision.calls.answer = [&](const Notification& notification) { return answerer.answer(notification); };
  if (run.forecast != nullptr) answerer.foresee(*run.forecast);
  if (explainer.tells()) {
    supervision.calls.wants_notifier = [&](const Notification&) {
      if (answerer.refusal()) return true;
      return answerer.has_denied() && explainer.may_be_new(answerer.last());
    };
    supervision.calls.is_news = [&](const Notification& notification, const std::string& executable) {
      if (const auto& refusal = answerer.refusal()) return explainer.is_new(notification, executable, *refusal);
      return explainer.is_new(notification, executable, answerer.last());
    };
    supervision.calls.on_answered = [&](const Notification&, const sandbox::Notifier& who) { explainer.denied(who); };
  }
  supervision.on_kernel_verdict = [&](const KernelVerdict& verdict) {
    if (run.strict)
      explainer.denied_by_strict_mode(verdict);
    else
      explainer.denied(verdict);
  };
  supervision.holding = {.kept = explainer.log_fd(),
                         .on_start =
                             [&](int log_fd) {
                               explainer.continue_in_holder(log_fd);
                               if (handler != nullptr) handler->abandon();
                             },
                         .on_end = [&] { explainer.finish(); }};
  supervision.time_limit = run.time_limit;
  Result<Outcome> outcome = sandbox::supervise(std::move(launched), supervision);
  sandbox::give_up_connecting();
  explainer.finish();
  if (!outcome) return fail(outcome.error(), output, kOwnFailure);
  if (!outcome->timed_out) return answerer.exit_status(*outcome);
  if (!output.quiet) print_error("cordon: the command's time was up, and it was ended (--timeout)\n");
  return kTimedOut;
}

}  // namespace

int run_supervised(LaunchSpec spec, const RunPlan& plan, const SupervisedRun& run, const OutputOptions& output) {
  if (run.explaining.log_path == "-")
    return fail(usage_error("--explain-log takes a file", "explanations are on standard error anyway"), output,
                kOwnFailure);
  if (!run.explaining.log_path.empty())
    for (const Loaded& policy : run.policies.all())
      if (const Diagnostics lost = source_overwritten(policy.files, run.explaining.log_path); !lost.empty())
        return fail(lost, output, kOwnFailure);
  Explainer explainer(run.policies, run.explaining);
  Result<Done> log = explainer.open_log();
  if (!log) return fail(log.error(), output, kOwnFailure);
  std::unique_ptr<NotifyHandler> handler;
  if (run.on_notify.has_handler()) {
    Result<std::unique_ptr<NotifyHandler>> started = NotifyHandler::start(run.on_notify.handler);
    if (!started) return fail(started.error(), output, kOwnFailure);
    handler = std::move(*started);
  }
  Result<Peer> peer = find_peer(run.on_notify);
  if (!peer) return fail(peer.error(), output, kOwnFailure);
  Result<Launched> launched = sandbox::launch(spec);
  // Without a listener the kernel would answer what somebody is to answer here.
  const bool needs_listener = run.on_notify.answers() && plan.notifies;
  if (!launched && spec.listener && !needs_listener && is_listener_busy(launched.error())) {
    if (!output.quiet)
      print_error("cordon: note: errno denials are not explained: the command runs inside another seccomp listener\n");
    Result<std::vector<FilterSpec>> unasking = spec.filters_without_listener();
    if (!unasking) return fail(unasking.error(), output, kOwnFailure);
    spec.filters = std::move(*unasking);
    spec.listener = false;
    spec.gate = {};
    launched = sandbox::launch(spec);
  }
  print_diagnostics(launched.diagnostics(), output);
  if (!launched) return launch_failure_status(launched.error());
  if (peer->fd >= 0) {
    const Result<Done> given = sandbox::hand_over(
        *launched, peer->fd, {.metadata = run.on_notify.metadata, .directory = directory_of(spec.setup)});
    if (!given) return fail(given.error(), output, kOwnFailure);
    peer->connected.reset();
  }
  return supervise_command(std::move(*launched), plan, run, handler.get(), explainer, output);
}

}  // namespace cordon::cli
