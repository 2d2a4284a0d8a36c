// What `run` and `learn` share: both start a command, and end with its status.
#pragma once

#include <string>

#include "cordon/base/diagnostic.h"
#include "cordon/policy/policy.h"

namespace cordon::cli {

// "before-exec", "exec", "entry", as --start takes them; anything else is before-exec.
StartPoint start_point(const std::string& name);

// 127 or 126 as a shell ends where a command is not found or not executable; 125 for the rest.
int launch_failure_status(const Diagnostics& problems);

}  // namespace cordon::cli
