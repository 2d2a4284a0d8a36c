#include "cli/supervised_run.h"

#include <cerrno>
#include <csignal>

#include "cli/command.h"
#include "cli/exit_status.h"
#include "cordon/sandbox/process_info.h"
#include "cordon/sandbox/supervise.h"

namespace cordon::cli {
namespace {

bool is_listener_busy(const Diagnostics& problems) {
  for (const Diagnostic& problem : problems)
    if (problem.code == "listener-busy") return true;
  return false;
}

// What was decided about a call that asks, until it is told.
struct Answerer {
  const RunPlan& plan;
  pid_t command = 0;
  bool gate_shut = false;
  Decision last = {};
  bool has_ended_command = false;

  Response answer(const Notification& notification) {
    last = decide(plan, notification.call);
    switch (last.action.kind) {
      case ActionKind::errno_: return last.action.data == 0 ? Response::returns(0) : Response::fail(last.action.data);
      case ActionKind::kill_process:
      case ActionKind::kill_thread:
      case ActionKind::trap:
        if (!gate_shut) break;
        if (sandbox::thread_group(notification.tid) == command) has_ended_command = true;
        return Response::kills();
      default: break;
    }
    // `notify` without anybody to ask is what the kernel answers itself; anything else cannot be asked about.
    return Response::fail(ENOSYS);
  }

  // A kill that we made in the kernel's place ends the run as the kernel's would.
  int exit_status(const Outcome& outcome) const {
    const bool is_ours = has_ended_command && outcome.signaled && outcome.code == SIGKILL;
    return is_ours ? 128 + SIGSYS : outcome.exit_status();
  }
};

int supervise_command(Launched launched, const RunPlan& plan, const SupervisedRun& run, Explainer& explainer,
                      const OutputOptions& output) {
  Answerer answerer{.plan = plan, .command = launched.pid, .gate_shut = launched.gate_shut};
  Supervision supervision;
  supervision.calls.answer = [&](const Notification& notification) { return answerer.answer(notification); };
  if (explainer.tells()) {
    supervision.calls.wants_notifier = [&](const Notification&) { return explainer.may_be_new(answerer.last); };
    supervision.calls.is_news = [&](const Notification& notification, const std::string& executable) {
      return explainer.is_new(notification, executable, answerer.last);
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
                         .on_start = [&](int log_fd) { explainer.continue_in_holder(log_fd); },
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
  Result<Launched> launched = sandbox::launch(spec);
  if (!launched && spec.listener && is_listener_busy(launched.error())) {
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
  return supervise_command(std::move(*launched), plan, run, explainer, output);
}

}  // namespace cordon::cli
