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

class NumberPlanner {
 public:
  constexpr NumberPlanner(const std::vector<NumberTable>& tables, const PlanOptions& options) : options_(options) {
    for (const NumberTable& table : tables) {
      parts_.push_back(table.parts);
      audit_arches_.push_back(table.audit_arch);
      result_.trees.push_back({plan_tests(table.parts, options_of(parts_.size() - 1)), std::nullopt, std::nullopt});
    }
  }

  constexpr NumberTrees run() && {
    if (options_.plain) return std::move(result_);
    for (size_t i = 0; i < parts_.size(); ++i) take_bit_apart(i);
    for (size_t i = 0; i < parts_.size(); ++i) share_top_of(i);
    return std::move(result_);
  }

 private:
  constexpr void take_bit_apart(size_t index) {
    NumberTree& tree = result_.trees[index];
    Parts base = without_bit(parts_[index]);
    // No kernel tries these numbers while a filter is attached: all count alike.
    PlanOptions options = options_of(index);
    options.numbers_end = 0;
    options.weights = weights_from(kBit);
    Plan with_bit = plan_tests(differences(parts_[index], base), options);
    Plan plan = plan_tests(base, options_of(index));
    constexpr size_t kJsetAndMask = 2;
    if (with_bit.tests.size() + plan.tests.size() + kJsetAndMask >= tree.plan.tests.size()) return;
    tree.with_bit = std::move(with_bit);
    tree.plan = std::move(plan);
    parts_[index] = std::move(base);
  }

  constexpr void share_top_of(size_t index) {
    if (result_.trees[index].top) return;
    std::vector<size_t> group{index};
    uint32_t first = 0;
    for (size_t other = index + 1; other < parts_.size(); ++other) {
      if (result_.trees[other].top) continue;
      const uint32_t common = std::max(first, common_from(parts_[index], parts_[other]));
      const Parts top = from(parts_[index], common);
      if (common == 0 || top.size() < kFewParts) continue;
      first = common;
      group.push_back(other);
    }
    if (group.size() < 2) return;
    PlanOptions above = options_, under = options_;
    above.numbers_begin = first;
    above.weights = weights_from(first);
    under.numbers_end = std::min(options_.numbers_end, first);
    under.weights = options_.weights.first(options_.weights.size() - above.weights.size());
    Plan top = plan_tests(from(parts_[index], first), above);
    std::vector<Plan> own;
    size_t now = 0, then = top.tests.size();
    for (size_t one : group) {
      under.audit_arch = audit_arches_[one];
      own.push_back(plan_tests(below(parts_[one], first), under));
      now += result_.trees[one].plan.tests.size();
      then += own.back().tests.size() + 1;
    }
    if (then >= now) return;
    for (size_t i = 0; i < group.size(); ++i) {
      result_.trees[group[i]].plan = std::move(own[i]);
      result_.trees[group[i]].top = static_cast<uint32_t>(result_.tops.size());
    }
    result_.tops.push_back({first, std::move(top)});
  }

  constexpr PlanOptions options_of(size_t index) const {
    PlanOptions options = options_;
    options.audit_arch = audit_arches_[index];
    return options;
  }

  constexpr std::span<const NumberWeight> weights_from(uint32_t number) const {
    const auto begin = std::lower_bound(options_.weights.begin(), options_.weights.end(), number,
                                        [](const NumberWeight& one, uint32_t value) { return one.nr < value; });
    return options_.weights.subspan(static_cast<size_t>(begin - options_.weights.begin()));
  }

  PlanOptions options_;
  std::vector<Parts> parts_;
  std::vector<uint32_t> audit_arches_;
  NumberTrees result_;
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
