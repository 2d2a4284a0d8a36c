// Tests of bits of call numbers that many places of a number tree lead to.
//
//   numbers 8..40: allowed but for those with bits 0x44, as are 200..260
//     ->  both regions end in one shared node, jset 0x44 ? errno : allow
//
// Cuts and equalities alone have a smallest number (plan.h); a few shared bit tests go below it by 7 to 16 % of the
// tests. Which ones is searched for: by a walk of random steps that takes worse ones ever more seldom, always the same
// steps for the same tables. The search takes about a second for each 600,000 steps and architecture, so it is for
// filters made ahead.
#pragma once

#include <cstdint>
#include <vector>

#include "cordon/compile/graph.h"
#include "cordon/compile/number_trees.h"

namespace cordon::compiler {

struct BitTest {
  static constexpr uint32_t kTest = 0x80000000;  // a target: kTest | index of an earlier test, or a label

  uint32_t mask = 0;
  uint32_t yes = 0;  // where a bit of the mask is set
  uint32_t no = 0;
};

struct BitSearch {
  uint32_t steps = 400'000;
  uint32_t seed = 1;
};

// The tests, of which later ones may lead to earlier ones. None where they save nothing.
std::vector<BitTest> find_bit_tests(const std::vector<NumberTable>& tables, const BitSearch& search);

// The tables with the nodes of such tests for numbers that get what the test answers.
std::vector<NumberTable> with_bit_tests(const std::vector<NumberTable>& tables, const std::vector<BitTest>& tests,
                                        Graph& graph);

}  // namespace cordon::compiler
