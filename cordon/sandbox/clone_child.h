// The clone of a launch: the new process, in its new namespaces.
#pragma once

#include <memory>
#include <optional>

#include "cordon/base/result.h"
#include "cordon/sandbox/launch.h"
#include "cordon/sandbox/preparation.h"

namespace cordon::sandbox {

// CLONE_VM where this kernel lets a child share memory until its exec, else 0.
int memory_flag();

// The descriptor table is shared until the exec: the listener the child is given is the parent's as well. Into a new
// user namespace, whose maps are written here, the child waits for open_gate().
Result<Launched> clone_child(std::unique_ptr<Preparation> preparation);

// For exec(): the calling process enters them itself, as far as it can be done without another process that stays.
std::optional<Diagnostic> enter_here(Preparation& preparation);

}  // namespace cordon::sandbox
