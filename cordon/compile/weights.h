// How often calls come, for an order of the tests of numbers that suits them.
//
//   CompileOptions options;
//   options.weights = weights_of(resolved, counts);     // counts: what a recording saw
//   compile(resolved, options)
//
// Each number below the kernel's last one counts one by itself, for the kernel's emulator tries all of them when a
// filter is attached. A recorded call for which the filter runs counts up to a hundred more, the most frequent one a
// hundred and the others in proportion, at least one. What is allowed whatever its arguments gets nothing: the kernel
// answers such calls from a bitmap (5.11) and runs no filter for them. Where it has none, as for x32 and mips, it does.
//
// It gains little: among balanced trees the best and the worst differ by a few nanoseconds a call, and the filter may
// have an instruction or two more. Which tests there are does not depend on it, so neither does what the filter means.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cordon/policy/resolved_policy.h"

namespace cordon {

struct CallCount {
  uint32_t audit_arch = 0;
  uint32_t nr = 0;
  uint64_t count = 0;
};

struct NumberWeight {
  uint32_t nr = 0;
  uint32_t audit_arch = 0;
  uint32_t weight = 0;  // so many numbers it counts for, beside itself

  auto operator<=>(const NumberWeight&) const = default;
};

namespace compiler {

// Sorted; counts of one call add up. Calls of arches that the policy does not name are left out.
std::vector<NumberWeight> weights_of(const ResolvedPolicy& policy, std::span<const CallCount> counts);

}  // namespace compiler
}  // namespace cordon
