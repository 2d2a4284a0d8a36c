// Takes out of the graph what no call can reach.
//
//   (arg0 & 3) == 1 ? A : ... : (arg0 == 5 ? B : C)     5 & 3 is 1: the second test always fails
//     ->  (arg0 & 3) == 1 ? A : ... : C
//
// Blocks forget what was learned about a word when a group of alternatives fails, and tests of one word under
// two masks know nothing of each other; so a later test may have only one possible answer. Here what is known
// of words is carried down from the root along every path. An edge goes when it contradicts all that arrives
// at its test. Words that nothing below tests are forgotten, so most policies carry nothing; where too many
// different states meet, only what they have in common is kept of some words: then an impossible edge may stay,
// but no possible one ever goes.
#pragma once

#include <cstdint>
#include <vector>

#include "cordon/compile/graph.h"

namespace cordon::compiler {

struct Pruned {
  NodeId root = 0;
  std::vector<Replacement> replacements;  // nodes that stand for others, for provenance
  bool is_exact = true;                   // nothing had to be given up: every edge that is left is one some call takes
};

struct PruneOptions {
  // Facts that are compared with each other, and steps of searches: once they are used up, nodes further down
  // count as reached with nothing known. Hundreds of times what large programs ask for.
  uint64_t max_steps = uint64_t{1} << 27;
};

constexpr Pruned prune(Graph& graph, NodeId root, const PruneOptions& options);

}  // namespace cordon::compiler

#include "cordon/compile/prune.inl.h"  // IWYU pragma: export
