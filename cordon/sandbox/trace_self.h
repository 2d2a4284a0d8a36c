// A start point later than the exec for a process that is replaced by the command: a helper that is no
// child of it traces it there and leaves.
#pragma once

#include <optional>

#include "cordon/base/diagnostic.h"
#include "cordon/sandbox/child.h"
#include "cordon/sandbox/launch.h"

namespace cordon::sandbox {

// Starts the helper; the caller then goes through the report's gate and executes the command. If the
// helper cannot trace, the gate refuses. If it fails after the exec it says so on standard error (there
// is nobody left to report to) and the command is killed.
std::optional<Diagnostic> start_self_tracer(const LaunchSpec& spec, StartPoint start, LaunchReport& report);

}  // namespace cordon::sandbox
