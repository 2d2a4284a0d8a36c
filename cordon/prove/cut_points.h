// Proves a program equal to a policy with chains too long for a diagram, place by place.
//
//   if (!chains.empty() && equal_by_cut_points(policy, program, options)) …   // equal; else nothing is known
//
// Where a step of the program seems to mean "the first of these links" (guess.h), it is shown: with the later such
// steps as leaves that mean their subsets, the step's own diagram is small, and is compared with that of the links it
// deals with itself. From the last step to the first this is an induction, so a wrong guess can only fail. 480
// conditions on one call take under a millisecond for the diagrams; the guesses cost more than that.
#pragma once

#include "cordon/prove/pair.h"

namespace cordon::prove {

// True: the program answers every call as the policy does. False: that was not shown.
bool equal_by_cut_points(const ResolvedPolicy& policy, const bpf::Program& program, const EncodeOptions& options);

}  // namespace cordon::prove
