// From names to numbers: the only maker of ResolvedPolicy.
//
//   Result<ResolvedPolicy> resolved = policy::resolve(policy, {});
//
// Errors: unknown names (with the nearest ones), a contradiction, an argument the call does not have, …
// Warnings: dead rules, comparisons that are always or never true, multiplexed calls that had to be
// answered more strictly than written, errno 0.
#pragma once

#include "cordon/base/result.h"
#include "cordon/policy/policy.h"
#include "cordon/policy/resolved_policy.h"

namespace cordon::policy {

struct ResolveOptions {
  // A name that no table has is a warning and its rule is dropped, unless the call would get less without it.
  bool allow_unknown = false;
};

Result<ResolvedPolicy> resolve(const Policy& policy, const ResolveOptions& options);

// The stack of several policies as one: for each call the stricter answer, the newest's data between
// equals, as the kernel runs stacked filters (the last of `policies` is the newest). Origin::policy tells whose.
// Error stack-too-large: the rules of the policies multiply to more than any filter could hold.
Result<ResolvedPolicy> combine(std::span<const ResolvedPolicy> policies);

}  // namespace cordon::policy
