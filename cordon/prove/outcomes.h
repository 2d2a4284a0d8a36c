// What stacked filters answer to a call of which only some arguments are given, and which instructions decide.
//
//   Result<ProgramOutcomes> found = prove::outcomes(programs, call, {});      // openat, flags not given
//   for (const ProgramOutcome& outcome : found->outcomes) …
//   // if flags & O_ACCMODE == O_RDONLY: allow, instruction 12; otherwise: errno EPERM, instructions 14 and 20
//
// Outcomes are in the order of first match, as policy::outcomes gives them for a policy. What is open may have any
// value of its register. Conditions are proved: put together they are the function the filters have. Where no condition
// of the language says when (arg0 > arg1, an upper half on a 32-bit ABI) each outcome has an example instead.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "cordon/base/result.h"
#include "cordon/bpf/program.h"
#include "cordon/policy/partial.h"
#include "cordon/prove/encode_stack.h"

namespace cordon::prove {

struct ProgramOutcome {
  ResolvedCondition condition;  // of the last one: always
  Action action;
  std::vector<Decider> deciders;  // in order; each decides for some values
  Call example;                   // with the given arguments and this outcome
};

struct ProgramOutcomes {
  std::vector<ProgramOutcome> outcomes;  // at least one
  bool has_conditions = true;            // false: no condition is said, and the order means nothing
};

struct OutcomeOptions {
  uint64_t max_steps = 2'000'000;  // for each of two attempts; about 40 ms
};

// The programs are the oldest first. An error "outcomes-too-large" beyond the bound.
Result<ProgramOutcomes> outcomes(std::span<const bpf::Program> programs, const PartialCall& call,
                                 const OutcomeOptions& options);

}  // namespace cordon::prove
