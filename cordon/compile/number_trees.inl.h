// The body of number_trees.h.
#pragma once

#include <algorithm>
#include <utility>

namespace cordon::compiler {
namespace detail {

inline constexpr uint32_t kBit = 0x40000000;
// Fewer parts in common are found equal by the graph anyway.
inline constexpr size_t kFewParts = 4;

using Parts = std::vector<Part>;

constexpr void append(Parts& parts, uint64_t first, uint32_t label) {
  if (parts.empty() || parts.back().label != label) parts.push_back({static_cast<uint32_t>(first), label});
}

constexpr const Part* part_at(const Parts& parts, uint32_t number) {
  auto above = std::upper_bound(parts.begin(), parts.end(), number,
                                [](uint32_t value, const Part& part) { return value < part.first; });
  return parts.data() + (above - parts.begin()) - 1;
}

constexpr uint32_t label_at(const Parts& parts, uint32_t number) { return part_at(parts, number)->label; }

// What numbers without the bit get; those with it never come, and count to the numbers before them.
constexpr Parts without_bit(const Parts& parts) {
  Parts result;
  for (const Part& part : parts)
    if ((part.first & kBit) == 0) append(result, part.first, part.label);
  if (label_at(parts, 2 * kBit) != result.back().label) {
    const auto at = std::upper_bound(result.begin(), result.end(), 2 * kBit,
                                     [](uint32_t value, const Part& part) { return value < part.first; });
    result.insert(at, {2 * kBit, label_at(parts, 2 * kBit)});
  }
  return result;
}

// What numbers with the bit get, where it is not what they get without it.
constexpr Parts differences(const Parts& parts, const Parts& base) {
  constexpr uint64_t kEnd = uint64_t{UINT32_MAX} + 1;
  Parts result{{0, NumberTree::kAsWithoutBit}};
  for (uint64_t half : {uint64_t{kBit}, uint64_t{3} * kBit}) {
    const Part* with = part_at(parts, static_cast<uint32_t>(half));
    const Part* without = part_at(base, static_cast<uint32_t>(half - kBit));
    const Part *const with_end = parts.data() + parts.size(), *const without_end = base.data() + base.size();
    for (uint64_t at = half; at < half + kBit;) {
      append(result, at, with->label == without->label ? NumberTree::kAsWithoutBit : with->label);
      const uint64_t next_with = with + 1 != with_end ? with[1].first : kEnd;
      const uint64_t next_without = without + 1 != without_end ? uint64_t{without[1].first} + kBit : kEnd;
      at = std::min(next_with, next_without);
      if (next_with == at) ++with;
      if (next_without == at) ++without;
    }
  }
  return result;
}

// From which number up both are the same; UINT32_MAX: they end differently.
constexpr uint32_t common_from(const Parts& a, const Parts& b) {
  size_t i = a.size(), j = b.size();
  while (i > 0 && j > 0 && a[i - 1] == b[j - 1]) --i, --j;
  if (i == 0 || j == 0) return 0;  // both: only the first part begins at 0
  // The last ones that differ may still end alike.
  if (a[i - 1].label == b[j - 1].label) return std::max(a[i - 1].first, b[j - 1].first);
  return i < a.size() ? a[i].first : UINT32_MAX;
}

constexpr Parts below(const Parts& parts, uint32_t end) {
  Parts result;
  for (const Part& part : parts)
    if (part.first < end) result.push_back(part);
  return result;
}

constexpr Parts from(const Parts& parts, uint32_t begin) {
  Parts result{{0, label_at(parts, begin)}};
  for (const Part& part : parts)
    if (part.first > begin) result.push_back(part);
  return result;
}

// What is decided is decided by the fewest tests that tell parts apart; each plan is made once, afterwards.
class NumberPlanner {
 public:
  constexpr NumberPlanner(const std::vector<NumberTable>& tables, const PlanOptions& options) : options_(options) {
    for (const NumberTable& table : tables) {
      Arch& arch = arches_.emplace_back();
      arch.audit_arch = table.audit_arch;
      arch.parts = table.parts;
    }
  }

  constexpr NumberTrees run() && {
    if (!options_.plain) {
      for (Arch& arch : arches_) take_bit_apart(arch);
      for (size_t i = 0; i < arches_.size(); ++i) share_top_of(i);
    }
    NumberTrees result;
    for (const Top& top : tops_) result.tops.push_back({top.first, plan_above(top)});
    for (const Arch& arch : arches_) result.trees.push_back(plan_of(arch));
    return result;
  }

 private:
  struct Arch {
    uint32_t audit_arch = 0;
    Parts parts;
    Parts with_bit;  // empty: not taken apart
    std::optional<uint32_t> top;
  };
  struct Top {
    uint32_t first = 0;
    Parts parts;
  };

  static constexpr void take_bit_apart(Arch& arch) {
    // Without numbers of its own beyond the bit there is nothing to gain.
    constexpr size_t kJsetAndMask = 2;
    const size_t beyond = static_cast<size_t>(arch.parts.data() + arch.parts.size() - part_at(arch.parts, kBit));
    if (beyond <= kJsetAndMask) return;
    Parts base = without_bit(arch.parts), with_bit = differences(arch.parts, base);
    if (fewest_tests(with_bit) + fewest_tests(base) + kJsetAndMask >= fewest_tests(arch.parts)) return;
    arch.with_bit = std::move(with_bit);
    arch.parts = std::move(base);
  }

