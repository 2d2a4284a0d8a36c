// What a policy answers to a call of which only some arguments are given.
//
//   PartialCall call = …;                       // openat with flags known, the rest open
//   for (auto& outcome : policy::outcomes(resolved, call)) …
//   // if flags & O_ACCMODE == O_RDONLY: allow; otherwise: errno EPERM
//
// Outcomes are in the order of first match: each holds where its condition does and no earlier one's does.
#pragma once

#include <array>
#include <vector>

#include "cordon/policy/call.h"
#include "cordon/policy/resolved_policy.h"

namespace cordon {

struct PartialCall {
  Call call;
  // By operand: slots 0..5, then the instruction pointer. What is not known may have any value.
  std::array<bool, 7> known{};
};

namespace policy {

// The condition that is left when the known operands are put in.
ResolvedCondition specialise(const ResolvedCondition& condition, const PartialCall& call);

// At least one; the last one's condition is always.
std::vector<Clause> outcomes(const ResolvedPolicy& policy, const PartialCall& call);

}  // namespace policy
}  // namespace cordon
