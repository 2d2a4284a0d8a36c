// A policy too large for one program as a stack of programs, each of which decides some of the calls.
//
//   Result<FilterStack> stack = compiler::compile_stack(resolved, {});
//   for (const Filter& filter : stack->filters) install(filter);      // in this order
//
// Most policies are one filter, and then it is compile()'s. Else every call is decided by exactly one filter and
// allowed by the others, so that the kernel's "the strictest answer of all" is the policy's answer. The calls are
// divided by their numbers, and those whose conditions alone are too large by the values of an argument. The last
// filter is the one that judges seccomp(2) and prctl(2), as it may keep later ones from being installed, and every call
// that is notified, as a chain of filters has one listener.
//
// Finding the shares compiles some parts more than once: a policy that needs three filters takes about ten times as
// long as one that just fits.
#pragma once

#include <vector>

#include "cordon/base/result.h"
#include "cordon/compile/compile.h"
#include "cordon/policy/resolved_policy.h"

namespace cordon {

struct FilterStack {
  std::vector<Filter> filters;        // the oldest first; at least one
  std::vector<ResolvedPolicy> parts;  // what each of them means
};

namespace compiler {

// Errors: those of compile(), "program-too-large" with a note that says what cannot be divided or what the kernel's
// limit for all filters of a process is. `dump` gets the stages of each filter in turn.
Result<FilterStack> compile_stack(const ResolvedPolicy& policy, const CompileOptions& options);

}  // namespace compiler
}  // namespace cordon
