#include "cli/profile.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "cli/recordings.h"
#include "cordon/bpf/cost.h"
#include "cordon/bpf/simulate.h"

namespace cordon::cli {
namespace {

bool is_named(const ResolvedPolicy& policy, const RecordedCall& call) {
  return std::any_of(policy.arches.begin(), policy.arches.end(),
                     [&](const ArchTable& table) { return table.audit_arch == abi::info(call.arch).audit_arch; });
}

Diagnostics unrelated(const Loaded& loaded) {
  Diagnostics problem;
  problem.error("profile-unrelated", in_file(loaded),
                "the recording has no call of an architecture that the policy names",
                "record with `cordon learn -o FILE.cordon-trace` what is to run under this policy");
  return problem;
}

// How many instructions all filters run for the call, as it was recorded; no value: the kernel runs none.
struct Steps {
  uint64_t count = 0;
  bool is_from_bitmap = false;
};

Steps steps_of(std::span<const bpf::Program> programs, const bpf::Input& input, Endian endian) {
  Steps steps;
  steps.is_from_bitmap = bpf::has_bitmap_place(input.audit_arch, input.nr);
  for (const bpf::Program& program : programs) {
    steps.count += bpf::simulate(program, input, endian).steps;
    steps.is_from_bitmap = steps.is_from_bitmap && bpf::is_const_allow(program, input.audit_arch, input.nr).answer;
  }
  return steps;
}

class CostCount {
 public:
  explicit CostCount(std::span<const bpf::Program> programs) : programs_(programs) {}

  void add(const RecordedCall& call) {
    uint64_t rest = call.count;
    for (const RecordedValues& values : call.values) {
      const uint64_t count = std::min(values.count, rest);
      add(call, &values, count);
      rest -= count;
    }
    add(call, nullptr, rest);
  }
  ProfiledCost result() const { return cost_; }

 private:
  void add(const RecordedCall& call, const RecordedValues* values, uint64_t count) {
    if (count == 0) return;
    bpf::Input input;
    input.nr = call.nr;
    input.audit_arch = abi::info(call.arch).audit_arch;
    for (size_t i = 0; values != nullptr && i < call.slot_count; ++i) input.args[call.slots[i]] = values->values[i];
    const Steps steps = steps_of(programs_, input, abi::info(call.arch).endian);
    cost_.calls += count;
    if (steps.is_from_bitmap)
      cost_.from_bitmap += count;
    else
      cost_.instructions += std::min(steps.count * count, UINT64_MAX - cost_.instructions);
  }

  std::span<const bpf::Program> programs_;
  ProfiledCost cost_;
};

}  // namespace

void add_profile_option(CommandLine& app, std::vector<std::string>& files) {
  app.add_option("--profile", files, "a recording of `learn`: calls it saw often are told apart early")
      ->type_name("FILE");
}

Result<CallProfile> read_profile(const std::vector<std::string>& files, const Loaded& loaded) {
  CallProfile profile;
  if (files.empty()) return profile;
  CORDON_TRY(recording, read_recordings(files));
  std::vector<CallCount> counts;
  for (const RecordedCall& call : recording.calls)
    if (loaded.resolved && is_named(*loaded.resolved, call))
      counts.push_back({abi::info(call.arch).audit_arch, call.nr, call.count});
  if (loaded.resolved && counts.empty()) return unrelated(loaded);
  Diagnostics warnings;
  if (const std::string lost = losses(recording); !lost.empty())
    warnings.warning("profile-incomplete", {}, "the recording is not whole: " + lost);
  if (loaded.resolved) profile.weights = compiler::weights_of(*loaded.resolved, counts);
  if (loaded.resolved && profile.weights.empty())
    warnings.warning("profile-unused", in_file(loaded),
                     "the recording changes nothing: the policy allows every call in it whatever its arguments, and "
                     "the kernel answers those without running the filter");
  profile.recording = std::move(recording);
  return {std::move(profile), std::move(warnings)};
}

ProfiledCost cost_of(std::span<const bpf::Program> programs, const Recording& recording) {
  CostCount count(programs);
  for (const RecordedCall& call : recording.calls) count.add(call);
  return count.result();
}

std::string profiled_cost_text(const ProfiledCost& cost) {
  char average[32];
  const uint64_t rest = std::max<uint64_t>(1, cost.calls - cost.from_bitmap);
  std::snprintf(average, sizeof average, "%.2f", static_cast<double>(cost.instructions) / static_cast<double>(rest));
  return "recorded calls          " + std::to_string(cost.calls) + ", " + std::to_string(cost.from_bitmap) +
         " of them answered from the kernel's bitmap\n" + "weighted path           " +
         (cost.calls == cost.from_bitmap ? "none: no recorded call runs the filter"
                                         : std::string(average) + " instructions for each of the others") +
         "\n";
}

}  // namespace cordon::cli
