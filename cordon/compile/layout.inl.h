// The body of layout.h.
#pragma once

#include <algorithm>

#include "cordon/base/assert.h"
#include "cordon/compile/split.h"

namespace cordon::compiler {
namespace detail {

inline constexpr size_t kMaxJump = 255;
inline constexpr uint32_t kNotPlaced = UINT32_MAX;

constexpr uint16_t opcode(TestOp op) {
  switch (op) {
    case TestOp::eq: return bpf::kJeqK;
    case TestOp::ge: return bpf::kJgeK;
    case TestOp::set: return bpf::kJsetK;
  }
  return bpf::kJeqK;
}

// Emits backwards: place_ counts from the program's end.
class Emitter {
 public:
  constexpr Emitter(const Graph& graph, Endian endian)
      : graph_(graph), endian_(endian), place_(graph.size(), kNotPlaced) {
    // Upper bounds for the size of what lies below a node; children have lower numbers.
    size_.resize(graph.size(), 0);
    for (NodeId id = 0; id < graph.size(); ++id) {
      const Node& node = graph[id];
      uint64_t size = 1;
      if (node.yes != kNoNode) size += size_[node.yes];
      if (node.no != kNoNode) size += size_[node.no];
      size_[id] = static_cast<uint32_t>(std::min<uint64_t>(size, UINT32_MAX));
    }
  }

  constexpr Code emit(NodeId root) {
    code_.insns.reserve(graph_.size());
    code_.nodes.reserve(graph_.size());
    std::vector<NodeId> stack{root};
    stack.reserve(64);
    while (!stack.empty()) {
      NodeId id = stack.back();
      if (place_[id] != kNotPlaced) {
        stack.pop_back();
        continue;
      }
      NodeId next = unplaced_child(id);
      if (next != kNoNode) {
        stack.push_back(next);
        continue;
      }
      stack.pop_back();
      place(id);
    }
    std::reverse(code_.insns.begin(), code_.insns.end());
    std::reverse(code_.nodes.begin(), code_.nodes.end());
    return std::move(code_);
  }

 private:
  constexpr size_t count() const { return code_.insns.size(); }

  // The child to emit next, the larger one first; kNoNode when all are there.
  constexpr NodeId unplaced_child(NodeId id) const {
    const Node& node = graph_[id];
    NodeId first = node.yes, second = node.no;
    if (first != kNoNode && second != kNoNode && size_[second] > size_[first]) std::swap(first, second);
    for (NodeId child : {first, second}) {
      if (child != kNoNode && place_[child] == kNotPlaced) return child;
    }
    return kNoNode;
  }

  constexpr void add(bpf::Insn insn, NodeId id) {
    code_.insns.push_back(insn);
    code_.nodes.push_back(id);
    place_[id] = static_cast<uint32_t>(count() - 1);
  }

  constexpr size_t distance(NodeId target) const { return count() - place_[target] - 1; }

  // Puts something within reach that does what `target` does.
  constexpr void bring_near(NodeId target) {
    if (graph_[target].kind == Node::Kind::ret) {
      place(target);
    } else {
      // ja target
      add({bpf::kJa, 0, 0, static_cast<uint32_t>(distance(target))}, target);
    }
  }

  constexpr void place(NodeId id) {
    const Node& node = graph_[id];
    switch (node.kind) {
      case Node::Kind::ret: add({bpf::kRetK, 0, 0, node.k}, id); return;
      case Node::Kind::load:
        follow(node.yes);
        add({bpf::kLdAbs, 0, 0, word_offset(node.accumulator.word, endian_)}, id);
        return;
      case Node::Kind::mask:
      case Node::Kind::fold:
        follow(node.yes);
        add({bpf::kAndK, 0, 0, node.k}, id);
        return;
      case Node::Kind::test: place_test(id); return;
    }
  }

  // Makes `next` the instruction emitted last. A copy of it costs no more than a jump to it would, and
  // saves a step.
  constexpr void follow(NodeId next) {
    if (distance(next) != 0) place(next);
  }

  constexpr void place_test(NodeId id) {
    const Node& node = graph_[id];
    // Bringing one side near moves the other away by one, so look again until both are in reach.
    while (distance(node.yes) > kMaxJump || distance(node.no) > kMaxJump) {
      bring_near(distance(node.yes) > kMaxJump ? node.yes : node.no);
    }
    add({opcode(node.op), static_cast<uint8_t>(distance(node.yes)), static_cast<uint8_t>(distance(node.no)), node.k},
        id);
  }

  const Graph& graph_;
  Endian endian_;
  std::vector<uint32_t> place_;
  std::vector<uint32_t> size_;
  Code code_;
};

}  // namespace detail

constexpr Code layout(const Graph& graph, NodeId root, Endian endian) {
  return detail::Emitter(graph, endian).emit(root);
}

}  // namespace cordon::compiler
