// How the numbers of each arch are told apart, and what several arches ask together.
//
//   x86_64, x32, i386:   jset 0x40000000 ? (the x32 numbers that differ; else and 0xbfffffff) : …
//                        jge 424 ? one tree for both : their own trees
//
// x32 calls are x86_64's with bit 30 set, but for some; so those some are told apart, and the others are asked about
// without the bit. From 424 up a call has the same number everywhere; what tables have in common from some number up
// is planned once. Each is done only where it saves tests.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "cordon/compile/graph.h"
#include "cordon/compile/plan.h"

namespace cordon::compiler {

// The blocks of one arch by number; neighbours differ.
struct NumberTable {
  uint32_t audit_arch = 0;
  std::vector<Part> parts;  // labels are nodes
};

struct NumberTree {
  static constexpr uint32_t kAsWithoutBit = Plan::kLeaf - 1;  // a label of `with_bit`

  Plan plan;
  std::optional<Plan> with_bit;  // of numbers with bit 30; `plan` is of the others then
  std::optional<uint32_t> top;   // an index of NumberTrees::tops, for numbers from its `first` up
};

struct NumberTrees {
  struct Top {
    uint32_t first = 0;
    Plan plan;
  };
  std::vector<NumberTree> trees;  // one for each table
  std::vector<Top> tops;

  constexpr uint32_t test_count() const;
};

constexpr NumberTrees plan_numbers(const std::vector<NumberTable>& tables, const PlanOptions& options);

// The first node of each tree.
constexpr std::vector<NodeId> attach_numbers(const NumberTrees& trees, Graph& graph);

constexpr NodeId attach_plan(const Plan& plan, Accumulator accumulator, Graph& graph);

}  // namespace cordon::compiler

#include "cordon/compile/number_trees.inl.h"  // IWYU pragma: export
