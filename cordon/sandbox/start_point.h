// Filters that begin later than the exec: at the first instruction of the new program, or at its entry
// point (after the dynamic linker).
//
//   Tracee tracee(pid);                             // seized with kStartOptions, waiting at the gate
//   open the gate
//   Approach approach({.command = pid});
//   StartOutcome at = reach_start(approach, StartPoint::entry);
//   Result<Confined> confined = confine(tracee, request);
//
// The program makes the seccomp(2) calls itself, by injection; nothing is preloaded, static programs work
// too. What ran before the point (the loader, constructors of libraries) was not judged; threads such code
// has started are brought under the filter by TSYNC. A command that starts a process, executes or ends
// before the point is an error and is killed: it would have gone round the filter.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cordon/base/fd.h"
#include "cordon/base/result.h"
#include "cordon/policy/policy.h"
#include "cordon/sandbox/approach.h"
#include "cordon/sandbox/launch.h"
#include "cordon/sandbox/tracee.h"

namespace cordon::sandbox {

// The tracee is killed if its tracer dies before the filter is there.
uint64_t start_options();

struct StartOutcome {
  // never_executed: it failed or died before its exec, or cannot be followed.
  enum class Kind : uint8_t { reached, never_executed, failed };
  Kind kind = Kind::reached;
  Diagnostics errors;
};

// From the gate to the start point, where every thread of the command is stopped.
StartOutcome reach_start(Approach& approach, StartPoint start);

struct Confined {
  Fd listener;
  std::string note;  // why there is no listener although one was asked for
};

struct ConfineRequest {
  std::span<const FilterSpec> filters;
  bool listener = false;
  std::function<Result<std::vector<FilterSpec>>()> filters_without_listener = {};  // of the LaunchSpec
  bool strict = false;
  int pidfd = -1;
};

// At the start point: installs everything; the tracee is stopped still.
Result<Confined> confine(const Tracee& tracee, const ConfineRequest& request);

}  // namespace cordon::sandbox
