// Starts a command under filters.
//
//   LaunchSpec spec{.argv = {"ls", "-l"}};
//   spec.filters.push_back({filter.program, SECCOMP_FILTER_FLAG_LOG});
//   Result<Launched> launched = sandbox::launch(spec);
//
// The command runs as asked or not at all: any step that fails is reported with its errno, and nothing
// was executed. After the fork only child.cc runs; it allocates nothing.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cordon/base/fd.h"
#include "cordon/base/result.h"
#include "cordon/bpf/program.h"
#include "cordon/policy/policy.h"
#include "cordon/sandbox/kernel_verdict.h"
#include "cordon/sandbox/listener.h"
#include "cordon/sandbox/process_setup.h"

namespace cordon {

namespace sandbox {
class Preparation;
class ExitTracer;
class AuditReader;
class LauncherState;
}  // namespace sandbox

struct FilterSpec {
  bpf::Program program;
  uint32_t flags = 0;  // SECCOMP_FILTER_FLAG_*; the listener flag is set by LaunchSpec::listener
};

// What is beneath a path of the command's own tree, added to a ruleset when that tree is there.
struct RulesetGrant {
  int ruleset = -1;
  std::string path;
  uint64_t rights = 0;  // bits of abi/landlock.h, for a directory; a file gets those it can have
};

struct LaunchSpec {
  std::vector<std::string> argv;  // argv[0] is looked up in PATH, of its environment, as execvp does
  ProcessSetup setup = {};
  std::vector<int> rulesets = {};          // make_rulesets(), entered in this order before the filters; the caller's
  std::vector<Place> ruleset_places = {};  // who asked for each, told when it cannot be entered; or none
  std::vector<RulesetGrant> grants = {};
  bool logs_landlock = false;       // the kernel logs what the rulesets refuse the command (Linux 6.15)
  int cgroup = -1;                  // Cgroup::entrance(), of the caller's; not for ready sandboxes
  std::vector<FilterSpec> filters;  // installed in this order
  StartPoint start = StartPoint::before_exec;
  bool listener = false;  // user notification for the last filter
  // What is installed instead of `filters` where a listener cannot be had after all (several threads before the
  // entry point): filters that ask nobody. Made only then. Not given: `filters`, whose questions the kernel answers
  // by ENOSYS.
  std::function<Result<std::vector<FilterSpec>>()> filters_without_listener = {};
  bool strict = false;  // mode 1, entered at `start` (entry); no filters then
  bool no_new_privs = true;
  bool trace_exits = false;  // stay attached to learn what a killed or trapped call was
  // For StartPoint::exec where the command cannot be traced: the filters' meaning with every call they do not
  // allow turned into a question. It is installed before the exec, which launch() lets pass; from then on the
  // supervisor stands in for the kernel (Launched::gate_shut). Made only then. Not given, or none made: such a
  // launch is refused.
  std::function<std::optional<FilterSpec>()> gate = {};
  // The signals supervise() passes on stay blocked in the calling thread when launch() returns, so that none
  // of them ends the launcher and leaves the command without its supervisor. The end of what was launched
  // sets the old mask again. The command never sees the difference.
  bool hold_signals = true;
};

struct Launched {
  Launched();
  Launched(Launched&&) noexcept;
  Launched& operator=(Launched&&) noexcept;
  ~Launched();

  pid_t pid = 0;
  Fd pidfd;
  Fd reaper;  // the first process of the pid namespace made for the command
  std::optional<Listener> listener;
  bool traced = false;  // the caller's thread is the tracer (trace_exits)
  // A listener is asked about execve itself: launch() returns before the command runs, and failures of
  // the exec are known only when the command has ended (launch_failure).
  bool exec_pending = false;
  bool trace_refused = false;  // trace_exits was asked for, and there is no tracer
  // LaunchSpec::gate is installed instead of the filters: every call that is asked about has to be answered as the
  // filters would, a kill by Response::kills().
  bool gate_shut = false;
  // Of the calling process: while it lives no other command should be launched.
  std::unique_ptr<sandbox::LauncherState> state;
  std::unique_ptr<sandbox::Preparation> preparation;  // what the child reads until it has execed
  std::unique_ptr<sandbox::ExitTracer> tracer;        // where `traced`
  std::unique_ptr<sandbox::AuditReader> audit;        // where tracing was asked for and refused
  std::vector<KernelVerdict> verdicts;                // found before supervise()
};

namespace sandbox {

// The diagnostics' code says what kind of failure it was: "not-found" (127), "not-executable" (126),
// anything else is cordon's own (125).
//
// Until what was launched is gone, SIGCHLD has its standard disposition, SIGPIPE and SIGXFSZ are ignored and the
// process cannot be traced or dumped (PR_SET_DUMPABLE 0). The last stays so where a task of the command may be left:
// only a listener can tell that there is none.
//
// Notes beside the value say what could not be had: no listener, no tracer.
Result<Launched> launch(const LaunchSpec& spec);

// Why a command that has ended, and was not reaped yet, never ran; no value if it did.
std::optional<Diagnostic> launch_failure(const Launched& launched);

// Replaces the calling process by the command; returns only if that failed. No listener, no trace_exits.
Diagnostic exec(const LaunchSpec& spec);

}  // namespace sandbox
}  // namespace cordon
