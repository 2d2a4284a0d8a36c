// The reference meaning of a policy: slow, short, obviously right. Everything else is measured against it.
#pragma once

#include "cordon/policy/call.h"
#include "cordon/policy/resolved_policy.h"

namespace cordon::policy {

Decision evaluate(const ResolvedPolicy& policy, const Call& call);

bool holds(const ResolvedCondition& condition, const Call& call);

}  // namespace cordon::policy
