// A command under its filters with cordon beside it: what `run` does without --exec.
//
//   return run_supervised(std::move(spec), plan, {.policies = policies, .explaining = {}}, output);
#pragma once

#include <optional>
#include <vector>

#include "cli/explain.h"
#include "cli/load.h"
#include "cli/on_notify.h"
#include "cli/output.h"
#include "cli/run_plan.h"
#include "cordon/sandbox/launch.h"
#include "cordon/sandbox/supervise.h"

namespace cordon::cli {

struct SupervisedRun {
  const Policies& policies;
  ExplainOptions explaining;
  bool strict = false;  // the filters are seccomp's mode 1
  std::optional<TimeLimit> time_limit = {};
  OnNotify on_notify = {};
  const sandbox::LandlockForecast* forecast = nullptr;  // what Landlock is about to refuse is told too; the caller's
};

// The status to end with.
int run_supervised(LaunchSpec spec, const RunPlan& plan, const SupervisedRun& run, const OutputOptions& output);

}  // namespace cordon::cli
