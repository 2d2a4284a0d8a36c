// The one way from a policy to a filter: compiled, and proved equal to the policy.
#pragma once

#include <string_view>
#include <vector>

#include "cli/command_line.h"
#include "cordon/base/result.h"
#include "cordon/bpf/program.h"
#include "cordon/compile/compile.h"
#include "cordon/compile/stack.h"
#include "cordon/policy/resolved_policy.h"

namespace cordon::cli {

struct ProofOptions {
  unsigned effort = 1;           // how many times 2 million steps (about 40 ms) a proof may take
  bool danger_unproved = false;  // give out a filter whose proof was not decided, with a warning
};

void add_proof_options(CommandLine& app, ProofOptions& options);

// An error "not-proved" if the bound was reached, "proof-failed" if the compiler were wrong: then no filter comes out.
Result<Filter> compile_proved(const ResolvedPolicy& policy, const compiler::CompileOptions& options,
                              const ProofOptions& proof);

// The same of a policy that may take several filters: proved is that all of them together are equal to it.
Result<FilterStack> compile_stack_proved(const ResolvedPolicy& policy, const compiler::CompileOptions& options,
                                         const ProofOptions& proof);

// The oldest first.
std::vector<bpf::Program> programs_of(const FilterStack& stack);

bool has_code(const Diagnostics& problems, std::string_view code);
// kUndecided where there is no proof, else `status`.
int status_of_failure(const Diagnostics& problems, int status);

}  // namespace cordon::cli
