// From the graph to instructions: an order in which every jump goes forward and no conditional one is
// longer than 255.
//
// Instructions are emitted from the last to the first. Of a test's two sides the larger is emitted first,
// so that the smaller lies next to the test and the other is not far. A side out of reach is copied if it
// is a return, else reached through a jump (`ja`) laid right behind the test.
#pragma once

#include <vector>

#include "cordon/abi/arch.h"
#include "cordon/bpf/insn.h"
#include "cordon/compile/graph.h"

namespace cordon::compiler {

struct Code {
  std::vector<bpf::Insn> insns;
  std::vector<NodeId> nodes;  // what each instruction was made of
};

constexpr Code layout(const Graph& graph, NodeId root, Endian endian);

}  // namespace cordon::compiler

#include "cordon/compile/layout.inl.h"  // IWYU pragma: export
