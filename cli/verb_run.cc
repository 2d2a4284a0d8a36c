#include <linux/seccomp.h>

#include "cli/command.h"
#include "cli/confined.h"
#include "cli/exit_status.h"
#include "cli/load.h"
#include "cli/plan_cache.h"
#include "cli/run_options.h"
#include "cli/run_plan.h"
#include "cli/run_refusals.h"
#include "cli/supervised_run.h"
#include "cli/verb.h"
#include "cli/via.h"
#include "cordon/sandbox/launch.h"

namespace cordon::cli {
namespace {

constexpr const char* kExamples =
    "  cordon run -p ls.cordon -- ls -l           explain what is denied, end with the command's status\n"
    "  cordon run -p cat.policy -- cat file       a minijail policy: the filter begins at the program's entry point\n"
    "  cordon run -p a.cordon -p b.cordon -- cmd  both: for each call the stricter answer\n"
    "  cordon run --exec -p app.cordon -- app     become the command: no supervisor, no explanations\n"
    "  cordon run --strict -- ./worker            seccomp mode 1: read, write, exit, rt_sigreturn\n"
    "  cordon run -p app.cordon --explain-log denials.json --quiet -- app\n"
    "  cordon run -p builtin:unconfined --files-exec /usr --files-read /etc/passwd --net-none -- cat /etc/passwd\n"
    "  cordon run --via /run/user/1000/app -- app arg   in the sandbox of a cordon serve\n"
    "  cordon run -p builtin:docker-default --unshare user,mount,pid,net --mount-root read --mount-proc -- ps ax";

// The user's word, else what all policies imply alike.
Result<StartPoint> find_start(const RunOptions& options, const std::vector<Loaded>& policies) {
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

// With a listener the kernel tells of a thread that could not be synchronised by ESRCH only.
FilterSpec listening(FilterSpec filter, const RunOptions& options) {
  if (options.tsync) filter.flags |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
  if (options.wait_killable) filter.flags |= SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
  return filter;
}

int run_strict(const RunOptions& options, LaunchSpec spec, const OutputOptions& output) {
  if (!options.specs.empty())
    return fail(usage_error("--strict takes no policy", "-p builtin:strict is the filter with the same calls"), output,
                kOwnFailure);
  spec.strict = true;
  spec.start = options.start == "exec" ? StartPoint::exec : StartPoint::entry;
  if (options.start == "before-exec")
    return fail(
        usage_error("strict mode cannot begin before the exec: execve would be killed", "--start exec or entry"),
        output, kOwnFailure);
  const Policies none{std::vector<Loaded>()};
  Result<Confined> confined = confine(none.all(), {.confining = options.confining,
                                                   .setup = options.setup,
                                                   .namespaces = options.namespaces,
                                                   .command = spec.argv.front(),
                                                   .leaves_cgroup = options.exec ? "--exec" : nullptr});
  print_diagnostics(confined.diagnostics(), output);
  if (!confined) return kOwnFailure;
  confined->apply(spec);
  if (options.exec) {
    const Diagnostics refused = Result<Done>(sandbox::exec(spec)).error();
    return fail(refused, output, launch_failure_status(refused));
  }
  spec.trace_exits = true;
  return run_supervised(
      std::move(spec), {},
      {.policies = none, .explaining = options.explaining, .strict = true, .time_limit = time_limit(options)}, output);
}

int run(RunOptions& options, PolicyOptions& reading, const OutputOptions& output, std::vector<std::string> command) {
  if (command.empty())
    return fail(usage_error("no command was given", "cordon run -p POLICY -- COMMAND"), output, kOwnFailure);
  LaunchSpec spec;
  spec.argv = std::move(command);
  spec.no_new_privs = !options.danger_new_privs;
  spec.logs_landlock = options.log;
  options.explaining.all = options.explain == "all";
  const Result<OnNotify> answering = on_notify(options.notifying);
  if (!answering) return fail(answering.error(), output, kOwnFailure);
  if (Diagnostics idle = nobody_stays(options); idle.has_errors()) return fail(idle, output, kOwnFailure);
  if (options.strict) return run_strict(options, std::move(spec), output);
  if (options.specs.empty())
    return fail(usage_error("no policy was given", "-p POLICY; -p builtin:unconfined allows everything"), output,
                kOwnFailure);

  PlanOptions planning{.explain_errno = !options.exec && !options.no_listener,
                       .explain_all = options.explaining.all,
                       .answers_notify = answering->answers(),
                       .hands_over = answering->is_elsewhere(),
                       .explains_landlock = options.explain_landlock,
                       .filter_flags = filter_flags(options),
                       .proof = options.proof};
  SourceCopies copies;
  reading.copies = &copies;
  // What is told of notify rules depends on who answers them.
  PlanCache cache({.specs = options.specs,
                   .reading = reading,
                   .planning = planning,
                   .start = options.start,
                   .may_be_kept = !options.no_cache && !options.notifying.any()});
  const std::optional<CachedPlan> kept = cache.find(copies);
  Policies policies([&] { return one_filter_each(*load_all(options.specs, reading)); });
  Diagnostics problems;
  if (kept) {
    spec.start = kept->start;
  } else {
    Result<std::vector<Loaded>> loaded = load_all(options.specs, reading);
    if (!loaded) return fail(loaded.error(), output, kOwnFailure);
    policies = Policies(one_filter_each(*loaded));
    Result<StartPoint> start = find_start(options, policies.all());
    if (!start) return fail(start.error(), output, kOwnFailure);
    spec.start = *start;
    problems = loaded.warnings();
    problems.append(refuse(policies.all(), *start, *answering));
    problems.append(unanswered(policies.all(), *answering));
    print_diagnostics(problems, output);
    if (problems.has_errors()) return kOwnFailure;
  }
  const std::vector<Loaded> only_filters;
  const bool is_only_filters = kept && !kept->has_other_lines;
  Result<Confined> confined = confine(is_only_filters ? only_filters : policies.all(),
                                      {options.confining, options.setup, options.namespaces, spec.argv.front(),
                                       options.explain_landlock, options.exec ? "--exec" : nullptr});
  print_diagnostics(confined.diagnostics(), output);
  if (!confined) return kOwnFailure;
  if (const Diagnostics apart = check_emulation(answering->emulation, *confined); apart.has_errors())
    return fail(apart, output, kOwnFailure);
  confined->apply(spec);

  Result<RunPlan> plan = kept ? plan_of(*kept, policies, options.proof) : make_plan(policies.all(), planning);
  print_diagnostics(plan.diagnostics(), output);
  if (!plan) return kOwnFailure;
  const Diagnostics heard = check_notify(*plan, *answering);
  print_diagnostics(heard, output);
  if (heard.has_errors()) return kOwnFailure;
  // What was told has to be told again.
  if (!kept && problems.empty() && plan.diagnostics().empty()) keep(*plan, spec.start, policies.all(), cache, copies);
  spec.filters = plan->filters;
  if (options.exec) {
    const Diagnostics refused = Result<Done>(sandbox::exec(spec)).error();
    return fail(refused, output, launch_failure_status(refused));
  }
  spec.listener = plan->listener;
  if (spec.listener) spec.filters.back() = listening(std::move(spec.filters.back()), options);
  spec.filters_without_listener = [&]() -> Result<std::vector<FilterSpec>> {
    if (answering->answers() && plan->notifies)
      return unheard("the command has several threads where its filter begins");
    planning.explain_errno = false;
    CORDON_TRY(plain, make_plan(policies.all(), planning));
    return std::move(plain.filters);
  };
  // In a gate's place the supervisor has to answer itself.
  if (!answering->is_elsewhere())
    spec.gate = [&] {
      std::optional<FilterSpec> gate = make_gate(*plan);
      return gate ? std::optional(listening(std::move(*gate), options)) : gate;
    };
  spec.trace_exits = plan->can_kill;
  return run_supervised(std::move(spec), *plan,
                        {.policies = policies,
                         .explaining = options.explaining,
                         .time_limit = time_limit(options),
                         .on_notify = *answering,
                         .forecast = confined->forecast ? &*confined->forecast : nullptr},
                        output);
}

}  // namespace

int run_main(int argc, char** argv) {
  OutputOptions output;
  PolicyOptions reading;
  RunOptions options;
  CommandLine app("run [options] -p POLICY... -- COMMAND...",
                  "Runs a command under a policy. Ends with the command's status, 128+N if signal N ended it, 125 "
                  "for cordon's own failures, 126 and 127 as a shell.",
                  kExamples);
  add_run_options(app, options);
  add_quiet_option(app, output, "print no explanations and no warnings");
  add_policy_options(app, reading);
  add_output_options(app, output);
  if (auto status = parse(app, argc, argv, kOwnFailure)) return *status;
  options.explaining.quiet = output.quiet;
  if (app.count("--via") > 0) return run_via(options.via, app, output);
  return run(options, reading, output, app.command());
}

}  // namespace cordon::cli
