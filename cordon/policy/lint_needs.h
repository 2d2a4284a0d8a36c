// Rules that allow what cannot be done: calls that need a capability which the policy drops, and calls newer than the
// kernel the policy says it knows.
//
//   caps keep net_bind_service
//   allow reboot               note: 'reboot' needs CAP_SYS_BOOT, which 'caps keep' drops
#pragma once

#include <span>

#include "cordon/base/diagnostic.h"
#include "cordon/policy/lint_verdict.h"
#include "cordon/policy/policy.h"

namespace cordon::policy {

Diagnostics find_unmet_needs(const Policy& policy, const Verdicts& verdicts, std::span<const Arch> arches);

}  // namespace cordon::policy
