// Trees over regions, and over the exceptions of a region.
//
// Regions: the alphabetic tree of least weighted depth, by Knuth's dynamic programme (the root of i..j lies
// between the roots of i..j-1 and i+1..j, so all of it takes quadratic time). Exceptions: a block of them is
// either tested one by one, which costs every number of the block as many steps as there are exceptions, or
// cut in two, which costs one more test.
#include <algorithm>

#include "cordon/compile/plan_internal.h"

namespace cordon::compiler {
namespace {

// Above these the exact methods give way to halving by weight.
constexpr size_t kMaxOptimalRegions = 160;
constexpr size_t kMaxOptimalExceptions = 40;

}  // namespace

uint32_t Planner::join(const std::vector<Region>& regions) {
  if (options_.plain || regions.size() > kMaxOptimalRegions) return join_balanced(regions, 0, regions.size());
  return join_optimal(regions);
}

uint32_t Planner::join_balanced(const std::vector<Region>& regions, size_t begin, size_t end) {
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

uint32_t Planner::join_optimal(const std::vector<Region>& regions) {
  size_t n = regions.size();
  std::vector<uint64_t> cost(n * n, 0);
  std::vector<uint16_t> root(n * n, 0);  // the right part begins here
  for (size_t i = 0; i < n; ++i) root[i * n + i] = static_cast<uint16_t>(i);
  for (size_t length = 2; length <= n; ++length) {
    for (size_t i = 0, j = length - 1; j < n; ++i, ++j) {
      size_t from = std::max<size_t>(root[i * n + j - 1], i + 1),
             to = std::min<size_t>(std::max<size_t>(root[(i + 1) * n + j], from), j);
      uint64_t best = UINT64_MAX;
      for (size_t k = from; k <= to; ++k) {
        uint64_t sum = cost[i * n + k - 1] + cost[k * n + j];
        if (sum < best) {
          best = sum;
          root[i * n + j] = static_cast<uint16_t>(k);
        }
      }
      cost[i * n + j] = best + weight(regions[i].begin, regions[j].end);
    }
  }
  struct Builder {
    Planner& planner;
    const std::vector<Region>& regions;
    const std::vector<uint16_t>& root;
    uint32_t build(size_t i, size_t j) {  // at most kMaxOptimalRegions deep
      if (i == j) return planner.region(regions[i]);
      size_t k = root[i * regions.size() + j];
      uint32_t no = build(i, k - 1);
      uint32_t yes = build(k, j);
      return planner.add(TestOp::ge, planner.runs_[regions[k].begin].first, yes, no);
    }
  };
  return Builder{*this, regions, root}.build(0, n - 1);
}

// The exceptions among runs begin..end tested one after another.
uint32_t Planner::chain(size_t begin, size_t end, uint32_t main) {
  uint32_t next = main;
  for (size_t i = end; i-- > begin;) {
    if (!runs_[i].is_exception) continue;
    for (uint64_t number = runs_[i].last; number + 1 > runs_[i].first; --number) {
      next = add(TestOp::eq, static_cast<uint32_t>(number), Plan::kLeaf | runs_[i].label, next);
      if (number == 0) break;
    }
  }
  return next;
}

// The cheapest way for every block, by the costs of smaller ones.
void Planner::choose_cuts() {
  size_t n = bound_.size() - 1;
  choices_.clear();
  if (n > kMaxOptimalExceptions) return;
  choices_.resize((n + 1) * (n + 1));
  for (size_t length = 1; length <= n; ++length) {
    for (size_t i = 0, j = length; j <= n; ++i, ++j) {
      Choice best{chain_cost(i, j), static_cast<uint32_t>(i)};
      uint64_t cut_cost = weight(bound_[i], bound_[j]) + options_.steps_per_test;
      for (size_t k = i + 1; k < j; ++k) {
        uint64_t cost = cut_cost + choices_[i * (n + 1) + k].cost + choices_[k * (n + 1) + j].cost;
        if (cost < best.cost) best = {cost, static_cast<uint32_t>(k)};
      }
      choices_[i * (n + 1) + j] = best;
    }
  }
}

size_t Planner::cut_of(size_t i, size_t j) const {
  if (!choices_.empty()) return choices_[i * bound_.size() + j].cut;
  size_t middle = i + (j - i) / 2;
  uint64_t halves =
      weight(bound_[i], bound_[j]) + chain_cost(i, middle) + chain_cost(middle, j) + options_.steps_per_test;
  return j - i >= 2 && halves < chain_cost(i, j) ? middle : i;
}

// A cut leaves less on both sides, so this goes at most kMaxOptimalExceptions deep, or as deep as halving does.
uint32_t Planner::exceptions(size_t i, size_t j, uint32_t main) {
  size_t cut = cut_of(i, j);
  if (cut == i) return chain(bound_[i], bound_[j], main);
  uint32_t no = exceptions(i, cut, main);
  uint32_t yes = exceptions(cut, j, main);
  return add(TestOp::ge, runs_[bound_[cut]].first, yes, no);
}

uint32_t Planner::region(const Region& region) {
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
