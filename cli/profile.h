// --profile FILE: a recording of `learn` that tells how often calls come.
//
//   std::vector<std::string> files;
//   add_profile_option(*app, files);
//   Result<CallProfile> profile = read_profile(files, *loaded);
//   options.weights = profile->weights;
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cli/load.h"
#include "cli/options.h"
#include "cordon/base/result.h"
#include "cordon/bpf/program.h"
#include "cordon/compile/weights.h"
#include "cordon/observe/recording.h"

namespace cordon::cli {

struct CallProfile {
  Recording recording;
  std::vector<NumberWeight> weights;  // compiler::weights_of
};

void add_profile_option(CommandLine& app, std::vector<std::string>& files);

// An error where no call of the recordings is of an architecture that the policy names; warnings where
// no filter would run for any of them, and where they are not whole. Without files there are no weights,
// nor for raw filters.
Result<CallProfile> read_profile(const std::vector<std::string>& files, const Loaded& loaded);

// What the recorded calls would cost under the filters, the oldest first: how many of them the kernel answers without
// running one, and how many instructions the others run. Arguments that were not recorded count as 0.
struct ProfiledCost {
  uint64_t calls = 0;
  uint64_t from_bitmap = 0;
  uint64_t instructions = 0;  // of all calls of the rest together
};
ProfiledCost cost_of(std::span<const bpf::Program> programs, const Recording& recording);
// Two lines of a report.
std::string profiled_cost_text(const ProfiledCost& cost);

}  // namespace cordon::cli
