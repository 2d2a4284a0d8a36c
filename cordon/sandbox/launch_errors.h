// What a failed step of a launch means, in words, with the cure.
#pragma once

#include <string>

#include "cordon/base/diagnostic.h"
#include "cordon/sandbox/child.h"

namespace cordon::sandbox {

struct FailedStep {
  LaunchStep step = LaunchStep::start;
  int error = 0;
  uint32_t filter = 0;  // index, of `filter_count`
  uint32_t filter_count = 0;
  uint32_t filter_size = 0;  // instructions
  std::string path;          // of the program
  std::string what;          // the limit, the directory, the grant
  Place place = {};          // who asked for what failed
  const MountStep* mount = nullptr;
  uint64_t namespaces = 0;       // asked for
  bool is_confined = false;      // by more than filters: another user, fewer capabilities, Landlock
  bool ended_by_signal = false;  // describe_death
  int status = 0;                // exit status or signal
};

Diagnostic describe(const FailedStep& failed);

// The process was ended before it executed anything, without reporting an error.
Diagnostic describe_death(const FailedStep& failed);

// seccomp(2) said `error` to the installation of a filter.
Diagnostic install_error(const FailedStep& failed);

}  // namespace cordon::sandbox
