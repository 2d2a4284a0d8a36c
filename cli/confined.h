// What the sandbox lines of policies and the options of a command line put a command under, ready to be launched.
//
//   Result<Confined> confined = confine(policies, {options.confining, options.setup, options.namespaces, "ls"});
//   confined->apply(spec);            // `confined` has to outlive the launch
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/confine_options.h"
#include "cli/load.h"
#include "cli/namespace_options.h"
#include "cli/setup_options.h"
#include "cordon/base/fd.h"
#include "cordon/sandbox/cgroup.h"
#include "cordon/sandbox/landlock_forecast.h"
#include "cordon/sandbox/launch.h"

namespace cordon::cli {

struct Confined {
  std::vector<Fd> rulesets;
  std::vector<Place> ruleset_places;
  std::vector<RulesetGrant> grants;
  Fd joined_process;
  ProcessSetup setup;
  std::optional<sandbox::Cgroup> cgroup;              // where the command's limits need one
  std::optional<sandbox::LandlockForecast> forecast;  // where it is asked for

  void apply(LaunchSpec& spec) const;
};

struct ConfineRequest {
  const ConfineOptions& confining;
  const SetupOptions& setup;
  const NamespaceOptions& namespaces;
  std::string command;                  // its name as typed
  bool explains_landlock = false;       // Confined::forecast
  const char* leaves_cgroup = nullptr;  // the option or verb with which nobody could remove one
};

// Errors where something cannot be had, or would keep the command from starting; what --best-effort leaves out is a
// warning.
Result<Confined> confine(const std::vector<Loaded>& policies, const ConfineRequest& request);

}  // namespace cordon::cli
