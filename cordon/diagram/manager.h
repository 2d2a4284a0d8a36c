// Functions of sixteen words as decision diagrams with shared, unique nodes: two functions are equal exactly
// when their nodes are the same number.
//
//   Manager m(order, {.max_steps = 2'000'000});
//   Node small = m.switch_on(level, Edges{{4095, Manager::kTrue}, {UINT32_MAX, Manager::kFalse}});
//   Node answer = m.choose(small, m.leaf(allow), m.leaf(deny));
//
// A node asks one field of a word and has an edge for each interval of its values; leaves carry any 64-bit
// value. The form is canonical: intervals with the same child are one edge, a node with one edge is its
// child. (Bryant 1986; interval edges as in Srinivasan et al. 1990, multi-valued diagrams.)
//
// Cost: choose and combine touch each pair or triple of nodes once, as long as the direct-mapped table of
// results remembers it. Work is counted in edges; beyond `max_steps` every operation answers at once,
// exhausted() is true and no node means anything.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cordon/diagram/order.h"

namespace cordon::diagram {

using Node = uint32_t;

// The child for field values up to `last`; an edge begins where the one before it ended.
struct Edge {
  uint32_t last = 0;
  Node child = 0;

  bool operator==(const Edge&) const = default;
};

struct Limits {
  uint64_t max_steps = 2'000'000;  // edges touched; about 40 ms
  size_t max_edges = 1 << 27;      // kept; 1 GiB
};

// A function of two leaf values.
using LeafFunction = uint64_t (*)(uint64_t, uint64_t);

class Manager {
 public:
  static constexpr Node kFalse = 0;  // the leaf of value 0
  static constexpr Node kTrue = 1;   // the leaf of value 1

  Manager(Order order, Limits limits);

  Node leaf(uint64_t value);
  // The function that looks at `level` and goes on to a child. Edges cover 0..field.max() in order. Children
  // may look at higher levels too, which costs a choose for each edge.
  Node switch_on(Level level, std::span<const Edge> edges);
  // `condition` has no leaves but kFalse and kTrue.
  Node choose(Node condition, Node yes, Node no);
  Node both(Node a, Node b) { return choose(a, b, kFalse); }
  // Whether both hold somewhere: without their diagram, and mostly after a few edges.
  bool meets(Node a, Node b);
  Node either(Node a, Node b) { return choose(a, kTrue, b); }
  Node negation(Node a) { return choose(a, kFalse, kTrue); }
  Node combine(LeafFunction function, Node a, Node b);
  // The function where the words of the set (bit w stands for word w) are zero; it no longer looks at them.
  Node with_zero(Node node, uint16_t words);

  const Order& order() const { return order_; }
  bool is_leaf(Node node) const { return nodes_[node].level == order_.size(); }
  uint64_t value(Node leaf) const { return uint64_t{nodes_[leaf].first} << 32 | nodes_[leaf].count; }
  Level level(Node node) const { return nodes_[node].level; }
  // Valid until the next operation that makes nodes.
  std::span<const Edge> edges(Node node) const { return {edges_.data() + nodes_[node].first, nodes_[node].count}; }

  bool exhausted() const { return steps_ > limits_.max_steps || edges_.size() > limits_.max_edges; }
  // Counts work that is done beside the diagram.
  void charge(uint64_t steps) { steps_ += steps; }
  uint64_t steps() const { return steps_; }
  size_t node_count() const { return nodes_.size(); }

 private:
  struct Record {
    Level level = 0;
    uint32_t hash = 0;
    uint32_t first = 0;  // into edges_; of a leaf: the value's upper half
    uint32_t count = 0;  // of edges; of a leaf: the value's lower half
  };
  struct Remembered {
    Node a = kNothing, b = 0, c = 0, result = 0;
  };
  // A walk over the edges of one operand at one level; an operand that does not look at the level has one.
  struct Walk;
  static constexpr Node kNothing = UINT32_MAX;

  Node intern(Level level, size_t scratch_base);
  Node insert(const Record& record);
  void grow_table();
  void push(size_t scratch_base, uint32_t last, Node child);
  Remembered& slot(Node a, Node b, Node c);
  Node combine_marked(Node mark, LeafFunction function, Node a, Node b);

  Order order_;
  Limits limits_;
  uint64_t steps_ = 0;
  std::vector<Record> nodes_;
  std::vector<Edge> edges_;
  std::vector<Node> table_;  // open addressing; kNothing is free
  std::vector<Remembered> results_;
  std::vector<LeafFunction> functions_;  // those used so far; their results are told apart by the index
  std::vector<Edge> scratch_;            // edges of nodes being built, one stack for all levels of recursion
};

}  // namespace cordon::diagram
