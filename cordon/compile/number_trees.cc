#include "cordon/compile/number_trees.h"

#include <algorithm>
#include <utility>

namespace cordon::compiler {
namespace {

constexpr uint32_t kBit = 0x40000000;
// Fewer parts in common are found equal by the graph anyway.
constexpr size_t kFewParts = 4;

using Parts = std::vector<Part>;

void append(Parts& parts, uint64_t first, uint32_t label) {
  if (parts.empty() || parts.back().label != label) parts.push_back({static_cast<uint32_t>(first), label});
}

uint32_t label_at(const Parts& parts, uint32_t number) {
  return std::prev(std::upper_bound(parts.begin(), parts.end(), number,
                                    [](uint32_t value, const Part& part) { return value < part.first; }))
      ->label;
}

// What numbers without the bit get; those with it never come, and count to the numbers before them.
Parts without_bit(const Parts& parts) {
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
Parts differences(const Parts& parts, const Parts& base) {
  std::vector<uint32_t> borders;
  for (const Part& part : parts)
    if ((part.first & kBit) != 0) borders.push_back(part.first);
  for (const Part& part : base) borders.push_back(part.first | kBit);
  for (uint32_t half : {kBit, 3 * kBit}) borders.push_back(half);
  std::sort(borders.begin(), borders.end());
  Parts result{{0, NumberTree::kAsWithoutBit}};
  for (uint32_t border : borders) {
    const uint32_t label = label_at(parts, border);
    append(result, border, label == label_at(base, border & ~kBit) ? NumberTree::kAsWithoutBit : label);
  }
  return result;
}

// From which number up both are the same; UINT32_MAX: they end differently.
uint32_t common_from(const Parts& a, const Parts& b) {
  size_t i = a.size(), j = b.size();
  while (i > 0 && j > 0 && a[i - 1] == b[j - 1]) --i, --j;
  if (i == 0 || j == 0) return 0;  // both: only the first part begins at 0
  // The last ones that differ may still end alike.
  if (a[i - 1].label == b[j - 1].label) return std::max(a[i - 1].first, b[j - 1].first);
  return i < a.size() ? a[i].first : UINT32_MAX;
}

Parts below(const Parts& parts, uint32_t end) {
  Parts result;
  for (const Part& part : parts)
    if (part.first < end) result.push_back(part);
  return result;
}

Parts from(const Parts& parts, uint32_t begin) {
  Parts result{{0, label_at(parts, begin)}};
  for (const Part& part : parts)
    if (part.first > begin) result.push_back(part);
  return result;
}

class NumberPlanner {
 public:
  NumberPlanner(const std::vector<NumberTable>& tables, const PlanOptions& options) : options_(options) {
    for (const NumberTable& table : tables) {
      parts_.push_back(table.parts);
      result_.trees.push_back({plan_tests(table.parts, options), std::nullopt, std::nullopt});
    }
  }

  NumberTrees run() && {
    if (options_.plain) return std::move(result_);
    for (size_t i = 0; i < parts_.size(); ++i) take_bit_apart(i);
    for (size_t i = 0; i < parts_.size(); ++i) share_top_of(i);
    return std::move(result_);
  }

 private:
  void take_bit_apart(size_t index) {
    NumberTree& tree = result_.trees[index];
    Parts base = without_bit(parts_[index]);
    // No kernel tries these numbers while a filter is attached: all count alike.
    PlanOptions options = options_;
    options.numbers_end = 0;
    Plan with_bit = plan_tests(differences(parts_[index], base), options);
    Plan plan = plan_tests(base, options_);
    constexpr size_t kJsetAndMask = 2;
    if (with_bit.tests.size() + plan.tests.size() + kJsetAndMask >= tree.plan.tests.size()) return;
    tree.with_bit = std::move(with_bit);
    tree.plan = std::move(plan);
    parts_[index] = std::move(base);
  }

  void share_top_of(size_t index) {
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
    under.numbers_end = std::min(options_.numbers_end, first);
    Plan top = plan_tests(from(parts_[index], first), above);
    std::vector<Plan> own;
    size_t now = 0, then = top.tests.size();
    for (size_t one : group) {
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

  PlanOptions options_;
  std::vector<Parts> parts_;
  NumberTrees result_;
};

constexpr Accumulator kNumber{kWordNr, UINT32_MAX};

}  // namespace

uint32_t NumberTrees::test_count() const {
  size_t count = 0;
  for (const NumberTree& tree : trees)
    count += tree.plan.tests.size() + (tree.with_bit ? tree.with_bit->tests.size() + 1 : 0) + (tree.top ? 1 : 0);
  for (const Top& top : tops) count += top.plan.tests.size();
  return static_cast<uint32_t>(count);
}

NumberTrees plan_numbers(const std::vector<NumberTable>& tables, const PlanOptions& options) {
  return NumberPlanner(tables, options).run();
}

NodeId attach_plan(const Plan& plan, Accumulator accumulator, Graph& graph) {
  std::vector<NodeId> nodes(plan.tests.size());
  auto node_of = [&](uint32_t child) { return (child & Plan::kLeaf) != 0 ? child & ~Plan::kLeaf : nodes[child]; };
  for (size_t i = 0; i < plan.tests.size(); ++i) {
    const Plan::Test& test = plan.tests[i];
    nodes[i] = graph.test(accumulator, test.op, test.k, node_of(test.yes), node_of(test.no));
  }
  return node_of(plan.root);
}

std::vector<NodeId> attach_numbers(const NumberTrees& trees, Graph& graph) {
  std::vector<NodeId> tops, roots;
  for (const NumberTrees::Top& top : trees.tops) tops.push_back(attach_plan(top.plan, kNumber, graph));
  for (const NumberTree& tree : trees.trees) {
    NodeId root = attach_plan(tree.plan, kNumber, graph);
    if (tree.top) root = graph.test(kNumber, TestOp::ge, trees.tops[*tree.top].first, tops[*tree.top], root);
    if (tree.with_bit) {
      const NodeId folded = graph.fold(~kBit, root);
      Plan with_bit = *tree.with_bit;
      auto put_in = [&](uint32_t& child) {
        if (child == (Plan::kLeaf | NumberTree::kAsWithoutBit)) child = Plan::kLeaf | folded;
      };
      for (Plan::Test& test : with_bit.tests) put_in(test.yes), put_in(test.no);
      put_in(with_bit.root);
      root = graph.test(kNumber, TestOp::set, kBit, attach_plan(with_bit, kNumber, graph), root);
    }
    roots.push_back(root);
  }
  return roots;
}

}  // namespace cordon::compiler
