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

#include <vector>

#include "cordon/compile/graph.h"

namespace cordon::compiler {

struct Replacement {
  NodeId node = 0;
  NodeId by = 0;
};

struct Pruned {
  NodeId root = 0;
  std::vector<Replacement> replacements;  // nodes that stand for others, for provenance
};

Pruned prune(Graph& graph, NodeId root);

}  // namespace cordon::compiler
