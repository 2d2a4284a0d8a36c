#include "cordon/sandbox/launch.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cordon/sandbox/approach.h"
#include "cordon/sandbox/audit_reader.h"
#include "cordon/sandbox/child_process.h"
#include "cordon/sandbox/clone_child.h"
#include "cordon/sandbox/exit_tracer.h"
#include "cordon/sandbox/launch_checks.h"
#include "cordon/sandbox/launcher_state.h"
#include "cordon/sandbox/process_info.h"
#include "cordon/sandbox/signals.h"
#include "cordon/sandbox/start_point.h"
#include "cordon/sandbox/trace_self.h"

namespace cordon {

Launched::Launched() = default;
Launched::Launched(Launched&&) noexcept = default;
Launched& Launched::operator=(Launched&&) noexcept = default;
Launched::~Launched() {
  if (state && listener && listener->is_finished()) state->may_open();
}

namespace sandbox {
namespace {

Diagnostic cannot_trace(int error, StartPoint start) {
  const char* cure =
      start == StartPoint::entry
          ? "Yama or another tracer refuses it: see kernel.yama.ptrace_scope, or have CAP_SYS_PTRACE; --start exec can "
            "do without a tracer"
          : "Yama or another tracer refuses it: see kernel.yama.ptrace_scope, have CAP_SYS_PTRACE, or use --start "
            "before-exec";
  Diagnostic diagnostic = system_error("trace the command to its start point", error, cure);
  diagnostic.code = "trace-refused";
  return diagnostic;
}

StartPoint start_of(const LaunchSpec& spec) {
  return spec.strict && spec.start == StartPoint::before_exec ? StartPoint::entry : spec.start;
}

void add_note(Diagnostics& notes, std::string message) { notes.note("explaining", {}, std::move(message)); }

bool is_trace_refusal(const Diagnostics& errors) { return errors.begin()->code == "trace-refused"; }

// The caller's thread becomes the tracer while the child waits at its gate.
void seize_for_exits(Launched& launched, bool strict, Diagnostics& notes) {
  int error = Tracee(launched.pid).seize(ExitTracer::options());
  if (error == 0) {
    launched.tracer = std::make_unique<ExitTracer>(ExitTracer::Options{.command = launched.pid, .strict = strict});
    launched.traced = true;
    return;
  }
  launched.trace_refused = true;
  if (auto reader = AuditReader::open()) {
    launched.audit = std::make_unique<AuditReader>(std::move(*reader));
    add_note(notes, "the command cannot be traced (" + errno_name(error) +
                        "): kills are explained from the audit log, without arguments");
  } else {
    add_note(notes, "the command cannot be traced (" + errno_name(error) +
                        ") nor the audit log read: a kill is known by its signal only");
  }
}

Result<Launched> finish(Launched launched, Diagnostics notes) {
  if (!launched.exec_pending) {
    if (std::optional<Diagnostic> failure = launch_failure(launched)) {
      return destroyed(launched, std::move(*failure));
    }
  }
  return Result<Launched>(std::move(launched), std::move(notes));
}

// The child waits at its gate, where it was given: from here on nobody may look into us.
void begin(Launched& launched, LauncherState& state) {
  state.close();
  state.ignore_write_signals();
  if (launched.preparation->plan.gated) open_gate(launched.preparation->report());
}

Result<Launched> launch_before_exec(const LaunchSpec& spec, std::unique_ptr<Preparation> preparation,
                                    LauncherState& state) {
  ChildPlan& plan = preparation->plan;
  plan.gated = spec.trace_exits || plan.is_mapped;
  if (!plan.gated) state.close();
  CORDON_TRY(launched, clone_child(std::move(preparation)));
  Diagnostics notes;
  if (spec.trace_exits) seize_for_exits(launched, spec.strict, notes);
  // A tracer that cannot wait is known before the command runs.
  int error = launched.tracer ? launched.tracer->pump().error : 0;
  if (error == 0) {
    begin(launched, state);
    error = await_exec(launched);
  }
  if (error != 0) {
    return destroyed(launched, system_error("follow the command to its exec", error,
                                            "a filter above this process denies waitid(2) or wait4(2)"));
  }
  return finish(std::move(launched), std::move(notes));
}

// From its start point on the command runs on its own, or under a tracer of exits.
void let_go(Launched& launched, const LaunchSpec& spec) {
  Tracee tracee(launched.pid);
  if (!spec.trace_exits) {
    tracee.detach();
    return;
  }
  tracee.set_options(ExitTracer::options());
  launched.tracer = std::make_unique<ExitTracer>(ExitTracer::Options{.command = launched.pid, .strict = spec.strict});
  launched.traced = true;
  tracee.resume(0);
}

Diagnostics end_with(const Launched& launched, const Diagnostics& failures) {
  const bool is_ended = destroy(launched);
  Diagnostics told;
  for (Diagnostic failure : failures) {
    if (!is_ended && failure.severity == Severity::error) failure.message += left_running(launched);
    told.add(std::move(failure));
  }
  return told;
}

// The command is not where it should be. What has run of it ran without the filter.
Diagnostics give_up(Launched& launched, Approach& approach, const StartOutcome& outcome) {
  std::optional<Diagnostic> failure;
  if (outcome.kind == StartOutcome::Kind::never_executed) {
    if (has_died(launched)) {
      (void)await_exec(launched);
      failure = launch_failure(launched);
    } else {  // it stands still, and waitid(2) does not say so
      failure = system_error("follow the command to its start point", ECHILD,
                             "something else waits for this process's children");
    }
  }
  approach.abandon();
  return end_with(launched, failure ? Result<Done>(std::move(*failure)).error() : outcome.errors);
}

Result<Launched> launch_at(StartPoint start, const LaunchSpec& spec, std::unique_ptr<Preparation> preparation,
                           LauncherState& state) {
  preparation->plan.gated = true;
  preparation->plan.filter_count = 0;
  preparation->plan.listener = false;
  CORDON_TRY(launched, clone_child(std::move(preparation)));
  Tracee tracee(launched.pid);
  if (int error = tracee.seize(start_options())) {
    return destroyed(launched, cannot_trace(error, start));
  }
  begin(launched, state);
  Approach approach({.command = launched.pid, .pidfd = launched.pidfd.get()});
  StartOutcome reached = reach_start(approach, start);
  if (reached.kind != StartOutcome::Kind::reached) return give_up(launched, approach, reached);
  auto confined = confine(tracee, {.filters = spec.filters,
                                   .listener = spec.listener,
                                   .filters_without_listener = spec.filters_without_listener,
                                   .strict = spec.strict,
                                   .pidfd = launched.pidfd.get()});
  if (!confined) {
    approach.abandon();
    return end_with(launched, confined.error());
  }
  approach.let_threads_go();
  Diagnostics notes;
  if (confined->listener) launched.listener.emplace(std::move(confined->listener));
  if (!confined->note.empty()) add_note(notes, std::move(confined->note));
  let_go(launched, spec);
  return Result<Launched>(std::move(launched), std::move(notes));
}

// Without a tracer: the filter is there before the exec, and who answers for it lets that exec pass.
Result<Launched> launch_gated(const LaunchSpec& spec, FilterSpec gate, LauncherState& state) {
  LaunchSpec gated = spec;
  gated.filters = {std::move(gate)};
  gated.listener = true;
  CORDON_TRY(preparation, Preparation::make(gated));
  preparation->plan.signal_mask = state.command_mask();
  preparation->plan.ignores_child_signal = state.ignores_child_signal();
  preparation->plan.gated = preparation->plan.is_mapped;
  if (!preparation->plan.gated) state.close();
  CORDON_TRY(launched, clone_child(std::move(preparation)));
  begin(launched, state);
  int error = await_exec(launched);
  if (error == 0) error = pass_exec(launched);
  if (error != 0) {
    return destroyed(launched,
                     system_error("let the command's exec pass", error, "a filter above this process denies it"));
  }
  launched.gate_shut = true;
  Diagnostics notes;
  notes.note("gate", {},
             "the command cannot be traced: cordon itself answers for the filter, which ends with it; what is denied "
             "then fails with ENOSYS");
  return finish(std::move(launched), std::move(notes));
}

Result<Launched> with_note_of_directory(Result<Launched> launched) {
  if (!launched->preparation || launched->preparation->report().directory_lost.load() == 0) return launched;
  Diagnostics notes = launched.warnings();
  notes.note("directory", {}, "the command's tree does not have the working directory: it runs in /",
             "--chdir DIR says where");
  return Result<Launched>(std::move(*launched), std::move(notes));
}

}  // namespace

std::optional<Diagnostic> launch_failure(const Launched& launched) {
  if (!launched.preparation) return std::nullopt;
  FailedStep failed = failed_step(*launched.preparation);
  if (failed.error != 0) return describe(failed);
  siginfo_t info{};
  waitid(P_PID, static_cast<id_t>(launched.pid), &info, WEXITED | WNOHANG | WNOWAIT);
  if (info.si_pid != launched.pid || has_execed(launched.pid)) return std::nullopt;
  failed.ended_by_signal = info.si_code != CLD_EXITED;
  failed.status = info.si_status;
  return describe_death(failed);
}

Result<Launched> launch(const LaunchSpec& spec) {
  if (auto problem = cannot_end(spec.setup)) return *problem;
  if (auto problem = misplaced(spec.setup.namespaces)) return *problem;
  CORDON_TRY(preparation, Preparation::make(spec));
  auto state = std::make_unique<LauncherState>();
  preparation->plan.signal_mask = state->command_mask();
  preparation->plan.ignores_child_signal = state->ignores_child_signal();
  StartPoint start = start_of(spec);
  Result<Launched> launched = start == StartPoint::before_exec
                                  ? launch_before_exec(spec, std::move(preparation), *state)
                                  : launch_at(start, spec, std::move(preparation), *state);
  if (!launched && start == StartPoint::exec && spec.gate && is_trace_refusal(launched.error()))
    if (std::optional<FilterSpec> gate = spec.gate()) launched = launch_gated(spec, std::move(*gate), *state);
  if (!launched) {
    state->may_open();
    return launched;
  }
  if (spec.hold_signals)
    state->hold_signals(forwarded_signals());
  else
    state->release_signals();
  launched->state = std::move(state);
  return with_note_of_directory(std::move(launched));
}

Diagnostic exec(const LaunchSpec& spec) {
  if (auto problem = misplaced(spec.setup.namespaces)) return *problem;
  auto made = Preparation::make(spec);
  if (!made) return *made.error().begin();
  Preparation& preparation = **made;
  preparation.plan.signal_mask = current_signal_mask();
  preparation.plan.listener = false;
  preparation.plan.setup.namespaces.needs_directory = true;
  if (auto failure = enter_here(preparation)) return *failure;
  StartPoint start = start_of(spec);
  if (start != StartPoint::before_exec) {
    preparation.plan.gated = true;
    preparation.plan.filter_count = 0;
    if (auto failure = start_self_tracer(spec, start, preparation.report())) return *failure;
  }
  become(preparation.plan);
  FailedStep failed = failed_step(preparation);
  return failed.step == LaunchStep::gate ? cannot_trace(failed.error, start) : describe(failed);
}

}  // namespace sandbox
}  // namespace cordon
