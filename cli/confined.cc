#include "cli/confined.h"

#include "cordon/policy/confinement.h"
#include "cordon/sandbox/exec_grants.h"
#include "cordon/sandbox/find_program.h"
#include "cordon/sandbox/landlock.h"

namespace cordon::cli {

void Confined::apply(LaunchSpec& spec) const {
  spec.setup = setup;
  for (const Fd& ruleset : rulesets) spec.rulesets.push_back(ruleset.get());
}

Result<Confined> confine(const std::vector<Loaded>& policies, const ConfineRequest& request) {
  const ConfineOptions& options = request.confining;
  std::vector<std::vector<PlacedLine>> sources;
  for (const Loaded& loaded : policies)
    if (loaded.policy) sources.push_back(policy::placed_lines(*loaded.policy));
  CORDON_TRY(lines, lines_of(options));
  sources.push_back(std::move(lines));
  CORDON_TRY(confinement, policy::confine(sources));
  CORDON_TRY(setup, setup_of(request.setup));
  setup.kept_capabilities = confinement.kept_capabilities;
  setup.may_keep_bounding_set = options.may_lack("caps");
  for (const ResourceLimit& limit : confinement.limits) setup.limits.push_back({limit.resource, limit.value});
  Result<std::vector<Fd>> rulesets = sandbox::make_rulesets(confinement, {.best_effort = options.may_lack("landlock")});
  if (!rulesets) return rulesets.error();
  if (!rulesets->empty()) {
    // A program that is not there is told by the launch.
    const sandbox::ProgramSearch search = sandbox::search_of(setup);
    if (const Result<std::string> found = sandbox::find_program(request.command, search)) {
      const bool is_relative = !search.directory.empty() && !found->starts_with('/');
      const std::string path = is_relative ? search.directory + "/" + *found : *found;
      if (auto problem = sandbox::missing_exec_grant(confinement, path)) return *problem;
    }
  }
  return {Confined{.rulesets = std::move(*rulesets), .setup = std::move(setup)}, rulesets.warnings()};
}

}  // namespace cordon::cli
