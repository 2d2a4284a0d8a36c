// From a partition of one word's values to tests.
//
// Under a mask only some values can occur; a partition is first drawn on those, so that policies that
// mean the same become the same nodes. Then, in this order: `x & M == 0` is one jset; a set that is all
// subsets of a mask but for a few values is a jset behind equalities; anything else is planned.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <optional>

#include "cordon/compile/blocks.h"
#include "cordon/compile/graph.h"

namespace cordon::compiler {
namespace detail {

inline constexpr size_t kMaxSubsetValues = 64;  // of a set looked at as subsets of a mask
inline constexpr size_t kMaxLeftOver = 3;       // values that are no subset, tested one by one

// The least value >= `from` that is a subset of `mask`; no value when there is none.
constexpr bool next_subset(uint32_t from, uint32_t mask, uint32_t& result) {
  uint32_t outside = from & ~mask;
  if (outside == 0) {
    result = from;
    return true;
  }
  // Everything below the highest bit outside the mask is cleared, then the next mask bit above it is raised.
  uint32_t top = std::bit_floor(outside);
  uint32_t below = (top << 1) - 1;
  uint32_t high = from & ~below;
  uint32_t free_bits = mask & ~high & ~below;
  if (free_bits == 0) return false;
  uint32_t raised = lowest_bit(free_bits);
  result = (high & mask & ~((raised << 1) - 1)) | raised;
  return true;
}

constexpr void drop_impossible(std::vector<Part>& parts, uint32_t mask) {
  size_t kept = 0;  // never ahead of what is read
  for (size_t i = 0; i < parts.size(); ++i) {
    uint32_t first = 0;
    if (!next_subset(parts[i].first, mask, first)) break;
    if (i + 1 < parts.size() && first >= parts[i + 1].first) continue;
    if (kept == 0) first = 0;
    if (kept == 0 || parts[kept - 1].label != parts[i].label) parts[kept++] = {first, parts[i].label};
  }
  parts.resize(kept);
}

// A set: all subsets of a mask, and at most kMaxLeftOver values more, ascending.
struct SubsetPlan {
  uint32_t mask = 0;
  size_t left_over_count = 0;
  std::array<uint32_t, kMaxLeftOver> left_over{};
};

constexpr std::optional<SubsetPlan> find_subset_plan(std::span<const Part> parts, uint32_t label, uint32_t word_mask) {
  std::array<uint32_t, kMaxSubsetValues> values;
  size_t count = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].label != label) continue;
    uint64_t end = i + 1 < parts.size() ? parts[i + 1].first : static_cast<uint64_t>(word_mask) + 1;
    for (uint64_t value = parts[i].first; value < end; ++value) {
      if ((value & ~static_cast<uint64_t>(word_mask)) != 0) continue;
      if (count == kMaxSubsetValues || end - value > 4 * kMaxSubsetValues) return std::nullopt;
      values[count++] = static_cast<uint32_t>(value);
    }
  }
  for (size_t left = 0; left <= kMaxLeftOver && left < count; ++left) {
    SubsetPlan plan;
    for (size_t i = 0; i + left < count; ++i) plan.mask |= values[i];
    int bits = std::popcount(plan.mask);
    if (bits > 6 || (size_t{1} << bits) != count - left) continue;
    plan.left_over_count = left;
    std::copy_n(values.begin() + static_cast<ptrdiff_t>(count - left), left, plan.left_over.begin());
    return plan;
  }
  return std::nullopt;
}

}  // namespace detail

constexpr NodeId BlockBuilder::lower_subset(Accumulator accumulator, std::span<const Part> parts, size_t tests) {
  uint32_t other = parts[0].label;
  for (const Part& part : parts) {
    if (part.label != parts[0].label) other = part.label;
  }
  for (const Part& part : parts) {
    if (part.label != parts[0].label && part.label != other) return kNoNode;
  }
  for (uint32_t label : {parts[0].label, other}) {
    std::optional<detail::SubsetPlan> plan = detail::find_subset_plan(parts, label, accumulator.mask);
    if (!plan || plan->left_over_count + 1 >= tests) continue;
    NodeId no = label == other ? parts[0].label : other;
    uint32_t forbidden = accumulator.mask & ~plan->mask;
    // A lone jset needs no AND before it.
    if (plan->left_over_count == 0) accumulator.mask = UINT32_MAX;
    NodeId node = graph_.test(accumulator, TestOp::set, forbidden, no, label);
    for (size_t i = plan->left_over_count; i-- > 0;)
      node = graph_.test(accumulator, TestOp::eq, plan->left_over[i], label, node);
    return node;
  }
  return kNoNode;
}

constexpr NodeId BlockBuilder::lower(Accumulator accumulator, std::vector<Part> parts) {
  detail::drop_impossible(parts, accumulator.mask);
  if (options_.use_bits) {
    for (size_t i = 0; i < parts.size(); ++i) {
      uint32_t last = i + 1 < parts.size() ? parts[i + 1].first - 1 : accumulator.mask;
      if (i + 1 < parts.size() && accumulator.mask != UINT32_MAX) {
        // The last value that can occur: for a part of one value the knowledge is exact.
        uint32_t second = 0;
        if (parts[i].first != UINT32_MAX && detail::next_subset(parts[i].first + 1, accumulator.mask, second) &&
            second > last) {
          last = parts[i].first;
        }
      }
      parts[i].label = graph_.narrow(parts[i].label, accumulator, parts[i].first, last);
    }
    detail::drop_impossible(parts, accumulator.mask);
  }
  if (parts.size() == 1) return parts[0].label;
  if (options_.use_bits && accumulator.mask != UINT32_MAX && parts.size() == 2 &&
      parts[1].first == detail::lowest_bit(accumulator.mask)) {
    return graph_.test({accumulator.word, UINT32_MAX}, TestOp::set, accumulator.mask, parts[1].label, parts[0].label);
  }
  Plan plan = plan_tests(parts, options_.plan);
  if (options_.use_bits && plan.tests.size() > 1) {
    NodeId node = lower_subset(accumulator, parts, plan.tests.size());
    if (node != kNoNode) return node;
  }
  std::vector<NodeId> nodes(plan.tests.size(), kNoNode);
  auto node_of = [&](uint32_t child) { return (child & Plan::kLeaf) != 0 ? child & ~Plan::kLeaf : nodes[child]; };
  for (size_t i = 0; i < plan.tests.size(); ++i) {
    const Plan::Test& test = plan.tests[i];
    nodes[i] = graph_.test(accumulator, test.op, test.k, node_of(test.yes), node_of(test.no));
  }
  return node_of(plan.root);
}

}  // namespace cordon::compiler
