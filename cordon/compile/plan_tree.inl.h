// Trees over regions, and over the exceptions of a region.
//
// Regions: the alphabetic tree of least weighted depth, by Knuth's dynamic programme (the root of i..j lies
// between the roots of i..j-1 and i+1..j, so all of it takes quadratic time). Exceptions: a block of them is
// either tested one by one, which costs every number of the block as many steps as there are exceptions, or
// cut in two, which costs one more test.
#pragma once

#include <algorithm>

#include "cordon/compile/plan_internal.h"

namespace cordon::compiler {
namespace detail {

// Above these the exact methods give way to halving by weight.
inline constexpr size_t kMaxOptimalRegions = 160;
inline constexpr size_t kMaxOptimalExceptions = 40;

}  // namespace detail

constexpr uint32_t Planner::join(const std::vector<Region>& regions) {
  if (options_.plain || regions.size() > detail::kMaxOptimalRegions) return join_balanced(regions, 0, regions.size());
  return join_optimal(regions);
}

constexpr uint32_t Planner::join_balanced(const std::vector<Region>& regions, size_t begin, size_t end) {
  if (end - begin == 1) return region(regions[begin]);
  uint64_t half = weight(regions[begin].begin, regions[end - 1].end) / 2;
  size_t middle = begin + 1;
  while (middle + 1 < end && weight(regions[begin].begin, regions[middle].end) <= half) ++middle;
  // At least a quarter on each side keeps the depth logarithmic whatever the weights are.
  size_t quarter = (end - begin) / 4;
  middle = std::clamp(middle, begin + std::max<size_t>(quarter, 1), end - std::max<size_t>(quarter, 1));
  uint32_t no = join_balanced(regions, begin, middle);
  uint32_t yes = join_balanced(regions, middle, end);
  return add(TestOp::ge, runs_[regions[middle].begin].first, yes, no);
}

constexpr uint32_t Planner::join_optimal(const std::vector<Region>& regions) {
  const size_t n = regions.size();
  base::FixedArray<uint64_t> costs(n * n), weights(n + 1);  // weights: of the regions before
  base::FixedArray<uint16_t> roots(n * n);                  // the right part begins here
  uint64_t *const cost = costs.data(), *const before = weights.data();
  uint16_t* const root = roots.data();
  for (size_t i = 0; i < n; ++i) {
    root[i * n + i] = static_cast<uint16_t>(i);
    before[i + 1] = before[i] + weight(regions[i].begin, regions[i].end);
  }
  for (size_t length = 2; length <= n; ++length) {
    for (size_t i = 0, j = length - 1; j < n; ++i, ++j) {
      size_t from = root[i * n + j - 1], to = root[(i + 1) * n + j];
      if (from <= i) from = i + 1;
      if (to < from) to = from;
      if (to > j) to = j;
      uint64_t best = UINT64_MAX;
      for (size_t k = from; k <= to; ++k) {
        uint64_t sum = cost[i * n + k - 1] + cost[k * n + j];
        if (sum < best) {
          best = sum;
          root[i * n + j] = static_cast<uint16_t>(k);
        }
      }
      cost[i * n + j] = best + before[j + 1] - before[i];
    }
  }
  struct Builder {
    Planner& planner;
    const std::vector<Region>& regions;
    const uint16_t* root;
    constexpr uint32_t build(size_t i, size_t j) {  // at most detail::kMaxOptimalRegions deep
      if (i == j) return planner.region(regions[i]);
      size_t k = root[i * regions.size() + j];
      uint32_t no = build(i, k - 1);
      uint32_t yes = build(k, j);
      return planner.add(TestOp::ge, planner.runs_[regions[k].begin].first, yes, no);
    }
  };
  return Builder{*this, regions, root}.build(0, n - 1);
}

// The exceptions among runs begin..end in the order of their tests: of calls that were recorded the frequent ones
// first.
constexpr std::vector<size_t> Planner::chain_order(size_t begin, size_t end) const {
  std::vector<size_t> order;
  for (size_t i = begin; i < end; ++i)
    if (runs_[i].is_exception) order.push_back(i);
  if (options_.weights.empty()) return order;
  std::sort(order.begin(), order.end(), [this](size_t a, size_t b) {
    return runs_[a].weight != runs_[b].weight ? runs_[a].weight > runs_[b].weight : a < b;
  });
  return order;
}

// What exceptions save that are found before the end of their chain.
constexpr uint64_t Planner::saved_by_order(size_t i, size_t j) const {
  uint64_t saved = 0;
  uint64_t left = j - i;
  for (size_t run : chain_order(bound_[i], bound_[j]))
    if (left > 0) saved += runs_[run].weight * --left;
  return saved;
}

// The exceptions among runs begin..end tested one after another.
constexpr uint32_t Planner::chain(size_t begin, size_t end, uint32_t main) {
  uint32_t next = main;
  const std::vector<size_t> order = chain_order(begin, end);
  for (size_t at = order.size(); at-- > 0;) {
    const size_t i = order[at];
    for (uint64_t number = runs_[i].last; number + 1 > runs_[i].first; --number) {
      next = add(TestOp::eq, static_cast<uint32_t>(number), Plan::kLeaf | runs_[i].label, next);
      if (number == 0) break;
    }
  }
  return next;
}

// The cheapest way for every block, by the costs of smaller ones.
constexpr void Planner::choose_cuts() {
  const size_t n = bound_.size() - 1, row = n + 1;
  if (n > detail::kMaxOptimalExceptions) {
    choices_ = {};
    return;
  }
  choices_ = base::FixedArray<Choice>(row * row);
  Choice* const choices = choices_.data();
  for (size_t length = 1; length <= n; ++length) {
    for (size_t i = 0, j = length; j <= n; ++i, ++j) {
      uint64_t best = chain_cost(i, j);
      size_t cut = i;
      uint64_t cut_cost = weight(bound_[i], bound_[j]) + options_.steps_per_test;
      for (size_t k = i + 1; k < j; ++k) {
        uint64_t cost = cut_cost + choices[i * row + k].cost + choices[k * row + j].cost;
        if (cost >= best) continue;
        best = cost;
        cut = k;
      }
      choices[i * row + j] = {best, static_cast<uint32_t>(cut)};
    }
  }
}

constexpr size_t Planner::cut_of(size_t i, size_t j) const {
  if (!choices_.empty()) return choices_[i * bound_.size() + j].cut;
  size_t middle = i + (j - i) / 2;
  uint64_t halves =
      weight(bound_[i], bound_[j]) + chain_cost(i, middle) + chain_cost(middle, j) + options_.steps_per_test;
  return j - i >= 2 && halves < chain_cost(i, j) ? middle : i;
}

// A cut leaves less on both sides, so this goes at most detail::kMaxOptimalExceptions deep, or as deep as halving does.
constexpr uint32_t Planner::exceptions(size_t i, size_t j, uint32_t main) {
  size_t cut = cut_of(i, j);
  if (cut == i) return chain(bound_[i], bound_[j], main);
  uint32_t no = exceptions(i, cut, main);
  uint32_t yes = exceptions(cut, j, main);
  return add(TestOp::ge, runs_[bound_[cut]].first, yes, no);
}

constexpr uint32_t Planner::region(const Region& region) {
  uint32_t main = Plan::kLeaf | region.label;
  bound_.clear();
  for (size_t i = region.begin; i < region.end; ++i) {
    if (runs_[i].is_exception) bound_.push_back(i);
  }
  if (bound_.size() < 2) return chain(region.begin, region.end, main);
  bound_.front() = region.begin;
  bound_.push_back(region.end);
  choose_cuts();
  return exceptions(0, bound_.size() - 1, main);
}

}  // namespace cordon::compiler
