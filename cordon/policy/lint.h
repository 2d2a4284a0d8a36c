// Weaknesses of a policy that is correct: for `check`.
//
//   policy::lint(policy, *policy::resolve(policy, {}))
//   errno EPERM mkdir      under default allow: warning, 'mkdirat' does the same and is allowed
//
// Every finding is certain of what the policy answers; whether it is meant so, only its author knows.
#pragma once

#include "cordon/base/diagnostic.h"
#include "cordon/policy/policy.h"
#include "cordon/policy/resolved_policy.h"

namespace cordon::policy {

// `resolved` must come from `policy`.
Diagnostics lint(const Policy& policy, const ResolvedPolicy& resolved);

}  // namespace cordon::policy
