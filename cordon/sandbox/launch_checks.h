// What is refused before anything starts, because it could not be taken back or would hit the host.
#pragma once

#include <optional>

#include "cordon/base/diagnostic.h"
#include "cordon/sandbox/process_setup.h"

namespace cordon::sandbox {

// A command that cannot be sent a signal could not be ended: not when its time is up, nor where its filter failed.
std::optional<Diagnostic> cannot_end(const ProcessSetup& setup);

// What would change the host's own instead of the command's.
std::optional<Diagnostic> misplaced(const NamespaceSetup& namespaces);

}  // namespace cordon::sandbox
