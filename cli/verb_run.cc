#include <linux/seccomp.h>

#include <cerrno>
#include <csignal>

#include "cli/command.h"
#include "cli/exit_status.h"
#include "cli/explain.h"
#include "cli/load.h"
#include "cli/run_plan.h"
#include "cli/verb.h"
#include "cordon/sandbox/launch.h"
#include "cordon/sandbox/process_info.h"
#include "cordon/sandbox/supervise.h"

namespace cordon::cli {
namespace {

constexpr const char* kExamples =
    "  cordon run -p ls.cordon -- ls -l           explain what is denied, end with the command's status\n"
    "  cordon run -p cat.policy -- cat file       a minijail policy: the filter begins at the program's entry point\n"
    "  cordon run -p a.cordon -p b.cordon -- cmd  both: for each call the stricter answer\n"
    "  cordon run --exec -p app.cordon -- app     become the command: no supervisor, no explanations\n"
    "  cordon run --strict -- ./worker            seccomp mode 1: read, write, exit, rt_sigreturn\n"
    "  cordon run -p app.cordon --explain-log denials.json --quiet -- app";

struct Options {
  std::vector<std::string> specs;
  std::string start;
  std::string explain = "denials";
  bool exec = false, strict = false, no_listener = false, danger_new_privs = false;
  bool log = false, spec_allow = false, tsync = false, wait_killable = false;
  ExplainOptions explaining;
};

void add_options(CLI::App& app, Options& options) {
  app.add_option("-p,--policy", options.specs, "policy source; several are stacked, the stricter answer wins")
      ->type_name("POLICY")
      ->take_all()
      ->expected(1)
      ->allow_extra_args(false);
  app.add_flag("--exec", options.exec, "replace cordon by the command: nothing stays beside it");
  app.add_option("--start", options.start,
                 "where the filter begins: before-exec (default), exec, entry (default for minijail policies)")
      ->type_name("POINT")
      ->check(one_of({"before-exec", "exec", "entry"}));
  app.add_flag("--strict", options.strict, "seccomp mode 1 from the program's entry point; no policy");
  app.add_flag("-q,--quiet", options.explaining.quiet, "print no explanations");
  app.add_option("--explain", options.explain, "denials (default), or all: calls answered ENOSYS on purpose too")
      ->type_name("WHAT")
      ->check(one_of({"denials", "all"}));
  app.add_option("--explain-log", options.explaining.log_path, "append explanations as JSON lines")->type_name("FILE");
  app.add_flag("--no-listener", options.no_listener,
               "leave the seccomp listener to the command; errno denials are not explained");
  app.add_flag("--log", options.log, "let the kernel log denials (SECCOMP_FILTER_FLAG_LOG)");
  app.add_flag("--spec-allow", options.spec_allow, "no speculation mitigation (SECCOMP_FILTER_FLAG_SPEC_ALLOW)");
  app.add_flag("--tsync", options.tsync, "synchronise threads (SECCOMP_FILTER_FLAG_TSYNC)");
  app.add_flag("--wait-killable", options.wait_killable,
               "only fatal signals interrupt notified calls (SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)");
  app.add_flag("--danger-new-privs", options.danger_new_privs, "do not set no_new_privs (needs CAP_SYS_ADMIN)");
  app.prefix_command();
}

// The user's word, else what all policies imply alike.
Result<StartPoint> find_start(const Options& options, const std::vector<Loaded>& policies) {
  if (!options.start.empty()) return start_point(options.start);
  std::optional<StartPoint> start;
  for (const Loaded& loaded : policies) {
    StartPoint own = StartPoint::before_exec;
    if (loaded.policy && loaded.policy->start) own = *loaded.policy->start;
    if (start && *start != own)
      return usage_error("the policies begin at different points of the program",
                         "say which with --start before-exec, exec or entry");
    start = own;
  }
  return start.value_or(StartPoint::before_exec);
}

uint32_t filter_flags(const Options& options) {
  return (options.log ? SECCOMP_FILTER_FLAG_LOG : 0u) | (options.spec_allow ? SECCOMP_FILTER_FLAG_SPEC_ALLOW : 0u) |
         (options.tsync ? SECCOMP_FILTER_FLAG_TSYNC : 0u);
}

bool is_listener_busy(const Diagnostics& problems) {
  for (const Diagnostic& problem : problems)
    if (problem.code == "listener-busy") return true;
  return false;
}

// Calls that are handed to somebody who is not there.
void warn_about_unanswered(const Action& action, const std::string& whose, const Place& place, Diagnostics& warnings) {
  if (action.kind == ActionKind::notify)
    warnings.warning("unanswered", place, whose + " says notify, and nothing answers here: the call fails with ENOSYS");
  if (action.kind == ActionKind::trace)
    warnings.warning("unanswered", place, whose + " says trace, and there is no tracer: the call fails with ENOSYS");
}

void warn_about_unanswered(const std::vector<Loaded>& policies, Diagnostics& warnings) {
  for (const Loaded& loaded : policies) {
    if (!loaded.policy) continue;
    Place head;
    head.file = loaded.name;
    warn_about_unanswered(loaded.policy->default_action.action, "default", head, warnings);
    warn_about_unanswered(loaded.policy->bad_arch.action, "badarch", head, warnings);
    if (loaded.policy->unknown) warn_about_unanswered(loaded.policy->unknown->action, "unknown", head, warnings);
    for (const Rule& rule : loaded.policy->rules)
      warn_about_unanswered(rule.action, "the rule", loaded.policy->sources.locate(rule.span), warnings);
  }
}

// What was decided about a call that asks, until it is told.
struct Answerer {
  const RunPlan& plan;
  Explainer& explainer;
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

int supervise_command(const Options& options, Launched launched, const RunPlan& plan, Explainer& explainer,
                      const OutputOptions& output) {
  Answerer answerer{.plan = plan, .explainer = explainer, .command = launched.pid, .gate_shut = launched.gate_shut};
  Supervision supervision;
  supervision.answer = [&](const Notification& notification) { return answerer.answer(notification); };
  if (explainer.tells())
    supervision.on_answered = [&](const Notification& notification, const sandbox::Notifier& who) {
      explainer.denied(notification, who, answerer.last);
    };
  supervision.on_kernel_verdict = [&](const KernelVerdict& verdict) {
    if (options.strict)
      explainer.denied_by_strict_mode(verdict);
    else
      explainer.denied(verdict);
  };
  supervision.kept = explainer.log_fd();
  supervision.on_hold = [&](int log_fd) { explainer.continue_in_holder(log_fd); };
  supervision.on_hold_end = [&] { explainer.finish(); };
  Result<Outcome> outcome = sandbox::supervise(std::move(launched), supervision);
  explainer.finish();
  if (!outcome) return fail(outcome.error(), output, kOwnFailure);
  return answerer.exit_status(*outcome);
}

int run_supervised(const Options& options, LaunchSpec spec, const RunPlan& plan, const std::vector<Loaded>& policies,
                   const OutputOptions& output) {
  if (options.explaining.log_path == "-")
    return fail(usage_error("--explain-log takes a file", "explanations are on standard error anyway"), output,
                kOwnFailure);
  Explainer explainer(policies, options.explaining);
  Result<Done> log = explainer.open_log();
  if (!log) return fail(log.error(), output, kOwnFailure);
  Result<Launched> launched = sandbox::launch(spec);
  if (!launched && spec.listener && is_listener_busy(launched.error())) {
    print_error("cordon: note: errno denials are not explained: the command runs inside another seccomp listener\n");
    Result<RunPlan> plain = make_plan(
        policies, {.explain_errno = false, .explain_all = false, .gate = false, .filter_flags = filter_flags(options)});
    if (!plain) return fail(plain.error(), output, kOwnFailure);
    spec.filters = plain->filters;
    spec.listener = false;
    spec.gate.reset();
    launched = sandbox::launch(spec);
  }
  print_diagnostics(launched.diagnostics(), output);
  if (!launched) return launch_failure_status(launched.error());
  return supervise_command(options, std::move(*launched), plan, explainer, output);
}

int run_strict(const Options& options, LaunchSpec spec, const OutputOptions& output) {
  if (!options.specs.empty())
    return fail(usage_error("--strict takes no policy", "-p builtin:strict is the filter with the same calls"), output,
                kOwnFailure);
  spec.strict = true;
  spec.start = options.start == "exec" ? StartPoint::exec : StartPoint::entry;
  if (options.start == "before-exec")
    return fail(
        usage_error("strict mode cannot begin before the exec: execve would be killed", "--start exec or entry"),
        output, kOwnFailure);
  if (options.exec) {
    const Diagnostics refused = Result<Done>(sandbox::exec(spec)).error();
    return fail(refused, output, launch_failure_status(refused));
  }
  spec.trace_exits = true;
  return run_supervised(options, std::move(spec), {}, {}, output);
}

int run(Options& options, const PolicyOptions& reading, const OutputOptions& output, std::vector<std::string> command) {
  if (command.empty())
    return fail(usage_error("no command was given", "cordon run -p POLICY -- COMMAND"), output, kOwnFailure);
  LaunchSpec spec;
  spec.argv = std::move(command);
  spec.no_new_privs = !options.danger_new_privs;
  options.explaining.all = options.explain == "all";
  if (options.strict) return run_strict(options, std::move(spec), output);
  if (options.specs.empty())
    return fail(usage_error("no policy was given", "-p POLICY; -p builtin:unconfined allows everything"), output,
                kOwnFailure);

  std::vector<Loaded> policies;
  Diagnostics problems;
  for (const std::string& name : options.specs) {
    Result<Loaded> loaded = load(name, reading);
    problems.append(loaded.diagnostics());
    if (loaded) policies.push_back(std::move(*loaded));
  }
  if (problems.has_errors()) return fail(problems, output, kOwnFailure);
  Result<StartPoint> start = find_start(options, policies);
  if (!start) return fail(start.error(), output, kOwnFailure);
  spec.start = *start;
  problems.append(refuse(policies, *start));
  warn_about_unanswered(policies, problems);
  print_diagnostics(problems, output);
  if (problems.has_errors()) return kOwnFailure;

  Result<RunPlan> plan = make_plan(policies, {.explain_errno = !options.exec && !options.no_listener,
                                              .explain_all = options.explaining.all,
                                              .gate = *start == StartPoint::exec,
                                              .filter_flags = filter_flags(options)});
  print_diagnostics(plan.diagnostics(), output);
  if (!plan) return kOwnFailure;
  spec.filters = plan->filters;
  if (options.exec) {
    const Diagnostics refused = Result<Done>(sandbox::exec(spec)).error();
    return fail(refused, output, launch_failure_status(refused));
  }
  spec.listener = plan->listener;
  spec.gate = plan->gate;
  // With a listener the kernel tells of a thread that could not be synchronised by ESRCH only.
  if (spec.listener && options.tsync) spec.filters.back().flags |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
  if (spec.listener && options.wait_killable) spec.filters.back().flags |= SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
  spec.trace_exits = plan->can_kill;
  return run_supervised(options, std::move(spec), *plan, policies, output);
}

}  // namespace

int run_main(int argc, char** argv) {
  OutputOptions output;
  PolicyOptions reading;
  Options options;
  auto app = make_app("run [options] -p POLICY... -- COMMAND...",
                      "Runs a command under a policy. Ends with the command's status, 128+N if signal N ended it, 125 "
                      "for cordon's own failures, 126 and 127 as a shell.",
                      kExamples);
  add_options(*app, options);
  add_policy_options(*app, reading);
  add_output_options(*app, output);
  if (auto status = parse(*app, argc, argv, kOwnFailure)) return *status;
  Result<std::vector<std::string>> command = command_of(*app);
  if (!command) return fail(command.error(), output, kOwnFailure);
  return run(options, reading, output, std::move(*command));
}

}  // namespace cordon::cli
