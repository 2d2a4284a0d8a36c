// Proves a program equal to a policy with chains too long for a diagram, place by place.
//
//   if (equal_by_cut_points(policy, program, options).is_equal) …   // else nothing is known
//
// Where a step of the program seems to mean "the first of these links" (guess.h), it is shown: with the later such
// steps as leaves that mean their subsets, the step's own diagram is small, and is compared with that of the links it
// deals with itself. From the last step to the first this is an induction, so a wrong guess can only fail. The
// guesses cost as much as the diagrams (`pairs480` of bench_compile is such a list). At most
// EncodeOptions::max_part_steps are spent.
#pragma once

#include "cordon/prove/pair.h"

namespace cordon::prove {

struct CutPointProof {
  bool is_equal = false;  // false: that was not shown
  uint64_t steps = 0;
};
CutPointProof equal_by_cut_points(const ResolvedPolicy& policy, const bpf::Program& program,
                                  const EncodeOptions& options);

// Where one is a policy and the other one program, whichever comes first.
CutPointProof equal_by_cut_points(const Meaning& left, const Meaning& right, const EncodeOptions& options);

}  // namespace cordon::prove
