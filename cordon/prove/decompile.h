// A policy that is proved equal to a filter, as a person would write it.
//
//   Result<Decompiled> found = decompile(program, {});
//   allow     read write openat(flags & O_ACCMODE == O_RDONLY) …
//
// The filter's diagram says which numbers are answered alike; sets of values become intervals, masks and names; the
// header lines with the shortest text win. Whatever was found is resolved and compared with the filter as any policy
// is: what is not proved equal is an error, never a policy.
//
// Errors name what a policy cannot say: answers by an architecture Linux does not have, or that depend on the call
// for architectures the filter does not know; the upper half of a register on a 32-bit ABI; functions of several
// arguments at once, such as arg0 > arg1; more than max_steps.
#pragma once

#include <span>

#include "cordon/base/result.h"
#include "cordon/bpf/program.h"
#include "cordon/policy/policy.h"
#include "cordon/policy/resolved_policy.h"

namespace cordon::prove {

struct DecompileOptions {
  Arch arch = abi::native_arch();        // named where the filter answers all architectures alike
  uint64_t max_steps = 40'000'000;       // of the search: a few tenths of a second
  uint64_t max_proof_steps = 2'000'000;  // as EncodeOptions::max_steps
};

struct Decompiled {
  Policy policy;
  ResolvedPolicy resolved;
};

Result<Decompiled> decompile(const bpf::Program& program, const DecompileOptions& options);
// Of a stack, the oldest first: the one policy that answers as all of them together do.
Result<Decompiled> decompile(std::span<const bpf::Program> programs, const DecompileOptions& options);

}  // namespace cordon::prove
