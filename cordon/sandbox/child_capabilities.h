// The capabilities of the new process, under the rules of child.h.
#pragma once

#include "cordon/sandbox/child_setup.h"

namespace cordon::sandbox {

// Both are told by the report when they fail. The first takes CAP_SETPCAP, which another user has no more.
bool reduce_bounding_set(const ChildSetup& setup, LaunchReport& report);
// The other sets and the securebits.
bool set_capabilities(const ChildSetup& setup, LaunchReport& report);

}  // namespace cordon::sandbox
