// From numbers to argument blocks, and from audit values to numbers.
//
//   arch 0xc000003e: 0..0 -> node 3, 1..1 -> node 7, ...      NumberTable
//     ->  jge 60 ? ... : (jeq 41 ? node 7 : node 3)           Plan
//     ->  ld arch; jeq x86_64 ? (ld nr; plan) : bad arch      nodes of the Graph
#pragma once

#include <cstdint>
#include <vector>

#include "cordon/compile/blocks.h"
#include "cordon/compile/graph.h"
#include "cordon/compile/number_trees.h"
#include "cordon/compile/plan.h"
#include "cordon/compile/split.h"

namespace cordon::compiler {

// Incomplete where the builder's budget is exceeded.
constexpr std::vector<NumberTable> build_tables(const SplitPolicy& policy, BlockBuilder& builder);

// Puts the trees and the arch tests into the graph; the program's first node. `native` is tested first.
struct DispatchOptions {
  uint32_t native_audit_arch = 0;
  uint32_t bad_arch = 0;
  PlanOptions plan;
};
constexpr NodeId attach_trees(const std::vector<NumberTable>& tables, const NumberTrees& trees,
                              const DispatchOptions& options, Graph& graph);

}  // namespace cordon::compiler

#include "cordon/compile/tree.inl.h"  // IWYU pragma: export
