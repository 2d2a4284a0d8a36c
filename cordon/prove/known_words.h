// What the ways to a step say of the words of the call.
//
//   jeq arg3.high == 0, L1, L2     word 11 is 0 at L1 and 1..0xffffffff at L2, if nothing else leads there
//
// One interval for each word, of whole words only: tests of parts and of what was computed say nothing. What is said
// of a step holds wherever the step before is reached with what was said of that, which proofs by induction need.
#pragma once

#include <array>
#include <vector>

#include "cordon/diagram/manager.h"
#include "cordon/diagram/sets.h"
#include "cordon/prove/execution.h"

namespace cordon::prove {

struct KnownWords {
  std::array<diagram::Range, diagram::kWordCount> ranges;

  bool is_known(diagram::Word word) const { return ranges[word].first != 0 || ranges[word].last != UINT32_MAX; }
  auto operator<=>(const KnownWords&) const = default;
};

KnownWords nothing_known();

// For each step; of steps that no way leads to nothing is known. Of words outside the set (bit w stands for word w)
// only single values are kept, so that many steps have the same said of them.
std::vector<KnownWords> known_words(const Execution& execution, uint16_t with_ranges);

// Where the words are so.
diagram::Node encode_known(diagram::Manager& manager, const KnownWords& known);

}  // namespace cordon::prove
