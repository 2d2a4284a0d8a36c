// The body of tree.h.
#pragma once

#include <algorithm>

namespace cordon::compiler {
namespace detail {

// Up to so many arches are tested one after another, the native one first.
inline constexpr size_t kMaxArchChain = 6;

// A rule on all numbers means the same on many of them: the blocks of the largest clause lists are made once.
class KnownBlocks {
 public:
  constexpr NodeId build(std::span<const SplitClause> clauses, BlockBuilder& builder) {
    size_t alternatives = 0;
    for (const SplitClause& clause : clauses)
      alternatives += clause.condition.alternatives.size() + clause.condition.operands.size();
    if (alternatives < kMinAlternatives) return builder.build(clauses);
    for (const Known& known : known_)
      if (std::equal(known.clauses.begin(), known.clauses.end(), clauses.begin(), clauses.end())) return known.block;
    NodeId block = builder.build(clauses);
    if (known_.size() < kMaxKnown) known_.push_back({clauses, block});
    return block;
  }

 private:
  static constexpr size_t kMinAlternatives = 32, kMaxKnown = 32;

  struct Known {
    std::span<const SplitClause> clauses;
    NodeId block;
  };
  std::vector<Known> known_;
};

}  // namespace detail

constexpr std::vector<NumberTable> build_tables(const SplitPolicy& policy, BlockBuilder& builder) {
  std::vector<NumberTable> tables;
  tables.reserve(policy.arches.size());
  detail::KnownBlocks known;
  for (const SplitArch& arch : policy.arches) {
    NumberTable& table = tables.emplace_back();
    table.audit_arch = arch.audit_arch;
    table.parts.reserve(arch.segments.size());
    for (const SplitSegment& segment : arch.segments) {
      NodeId block = known.build(arch.clauses_of(segment), builder);
      if (builder.is_exceeded()) return tables;
      if (table.parts.empty() || table.parts.back().label != block) table.parts.push_back({segment.first, block});
    }
  }
  return tables;
}

constexpr NodeId attach_trees(const std::vector<NumberTable>& tables, const NumberTrees& trees,
                              const DispatchOptions& options, Graph& graph) {
  struct Entry {
    uint32_t audit_arch;
    NodeId node;
  };
  std::vector<Entry> entries;
  const std::vector<NodeId> roots = attach_numbers(trees, graph);
  for (size_t i = 0; i < tables.size(); ++i) entries.push_back({tables[i].audit_arch, roots[i]});
  Accumulator arch{kWordArch, UINT32_MAX};
  NodeId bad_arch = graph.ret(options.bad_arch);
  if (entries.size() > detail::kMaxArchChain) {
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return a.audit_arch < b.audit_arch; });
    std::vector<Part> parts{{0, bad_arch}};
    auto add = [&](uint64_t first, NodeId node) {
      if (first > UINT32_MAX) return;
      if (parts.back().first == first) parts.pop_back();
      if (parts.empty() || parts.back().label != node) parts.push_back({static_cast<uint32_t>(first), node});
    };
    for (const Entry& entry : entries) {
      add(entry.audit_arch, entry.node);
      add(static_cast<uint64_t>(entry.audit_arch) + 1, bad_arch);
    }
    return graph.enter(attach_plan(plan_tests(parts, options.plan), arch, graph));
  }
  // From the last to the first, the native one in front of the others.
  NodeId next = bad_arch;
  for (bool native : {false, true}) {
    for (size_t i = entries.size(); i-- > 0;) {
      if ((entries[i].audit_arch == options.native_audit_arch) != native) continue;
      next = graph.test(arch, TestOp::eq, entries[i].audit_arch, entries[i].node, next);
    }
  }
  return graph.enter(next);
}

}  // namespace cordon::compiler
