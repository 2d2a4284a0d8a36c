// A stack of programs each of which decides some of a policy's calls, proved one by one.
//
//   is_made_of(policy, parts)                    // each number is decided by one part as by the policy, or by all
//   alike compare_parts(policy, parts, programs, {})   // and program i is part i
//
// As one function of a call the programs together may be too large for a diagram, and then nothing is known of them;
// each alone is a program like any other. Only parts that leave calls whole are taken: what is divided by the values of
// an argument is not, and has to be compared as a stack.
#pragma once

#include <span>

#include "cordon/bpf/program.h"
#include "cordon/policy/resolved_policy.h"
#include "cordon/prove/compare.h"

namespace cordon::prove {

// The strictest answer of all parts is the policy's: on every number the clauses of one part are the policy's, and
// those of each other part are the same or allow. False: that is not shown.
bool is_made_of(const ResolvedPolicy& policy, std::span<const ResolvedPolicy> parts);

// "equal", or undecided: of a part, or because the policy is not made of the parts. There is a program for each part.
Comparison compare_parts(const ResolvedPolicy& policy, std::span<const ResolvedPolicy> parts,
                         std::span<const bpf::Program> programs, const CompareOptions& options);

}  // namespace cordon::prove
