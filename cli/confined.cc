#include "cli/confined.h"

#include <cstdlib>

#include "cordon/policy/confinement.h"
#include "cordon/sandbox/exec_grants.h"
#include "cordon/sandbox/find_program.h"
#include "cordon/sandbox/landlock.h"

namespace cordon::cli {

void Confined::apply(LaunchSpec& spec) const {
  for (const Fd& ruleset : rulesets) spec.rulesets.push_back(ruleset.get());
}

Result<Confined> confine(const std::vector<Loaded>& policies, const ConfineOptions& options,
                         const std::string& command) {
  std::vector<std::vector<PlacedLine>> sources;
  for (const Loaded& loaded : policies)
    if (loaded.policy) sources.push_back(policy::placed_lines(*loaded.policy));
  CORDON_TRY(lines, lines_of(options));
  sources.push_back(std::move(lines));
  CORDON_TRY(confinement, policy::confine(sources));
  Result<std::vector<Fd>> rulesets = sandbox::make_rulesets(confinement, {.best_effort = options.may_lack("landlock")});
  if (!rulesets) return rulesets.error();
  if (!rulesets->empty()) {
    // A program that is not there is told by the launch.
    const Result<std::string> path = sandbox::find_program(command, getenv("PATH"));
    if (path)
      if (auto problem = sandbox::missing_exec_grant(confinement, *path)) return *problem;
  }
  return {Confined{.rulesets = std::move(*rulesets)}, rulesets.warnings()};
}

}  // namespace cordon::cli
