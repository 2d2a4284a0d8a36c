// Rules that could go without changing anything, as their calls get the same by default.
#pragma once

#include <span>

#include "cordon/base/diagnostic.h"
#include "cordon/policy/policy.h"

namespace cordon::policy {

// One note per rule. A rule that keeps its calls from a later one is not meant, nor one that keeps them
// from counting as unknown.
Diagnostics find_rules_equal_to_default(const Policy& policy, std::span<const Arch> arches);

}  // namespace cordon::policy
