// The shared graph a program is laid out from: loads, tests and returns, equal ones existing once.
//
//   Graph graph({});
//   NodeId no = graph.ret(0), yes = graph.ret(0x7fff0000);
//   NodeId test = graph.test({low_word(0), 0xffffffff}, TestOp::eq, 5, yes, no);
//   NodeId root = graph.enter(test);             // ld [arg0.low]; jeq #5, yes, no
//
// A test says which word under which mask the accumulator must hold. Where an edge comes from a test of
// another word, a load stands between; where the accumulator already holds the word on that edge, none
// does. So a load is left out only where every way in has it, by construction.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cordon/compile/plan.h"
#include "cordon/compile/split.h"

namespace cordon::compiler {

using NodeId = uint32_t;
inline constexpr NodeId kNoNode = UINT32_MAX;

// What the accumulator holds: word & mask.
struct Accumulator {
  WordId word = 0;
  uint32_t mask = 0xffffffff;

  bool operator==(const Accumulator&) const = default;
};

struct Node {
  enum class Kind : uint8_t { ret, load, mask, fold, test };
  Kind kind = Kind::ret;
  TestOp op = TestOp::eq;   // test
  Accumulator accumulator;  // test, fold: what it needs; load, mask: what it leaves
  uint32_t k = 0;           // ret: the value; mask, fold: the AND; test: what is compared with
  NodeId yes = kNoNode;     // load, mask, fold: what follows
  NodeId no = kNoNode;      // test only

  bool operator==(const Node&) const = default;
};

// A node made later stands where another stood.
struct Replacement {
  NodeId node = 0;
  NodeId by = 0;
};

struct GraphOptions {
  bool share = true;  // false: only returns are shared
};

class Graph {
 public:
  constexpr explicit Graph(const GraphOptions& options);

  constexpr NodeId ret(uint32_t value);
  // `yes` and `no` are returns, tests or folds, not loads: those come in by themselves.
  constexpr NodeId test(Accumulator accumulator, TestOp op, uint32_t k, NodeId yes, NodeId no);
  // The number loses the bits outside the mask, and `next` takes it for the number; `next` itself where it does not
  // ask.
  constexpr NodeId fold(uint32_t mask, NodeId next);
  // The node from which a return or test can be reached whatever the accumulator holds.
  constexpr NodeId enter(NodeId node);

  // What a node leads to when the accumulator is known to hold a value in first..last: tests whose answer
  // follows are passed over.
  constexpr NodeId narrow(NodeId node, Accumulator accumulator, uint32_t first, uint32_t last) const;

  constexpr const Node& operator[](NodeId id) const { return nodes_[id]; }
  constexpr size_t size() const { return nodes_.size(); }
  constexpr bool shares() const { return share_; }

 private:
  constexpr NodeId intern(const Node& node);
  constexpr NodeId arrive(NodeId node, Accumulator from);
  constexpr void grow();

  bool share_;
  std::vector<Node> nodes_;
  std::vector<NodeId> table_;  // of the shared nodes; open addressing, a power of two
  size_t interned_ = 0;
  NodeId last_ret_ = kNoNode;
};

}  // namespace cordon::compiler

#include "cordon/compile/graph.inl.h"  // IWYU pragma: export
