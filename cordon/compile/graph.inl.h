// The body of graph.h.
#pragma once

#include <optional>

#include "cordon/base/assert.h"

namespace cordon::compiler {
namespace detail {

constexpr uint64_t mix(uint64_t hash, uint64_t value) {
  hash ^= value;
  hash *= 0x9e3779b97f4a7c15ull;
  return hash ^ (hash >> 29);
}

constexpr uint64_t hash_of(const Node& node) {
  uint64_t hash =
      mix(static_cast<uint64_t>(node.kind) << 16 | static_cast<uint64_t>(node.op) << 8 | node.accumulator.word,
          static_cast<uint64_t>(node.accumulator.mask) << 32 | node.k);
  return mix(hash, static_cast<uint64_t>(node.yes) << 32 | node.no);
}

constexpr uint32_t lowest_bit(uint32_t value) { return value & (0 - value); }

// The answer for every value in first..last, if it is one.
constexpr std::optional<bool> answer(const Node& test, uint32_t first, uint32_t last) {
  switch (test.op) {
    case TestOp::eq:
      if (first == last) return first == test.k;
      if (test.k < first || test.k > last) return false;
      return std::nullopt;
    case TestOp::ge:
      if (first >= test.k) return true;
      if (last < test.k) return false;
      return std::nullopt;
    case TestOp::set:
      if (first == last) return (first & test.k) != 0;
      if (last < lowest_bit(test.k)) return false;
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace detail

constexpr Graph::Graph(const GraphOptions& options) : share_(options.share), table_(512, kNoNode) {
  nodes_.reserve(256);
}

constexpr void Graph::grow() {
  table_.assign(table_.size() * 2, kNoNode);
  for (NodeId id = 0; id < nodes_.size(); ++id) {
    if (!share_ && nodes_[id].kind != Node::Kind::ret) continue;
    size_t at = detail::hash_of(nodes_[id]) & (table_.size() - 1);
    while (table_[at] != kNoNode) at = (at + 1) & (table_.size() - 1);
    table_[at] = id;
  }
}

constexpr NodeId Graph::intern(const Node& node) {
  if (!share_ && node.kind != Node::Kind::ret) {
    nodes_.push_back(node);
    return static_cast<NodeId>(nodes_.size() - 1);
  }
  size_t at = detail::hash_of(node) & (table_.size() - 1);
  while (table_[at] != kNoNode) {
    if (nodes_[table_[at]] == node) return table_[at];
    at = (at + 1) & (table_.size() - 1);
  }
  NodeId id = static_cast<NodeId>(nodes_.size());
  table_[at] = id;
  nodes_.push_back(node);
  if (++interned_ * 2 > table_.size()) grow();
  return id;
}

constexpr NodeId Graph::ret(uint32_t value) {
  // Numbers beside each other mostly have the same answer.
  if (last_ret_ != kNoNode && nodes_[last_ret_].k == value) return last_ret_;
  Node node;
  node.kind = Node::Kind::ret;
  node.k = value;
  return last_ret_ = intern(node);
}

constexpr NodeId Graph::arrive(NodeId id, Accumulator from) {
  const Node& node = nodes_[id];
  if (node.kind == Node::Kind::ret) return id;
  CORDON_ASSERT(node.kind == Node::Kind::test || node.kind == Node::Kind::fold,
                "edges lead to tests, folds and returns; loads are put in here");
  Accumulator need = node.accumulator;
  if (need == from) return id;
  NodeId next = id;
  if (need.mask != UINT32_MAX) {
    Node mask;
    mask.kind = Node::Kind::mask;
    mask.accumulator = need;
    mask.k = need.mask;
    mask.yes = next;
    next = intern(mask);
    if (from.word == need.word && (from.mask & need.mask) == need.mask) return next;
  }
  Node load;
  load.kind = Node::Kind::load;
  load.accumulator = {need.word, UINT32_MAX};
  load.yes = next;
  return intern(load);
}

constexpr NodeId Graph::fold(uint32_t mask, NodeId next) {
  constexpr Accumulator kNumber{kWordNr, UINT32_MAX};
  // What does not ask the number, as where all of them got the same, needs no fold: its own load comes before it.
  if (nodes_[next].kind == Node::Kind::ret || nodes_[next].accumulator != kNumber) return next;
  Node node;
  node.kind = Node::Kind::fold;
  node.accumulator = kNumber;
  node.k = mask;
  node.yes = next;
  return intern(node);
}

constexpr NodeId Graph::enter(NodeId node) { return arrive(node, Accumulator{kWordNone, 0}); }

constexpr NodeId Graph::test(Accumulator accumulator, TestOp op, uint32_t k, NodeId yes, NodeId no) {
  if (yes == no) return yes;
  Node node;
  node.kind = Node::Kind::test;
  node.op = op;
  node.accumulator = accumulator;
  node.k = k;
  node.yes = arrive(yes, accumulator);
  node.no = arrive(no, accumulator);
  return intern(node);
}

constexpr NodeId Graph::narrow(NodeId id, Accumulator accumulator, uint32_t first, uint32_t last) const {
  for (;;) {
    const Node& node = nodes_[id];
    if (node.kind != Node::Kind::test || node.accumulator.word != accumulator.word) return id;
    std::optional<bool> known;
    if (node.accumulator.mask == accumulator.mask) {
      known = detail::answer(node, first, last);
    } else if (first == last && (node.accumulator.mask & accumulator.mask) == node.accumulator.mask) {
      known = detail::answer(node, first & node.accumulator.mask, first & node.accumulator.mask);
    }
    if (!known) return id;
    NodeId next = *known ? node.yes : node.no;
    // A load on the edge belongs to that edge; what counts is the test or return behind it.
    while (nodes_[next].kind == Node::Kind::load || nodes_[next].kind == Node::Kind::mask) next = nodes_[next].yes;
    id = next;
  }
}

}  // namespace cordon::compiler
