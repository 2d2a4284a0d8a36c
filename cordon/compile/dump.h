// The stages' results as text, for people who want to see where an instruction comes from.
#pragma once

#include <string>
#include <vector>

#include "cordon/compile/split.h"
#include "cordon/compile/tree.h"

namespace cordon::compiler {

std::string dump_resolved(const ResolvedPolicy& policy);
std::string dump_split(const SplitPolicy& policy);
std::string dump_trees(const std::vector<NumberTable>& tables, const NumberTrees& trees);
std::string dump_graph(const Graph& graph, NodeId root);

}  // namespace cordon::compiler
