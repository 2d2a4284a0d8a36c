#include "cli/command.h"

#include "cli/exit_status.h"

namespace cordon::cli {

StartPoint start_point(const std::string& name) {
  if (name == "exec") return StartPoint::exec;
  return name == "entry" ? StartPoint::entry : StartPoint::before_exec;
}

int launch_failure_status(const Diagnostics& problems) {
  for (const Diagnostic& problem : problems) {
    if (problem.code == "not-found") return kNotFound;
    if (problem.code == "not-executable") return kNotExecutable;
  }
  return kOwnFailure;
}

}  // namespace cordon::cli
