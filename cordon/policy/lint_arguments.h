// Tests on what the kernel does not read, or on what a filter does not see.
//
//   ioctl, args [{"index": 1, "value": 21522, "op": "SCMP_CMP_EQ"}], SCMP_ACT_ERRNO
//   warning: the kernel reads the low 32 bits of cmd of ioctl, but the rule tests higher ones too
//
// Docker's and minijail's formats compare whole registers; cordon's own text does so only where raw() asks for it.
#pragma once

#include <span>

#include "cordon/base/diagnostic.h"
#include "cordon/policy/policy.h"
#include "cordon/policy/resolved_policy.h"

namespace cordon::policy {

// Rules on one number each; `resolved` must come from `policy`. Where unread bits only make a policy stricter, one
// note tells all its rules.
Diagnostics find_unseen_arguments(const Policy& policy, const ResolvedPolicy& resolved, std::span<const Arch> arches);

}  // namespace cordon::policy