  constexpr void share_top_of(size_t index) {
    if (arches_[index].top) return;
    const Parts& parts = arches_[index].parts;
    std::vector<size_t> group{index};
    uint32_t first = 0;
    for (size_t other = index + 1; other < arches_.size(); ++other) {
      if (arches_[other].top) continue;
      const uint32_t common = std::max(first, common_from(parts, arches_[other].parts));
      if (common == 0 || from(parts, common).size() < kFewParts) continue;
      first = common;
      group.push_back(other);
    }
    if (group.size() < 2) return;
    Top top{first, from(parts, first)};
    uint64_t now = 0, then = fewest_tests(top.parts);
    for (size_t one : group) {
      now += fewest_tests(arches_[one].parts);
      then += fewest_tests(below(arches_[one].parts, first)) + 1;
    }
    if (then >= now) return;
    for (size_t one : group) {
      arches_[one].parts = below(arches_[one].parts, first);
      arches_[one].top = static_cast<uint32_t>(tops_.size());
    }
    tops_.push_back(std::move(top));
  }

  constexpr Plan plan_above(const Top& top) const {
    PlanOptions options = options_;
    options.numbers_begin = top.first;
    options.weights = weights_from(top.first);
    return plan_tests(top.parts, options);
  }

  constexpr NumberTree plan_of(const Arch& arch) const {
    NumberTree tree;
    PlanOptions options = options_;
    options.audit_arch = arch.audit_arch;
    if (!arch.with_bit.empty()) {
      // No kernel tries these numbers while a filter is attached: all count alike.
      PlanOptions beyond = options;
      beyond.numbers_end = 0;
      beyond.weights = weights_from(kBit);
      tree.with_bit = plan_tests(arch.with_bit, beyond);
    }
    if (arch.top) {
      tree.top = arch.top;
      const uint32_t first = tops_[*arch.top].first;
      options.numbers_end = std::min(options_.numbers_end, first);
      options.weights = options_.weights.first(options_.weights.size() - weights_from(first).size());
    }
    tree.plan = plan_tests(arch.parts, options);
    return tree;
  }

  constexpr std::span<const NumberWeight> weights_from(uint32_t number) const {
    const auto begin = std::lower_bound(options_.weights.begin(), options_.weights.end(), number,
                                        [](const NumberWeight& one, uint32_t value) { return one.nr < value; });
    return options_.weights.subspan(static_cast<size_t>(begin - options_.weights.begin()));
  }

  PlanOptions options_;
  std::vector<Arch> arches_;
  std::vector<Top> tops_;
};

inline constexpr Accumulator kNumber{kWordNr, UINT32_MAX};

}  // namespace detail

constexpr uint32_t NumberTrees::test_count() const {
  size_t count = 0;
  for (const NumberTree& tree : trees)
    count += tree.plan.tests.size() + (tree.with_bit ? tree.with_bit->tests.size() + 1 : 0) + (tree.top ? 1 : 0);
  for (const Top& top : tops) count += top.plan.tests.size();
  return static_cast<uint32_t>(count);
}

constexpr NumberTrees plan_numbers(const std::vector<NumberTable>& tables, const PlanOptions& options) {
  return detail::NumberPlanner(tables, options).run();
}

constexpr NodeId attach_plan(const Plan& plan, Accumulator accumulator, Graph& graph) {
  std::vector<NodeId> nodes(plan.tests.size(), kNoNode);
  auto node_of = [&](uint32_t child) { return (child & Plan::kLeaf) != 0 ? child & ~Plan::kLeaf : nodes[child]; };
  for (size_t i = 0; i < plan.tests.size(); ++i) {
    const Plan::Test& test = plan.tests[i];
    nodes[i] = graph.test(accumulator, test.op, test.k, node_of(test.yes), node_of(test.no));
  }
  return node_of(plan.root);
}

constexpr std::vector<NodeId> attach_numbers(const NumberTrees& trees, Graph& graph) {
  std::vector<NodeId> tops, roots;
  for (const NumberTrees::Top& top : trees.tops) tops.push_back(attach_plan(top.plan, detail::kNumber, graph));
  for (const NumberTree& tree : trees.trees) {
    NodeId root = attach_plan(tree.plan, detail::kNumber, graph);
    if (tree.top) root = graph.test(detail::kNumber, TestOp::ge, trees.tops[*tree.top].first, tops[*tree.top], root);
    if (tree.with_bit) {
      const NodeId folded = graph.fold(~detail::kBit, root);
      Plan with_bit = *tree.with_bit;
      auto put_in = [&](uint32_t& child) {
        if (child == (Plan::kLeaf | NumberTree::kAsWithoutBit)) child = Plan::kLeaf | folded;
      };
      for (Plan::Test& test : with_bit.tests) put_in(test.yes), put_in(test.no);
      put_in(with_bit.root);
      root =
          graph.test(detail::kNumber, TestOp::set, detail::kBit, attach_plan(with_bit, detail::kNumber, graph), root);
    }
    roots.push_back(root);
  }
  return roots;
}

}  // namespace cordon::compiler
