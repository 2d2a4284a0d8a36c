#include "cli/supervised_run.h"

#include <memory>
#include <utility>

#include "cli/answerer.h"
#include "cli/command.h"
#include "cli/exit_status.h"
#include "cordon/sandbox/supervise.h"

namespace cordon::cli {
namespace {

bool is_listener_busy(const Diagnostics& problems) {
  for (const Diagnostic& problem : problems)
    if (problem.code == "listener-busy") return true;
  return false;
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
  if (explainer.tells()) {
    supervision.calls.wants_notifier = [&](const Notification&) {
      return answerer.has_denied() && explainer.may_be_new(answerer.last());
    };
    supervision.calls.is_news = [&](const Notification& notification, const std::string& executable) {
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
  for (const Loaded& policy : run.policies)
    if (const Diagnostics lost = source_overwritten(policy.files, run.explaining.log_path); !lost.empty())
      return fail(lost, output, kOwnFailure);
  Explainer explainer(run.policies, run.explaining);
  Result<Done> log = explainer.open_log();
  if (!log) return fail(log.error(), output, kOwnFailure);
  std::unique_ptr<NotifyHandler> handler;
  if (run.on_notify.kind == OnNotify::Kind::program) {
    Result<std::unique_ptr<NotifyHandler>> started = NotifyHandler::start(run.on_notify.handler);
    if (!started) return fail(started.error(), output, kOwnFailure);
    handler = std::move(*started);
  }
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
  return supervise_command(std::move(*launched), plan, run, handler.get(), explainer, output);
}

}  // namespace cordon::cli
