// What the steps of a program seem to mean, in terms of a policy's chains.
//
// Each link of a chain gets a call that meets it, and the program is run on all of them, from the last step to the
// first at once. A step that answers like link k where only link k holds seems to have link k still before it. That is
// a guess: it may be wrong without harm, as cut_points.h proves each one it uses.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cordon/prove/chain.h"
#include "cordon/prove/execution.h"
#include "cordon/prove/known_words.h"

namespace cordon::prove {

constexpr uint32_t kNoGuess = UINT32_MAX;

struct Guess {
  uint32_t subset = kNoGuess;  // Chains::number_of
  bool is_first = false;       // nothing but the number and what goes before it was asked on the way to the step
};

// One for each step; `known` is what calls that come to it have in common. Costs
// a test per step and link for each different thing that is known.
std::vector<Guess> guess_steps(diagram::Manager& manager, Chains& chains, const Execution& execution,
                               std::span<const KnownWords> known, Endian endian);

}  // namespace cordon::prove
