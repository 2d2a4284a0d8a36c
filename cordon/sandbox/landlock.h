// The Landlock part of a confinement: rulesets, made before there is a child that is put under them.
//
//   Result<std::vector<Fd>> rulesets = sandbox::make_rulesets(confinement, {});
//   for (const Fd& ruleset : *rulesets) spec.rulesets.push_back(ruleset.get());
//
// Paths are looked up here, links followed: a grant holds for the file that is there now and, of a directory, for all
// that is or will be beneath it. The descriptors close on exec. Nothing opened before is affected, and Landlock does
// not judge stat, chdir, chmod, chown, utime, fcntl, raw sockets, nor (before Linux 7.2) UDP.
#pragma once

#include <vector>

#include "cordon/base/fd.h"
#include "cordon/base/result.h"
#include "cordon/policy/confinement.h"
#include "cordon/sandbox/launch.h"

namespace cordon::sandbox {

struct LandlockOptions {
  bool best_effort = false;   // what the kernel lacks is a warning
  bool defers_paths = false;  // they are the command's, who has another tree: deferred_grants()
};

// One for each layer, in order; none where the kernel has no Landlock, under best_effort.
Result<std::vector<Fd>> make_rulesets(const Confinement& confinement, const LandlockOptions& options);

// What was deferred, for the launch to look up in the command's tree.
std::vector<RulesetGrant> deferred_grants(const Confinement& confinement, const std::vector<Fd>& rulesets);

// The running kernel's ABI, or -errno: ENOSYS not built, EOPNOTSUPP not enabled.
int landlock_abi();

}  // namespace cordon::sandbox
