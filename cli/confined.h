// What the sandbox lines of policies and the options of a command line put a command under, ready to be launched.
//
//   Result<Confined> confined = confine(policies, options.confining, "ls");
//   confined->apply(spec);            // `confined` has to outlive the launch
#pragma once

#include <string>
#include <vector>

#include "cli/confine_options.h"
#include "cli/load.h"
#include "cordon/base/fd.h"
#include "cordon/sandbox/launch.h"

namespace cordon::cli {

struct Confined {
  std::vector<Fd> rulesets;

  void apply(LaunchSpec& spec) const;
};

// `command` is its name as typed. Errors where something cannot be had, or would keep the command from starting; what
// --best-effort leaves out is a warning.
Result<Confined> confine(const std::vector<Loaded>& policies, const ConfineOptions& options,
                         const std::string& command);

}  // namespace cordon::cli
