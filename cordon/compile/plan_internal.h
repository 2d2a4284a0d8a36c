// What plan.cc and plan_tree.cc share: runs, regions and the trees over them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "cordon/compile/plan.h"

namespace cordon::compiler {

// Numbers of one label.
struct Run {
  uint32_t first = 0;
  uint32_t last = 0;
  uint32_t label = 0;
  uint64_t weight = 0;
  bool is_exception = false;  // taken out of its region by equalities
};

// Runs begin..end (not included) of which all that are no exceptions have the label.
struct Region {
  size_t begin = 0;
  size_t end = 0;
  uint32_t label = 0;
};

class Planner {
 public:
  Planner(std::vector<Run> runs, const PlanOptions& options) : options_(options), runs_(std::move(runs)) {}
  Plan plan();

 private:
  // plan.cc
  uint32_t add(TestOp op, uint32_t k, uint32_t yes, uint32_t no);
  // plan_tree.cc
  uint32_t join(const std::vector<Region>& regions);
  uint32_t join_optimal(const std::vector<Region>& regions);
  uint32_t join_balanced(const std::vector<Region>& regions, size_t begin, size_t end);
  uint32_t region(const Region& region);
  uint32_t chain(size_t begin, size_t end, uint32_t main);
  uint32_t exceptions(size_t i, size_t j, uint32_t main);
  void choose_cuts();
  size_t cut_of(size_t i, size_t j) const;
  uint64_t chain_cost(size_t i, size_t j) const { return weight(bound_[i], bound_[j]) * (j - i); }
  uint64_t weight(size_t begin, size_t end) const { return prefix_[end] - prefix_[begin]; }

  PlanOptions options_;
  std::vector<Run> runs_;
  std::vector<uint64_t> prefix_;
  // Of the region at hand: block i..j of its exceptions covers the runs from bound_[i] to bound_[j].
  std::vector<size_t> bound_;
  // The cheapest way for a block, and where to cut it (its begin: not at all).
  struct Choice {
    uint64_t cost = 0;
    uint32_t cut = 0;
  };
  std::vector<Choice> choices_;  // by block; empty where there are too many
  Plan plan_;
};

}  // namespace cordon::compiler
