// A policy in shares, for filters that each decide some calls and allow all others.
//
//   std::vector<Share> shares = shares_of(policy);
//   part_of(policy, shares, Rest::allowed)     // decides the shares' calls as the policy does, allows the rest
//   cut(share)                                 // two shares for one: the values of one argument below and from 500 on
//
// The kernel asks every filter of a stack and obeys the strictest answer, so a stack of such parts is exact for every
// action as long as each call is decided by one of them.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "cordon/policy/resolved_policy.h"

namespace cordon::compiler {

// Numbers of one architecture, and what is decided about them.
struct Share {
  size_t arch = 0;  // index into ResolvedPolicy::arches
  uint32_t first = 0;
  uint32_t last = 0;
  std::vector<Clause> clauses;
};

// Whose answer it is that a call is left to another filter of the stack.
inline constexpr Origin kLeftToAnother{Origin::Kind::default_action, 0, UINT32_MAX};

// One for each segment.
std::vector<Share> shares_of(const ResolvedPolicy& policy);

// What the part answers on architectures that the policy does not list.
enum class Rest : uint8_t { allowed, as_policy };
// No two shares may be of the same numbers.
ResolvedPolicy part_of(const ResolvedPolicy& policy, std::vector<Share> shares, Rest rest);

// Values and ranges in its conditions, and clauses.
size_t size_of(const Share& share);

// By the values of the argument, under the mask, with the most borders; none where no cut makes both sides simpler.
std::optional<std::pair<Share, Share>> cut(const Share& share);

}  // namespace cordon::compiler
