#include "cli/confined.h"

#include <linux/capability.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/trait_options.h"
#include "cordon/abi/namespaces.h"
#include "cordon/policy/confinement.h"
#include "cordon/sandbox/exec_grants.h"
#include "cordon/sandbox/find_program.h"
#include "cordon/sandbox/id_maps.h"
#include "cordon/sandbox/landlock.h"

namespace cordon::cli {
namespace {

// A namespace's owner has every capability in it, and could undo what was mounted there: the command gets those it is
// given.
void keep_namespaces_owned(ProcessSetup& setup, Diagnostics& warnings) {
  const bool enters_user = ((setup.namespaces.made | setup.namespaces.joined) & abi::kUserNamespace) != 0;
  if (enters_user && !setup.kept_capabilities) {
    setup.kept_capabilities = setup.ambient_set.value_or(0) | setup.inheritable_set.value_or(0);
    setup.ambient_set = setup.ambient_set.value_or(0);  // what is inheritable only is not raised
  }
  const bool keeps_admin = setup.kept_capabilities ? (*setup.kept_capabilities >> CAP_SYS_ADMIN & 1) != 0
                                                   : !setup.identity && geteuid() == 0;
  if (keeps_admin && !setup.namespaces.mounts.empty())
    warnings.warning("mounts", {}, "the command keeps CAP_SYS_ADMIN and can mount over, or undo, what is mounted",
                     "--caps-keep none, or a policy that denies mount and its like");
}

// /proc/PID/root of a process of the same user is the host's tree, where that process can be looked into.
void warn_of_ways_out(const Confinement& confinement, const ProcessSetup& setup, Diagnostics& warnings) {
  const auto mounts = [&](std::string_view verb, std::string_view path = {}) {
    return std::any_of(confinement.mounts.begin(), confinement.mounts.end(), [&](const MountRequest& request) {
      return request.verb == verb && (path.empty() || request.path == path);
    });
  };
  const bool sees_hosts = !mounts("proc") || (setup.namespaces.made & abi::kPidNamespace) == 0;
  const bool is_another = setup.identity && setup.identity->uid != 0 && setup.identity->uid != geteuid();
  const bool has_own_user = ((setup.namespaces.made | setup.namespaces.joined) & abi::kUserNamespace) != 0;
  if (!mounts("root", "read") || !sees_hosts || !is_another || has_own_user || !confinement.landlock.empty()) return;
  warnings.warning(
      "mounts", {},
      "what other processes of this user see can be written through /proc/PID/root: the read-only tree does "
      "not hold against that",
      "--unshare user, or --unshare pid and --mount-proc");
}

// Without a number inside it would go on as cordon's own user outside, whatever the map says.
std::optional<Diagnostic> unmapped(const std::vector<IdRange>& ranges, uint32_t id, const char* option,
                                   const char* cure) {
  for (const IdRange& range : ranges)
    if (id >= range.outside && id - range.outside < range.count) return std::nullopt;
  return *usage_error(std::string(option) + " leaves out " + std::to_string(id) + ", which the command would run as",
                      std::string(cure) + " NUMBER says which of the mapped ones it is, or map that too")
              .begin();
}

Result<Done> set_namespaces(const NamespaceOptions& options, const Confinement& confinement, Confined& made,
                            Diagnostics& warnings) {
  CORDON_TRY(namespaces, namespaces_of(options, confinement));
  made.joined_process = std::move(namespaces.joined_process);
  made.setup.namespaces = std::move(namespaces.setup);
  if ((made.setup.namespaces.made & abi::kUserNamespace) != 0) {
    sandbox::map_ids(made.setup);
    if (!made.setup.identity) {
      if (auto problem = unmapped(made.setup.namespaces.uids, geteuid(), "--uid-map", "--uid")) return *problem;
      if (auto problem = unmapped(made.setup.namespaces.gids, getegid(), "--gid-map", "--gid")) return *problem;
    }
    if (!made.setup.namespaces.may_set_groups && made.setup.identity && !made.setup.identity->groups.empty())
      return usage_error("groups cannot be set in a user namespace of a user without CAP_SETGID", "leave --groups out");
  }
  keep_namespaces_owned(made.setup, warnings);
  warn_of_ways_out(confinement, made.setup, warnings);
  const bool has_own_pids = ((made.setup.namespaces.made | made.setup.namespaces.joined) & abi::kPidNamespace) != 0;
  if (has_own_pids && names_ptracer(made.setup))
    return usage_error("--ptracer PID cannot name a process outside the command's pid namespace", "--ptracer any");
  return Done{};
}

// A program that is not there is told by the launch; in a tree of the command's own it is looked for there.
std::optional<Diagnostic> cannot_execute(const Confinement& confinement, const ProcessSetup& setup,
                                         const std::string& command) {
  const sandbox::ProgramSearch search = sandbox::search_of(setup);
  const Result<std::string> found = sandbox::find_program(command, search);
  if (!found) return std::nullopt;
  const bool is_relative = !search.directory.empty() && !found->starts_with('/');
  return sandbox::missing_exec_grant(confinement, is_relative ? search.directory + "/" + *found : *found);
}

// Nothing of it is left out without a word.
Result<Done> set_cgroup(const CgroupLimits& limits, const ConfineRequest& request, Confined& made) {
  if (!limits.any()) return Done{};
  if (request.leaves_cgroup != nullptr)
    return usage_error(std::string("with ") + request.leaves_cgroup + " nothing stays that could remove a cgroup",
                       "leave the cgroup lines and options out, or " + std::string(request.leaves_cgroup));
  Result<sandbox::Cgroup> group = sandbox::Cgroup::make(limits);
  if (group) {
    made.cgroup.emplace(std::move(*group));
    return Done{};
  }
  if (!request.confining.may_lack("cgroup")) return group.error();
  Diagnostics warnings;
  for (Diagnostic problem : group.error()) {
    problem.severity = Severity::warning;
    problem.hint.clear();
    warnings.add(std::move(problem));
  }
  return {Done{}, std::move(warnings)};
}

}  // namespace

void Confined::apply(LaunchSpec& spec) const {
  spec.setup = setup;
  for (const Fd& ruleset : rulesets) spec.rulesets.push_back(ruleset.get());
  spec.ruleset_places = ruleset_places;
  spec.grants = grants;
  spec.cgroup = cgroup ? cgroup->entrance() : -1;
}

Result<Confined> confine(const std::vector<Loaded>& policies, const ConfineRequest& request) {
  const ConfineOptions& options = request.confining;
  std::vector<std::vector<PlacedLine>> sources;
  for (const Loaded& loaded : policies)
    if (loaded.policy) sources.push_back(policy::placed_lines(*loaded.policy));
  CORDON_TRY(lines, lines_of(options));
  const std::vector<PlacedLine> setup_lines = lines_of(request.setup);
  lines.insert(lines.end(), setup_lines.begin(), setup_lines.end());
  sources.push_back(std::move(lines));
  CORDON_TRY(confinement, policy::confine(sources));
  CORDON_TRY(setup, setup_of(confinement.process));
  CORDON_TRY(mask, mask_of(request.setup));
  setup.umask = mask;
  setup.kept_capabilities = confinement.kept_capabilities;
  setup.bounding_set = confinement.bounding_set;
  setup.inheritable_set = confinement.inheritable_set;
  setup.ambient_set = confinement.ambient_set;
  setup.securebits = confinement.securebits;
  setup.capabilities_place = confinement.capabilities_place;
  if (confinement.umask) setup.umask = setup.umask.value_or(0) | *confinement.umask;
  setup.may_keep_bounding_set = options.may_lack("caps");
  for (const ResourceLimit& limit : confinement.limits)
    setup.limits.push_back({limit.resource, limit.value, limit.place});
  Confined made;
  made.setup = std::move(setup);
  Diagnostics warnings;
  if (Result<Done> set = set_traits(confinement.process, options.may_lack("ptracer"), made.setup); !set)
    return set.error();
  else
    warnings.append(set.warnings());
  if (Result<Done> set = set_namespaces(request.namespaces, confinement, made, warnings); !set) return set.error();
  // Paths are the command's: where its tree is another than ours they are looked up there.
  const bool has_own_tree = ((made.setup.namespaces.made | made.setup.namespaces.joined) & abi::kMountNamespace) != 0;
  Result<std::vector<Fd>> rulesets =
      sandbox::make_rulesets(confinement, {.best_effort = options.may_lack("landlock"), .defers_paths = has_own_tree});
  if (!rulesets) return rulesets.error();
  if (has_own_tree) made.grants = sandbox::deferred_grants(confinement, *rulesets);
  if (!rulesets->empty() && !has_own_tree)
    if (auto problem = cannot_execute(confinement, made.setup, request.command)) return *problem;
  if (request.explains_landlock) {
    if (has_own_tree)
      return usage_error("--explain-landlock looks paths up in cordon's file tree, and the command has another",
                         "leave out the mount namespace, or --explain-landlock");
    made.forecast.emplace(confinement, sandbox::landlock_abi());
    if (made.forecast->is_empty())
      warnings.warning("landlock-unused", {},
                       "no files or net line restricts anything that --explain-landlock could tell of");
  }
  if (Result<Done> set = set_cgroup(confinement.cgroup, request, made); !set)
    return set.error();
  else
    warnings.append(set.warnings());
  for (const LandlockLayer& layer : confinement.landlock) made.ruleset_places.push_back(layer.place);
  made.rulesets = std::move(*rulesets);
  warnings.append(rulesets.warnings());
  return {std::move(made), std::move(warnings)};
}

}  // namespace cordon::cli
