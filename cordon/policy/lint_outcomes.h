// Answers that do something else than they seem to: an errno libc does not expect, a tracer that is not there, calls
// of another architecture that go past the rules.
//
//   errno EPERM clone3     warning: glibc makes threads with clone only where clone3 answers ENOSYS
//   badarch allow          warning: every call can be made as one of another architecture
#pragma once

#include <span>

#include "cordon/base/diagnostic.h"
#include "cordon/policy/lint_verdict.h"
#include "cordon/policy/policy.h"

namespace cordon::policy {

Diagnostics find_odd_outcomes(const Policy& policy, const Verdicts& verdicts, std::span<const Arch> arches);

}  // namespace cordon::policy
