// What plan.inl.h and plan_tree.inl.h share: runs, regions and the trees over them.
//
// Inner loops here go over plain pointers: a constant expression pays for every call of a container's operator[].
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "cordon/base/fixed_array.h"
#include "cordon/compile/plan.h"

namespace cordon::compiler {

// Numbers of one label. Without initialisers, for FixedArray.
struct Run {
  uint32_t first;
  uint32_t last;
  uint32_t label;
  uint64_t weight;
  bool is_exception;  // taken out of its region by equalities
};
using Runs = base::FixedArray<Run>;

// Runs begin..end (not included) of which all that are no exceptions have the label.
struct Region {
  size_t begin = 0;
  size_t end = 0;
  uint32_t label = 0;
};

class Planner {
 public:
  constexpr Planner(Runs runs, const PlanOptions& options) : options_(options), runs_(std::move(runs)) {}
  constexpr Plan plan();

 private:
  // plan.inl.h
  constexpr uint32_t add(TestOp op, uint32_t k, uint32_t yes, uint32_t no);
  // plan_tree.inl.h
  constexpr uint32_t join(const std::vector<Region>& regions);
  constexpr uint32_t join_optimal(const std::vector<Region>& regions);
  constexpr uint32_t join_balanced(const std::vector<Region>& regions, size_t begin, size_t end);
  constexpr uint32_t region(const Region& region);
  constexpr uint32_t chain(size_t begin, size_t end, uint32_t main);
  constexpr uint32_t exceptions(size_t i, size_t j, uint32_t main);
  constexpr void choose_cuts();
  constexpr size_t cut_of(size_t i, size_t j) const;
  constexpr std::vector<size_t> chain_order(size_t begin, size_t end) const;
  constexpr uint64_t saved_by_order(size_t i, size_t j) const;
  constexpr uint64_t chain_cost(size_t i, size_t j) const {
    const uint64_t all = weight(bound_[i], bound_[j]) * (j - i);
    return options_.weights.empty() ? all : all - saved_by_order(i, j);
  }
  constexpr uint64_t weight(size_t begin, size_t end) const { return prefix_[end] - prefix_[begin]; }

  PlanOptions options_;
  Runs runs_;
  base::FixedArray<uint64_t> prefix_;  // weights of the runs before
  // Of the region at hand: block i..j of its exceptions covers the runs from bound_[i] to bound_[j].
  std::vector<size_t> bound_;
  // The cheapest way for a block, and where to cut it (its begin: not at all).
  struct Choice {
    uint64_t cost;
    uint32_t cut;
  };
  base::FixedArray<Choice> choices_;  // by block; empty where there are too many
  Plan plan_;
};

}  // namespace cordon::compiler
