// What a failed step into namespaces means, in words, with the cure.
#pragma once

#include "cordon/base/diagnostic.h"
#include "cordon/sandbox/launch_errors.h"

namespace cordon::sandbox {

// The first clone of a launch.
Diagnostic cannot_clone(int error, const ChildPlan& plan);
Diagnostic cannot_map(int error, const NamespaceSetup& namespaces);

// A step that is about them; describe() asks.
Diagnostic namespace_error(const FailedStep& failed);

}  // namespace cordon::sandbox
