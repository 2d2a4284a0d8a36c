// The smallest set of tests, after a classic observation: a test cuts at one point (ge) or singles out one
// number (eq), so a program needs as many as the smallest set of cuts and numbers that separates everything
// that differs. Reading the runs from left to right it is enough to know, for every label, the cheapest way
// in which the last kept run has that label: a run of that label costs nothing more, another label costs a
// cut, and taking a run out costs its length.
//
//   runs   A(5) b(1) A(4) C      kept A, b out, kept A, cut, kept C      cost 1 + 1
#pragma once

#include <algorithm>
#include <optional>

#include "cordon/compile/plan_internal.h"
#include "cordon/compile/plan_tree.inl.h"

namespace cordon::compiler {
namespace detail {

// The tail above the numbers a machine has is visited by no emulator; it still gets a little weight.
inline constexpr uint64_t kTailWeight = 8;

constexpr uint64_t recorded_weight(const Run& run, const PlanOptions& options) {
  uint64_t weight = 0;
  auto at = std::lower_bound(options.weights.begin(), options.weights.end(), run.first,
                             [](const NumberWeight& one, uint32_t number) { return one.nr < number; });
  for (; at != options.weights.end() && at->nr <= run.last; ++at)
    if (options.audit_arch == 0 || options.audit_arch == at->audit_arch) weight += at->weight;
  return weight;
}

constexpr uint64_t run_weight(const Run& run, const PlanOptions& options) {
  uint64_t weight = recorded_weight(run, options);
  if (options.numbers_end == 0) return weight + 1;
  const uint64_t first = std::max(run.first, options.numbers_begin), end = options.numbers_end;
  if (first < end && run.last >= first) weight += std::min<uint64_t>(run.last, end - 1) - first + 1;
  if (run.last >= options.numbers_end) weight += kTailWeight;
  return weight;
}

constexpr Runs runs_of(std::span<const Part> parts, const PlanOptions& options) {
  const size_t count = parts.size();
  Runs result(count);
  Run* const runs = result.data();
  const Part* const part = parts.data();
  for (size_t i = 0; i < count; ++i) {
    runs[i].first = part[i].first;
    runs[i].last = i + 1 < count ? part[i + 1].first - 1 : UINT32_MAX;
    runs[i].label = part[i].label;
    runs[i].weight = options.plain ? 1 : run_weight(runs[i], options);
  }
  return result;
}

struct LabelPlaces {
  base::FixedArray<uint32_t> of_run;  // the place of its label among the labels
  size_t label_count = 0;
};

constexpr LabelPlaces label_places(const Runs& all) {
  const Run* const runs = all.data();
  // Most runs have the label of the last but one: allowed, denied, allowed.
  auto is_known = [runs](size_t i) { return i >= 2 && runs[i].label == runs[i - 2].label; };
  std::vector<uint32_t> labels;
  for (size_t i = 0; i < all.size(); ++i)
    if (!is_known(i)) labels.push_back(runs[i].label);
  std::sort(labels.begin(), labels.end());
  labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
  LabelPlaces result{base::FixedArray<uint32_t>(all.size()), labels.size()};
  uint32_t* const places = result.of_run.data();
  for (size_t i = 0; i < all.size(); ++i) {
    places[i] =
        is_known(i)
            ? places[i - 2]
            : static_cast<uint32_t>(std::lower_bound(labels.begin(), labels.end(), runs[i].label) - labels.begin());
  }
  return result;
}

// Marks the runs to take out. Returns how many tests it takes.
constexpr uint64_t choose_exceptions(Runs& all) {
  constexpr uint32_t kNone = UINT32_MAX;
  struct State {
    int64_t cost = INT64_MAX / 4;  // without the lengths of all runs so far, which every state pays
    uint32_t run = kNone;          // the last kept one
  };
  const LabelPlaces labels = label_places(all);
  const uint32_t* const places = labels.of_run.data();
  std::vector<State> by_label(labels.label_count);
  base::FixedArray<uint32_t> before(all.size());
  State* const states = by_label.data();
  uint32_t* const previous = before.data();
  Run* const runs = all.data();
  State best{-1, kNone};
  int64_t lengths = 0;
  for (uint32_t i = 0, count = static_cast<uint32_t>(all.size()); i < count; ++i) {
    State& state = states[places[i]];
    int64_t length = static_cast<int64_t>(runs[i].last) - runs[i].first + 1;
    lengths += length;
    bool cut = best.cost + 1 < state.cost;
    State kept{(cut ? best.cost + 1 : state.cost) - length, i};
    previous[i] = cut ? best.run : state.run;
    state = kept;
    if (kept.cost <= best.cost) best = kept;
    runs[i].is_exception = true;
  }
  for (uint32_t i = best.run; i != kNone; i = previous[i]) runs[i].is_exception = false;
  return static_cast<uint64_t>(best.cost + lengths);
}

// Exceptions between two regions go to the one with fewer numbers.
constexpr std::vector<Region> regions_of(const Runs& all) {
  const Run* const runs = all.data();
  std::vector<Region> regions;
  size_t last_kept = 0;
  for (size_t i = 0, count = all.size(); i < count; ++i) {
    if (runs[i].is_exception) continue;
    if (regions.empty() || runs[i].label != regions.back().label) {
      size_t begin = regions.empty() ? 0 : i;
      if (!regions.empty() && runs[i].weight < runs[last_kept].weight) begin = last_kept + 1;
      if (!regions.empty()) regions.back().end = begin;
      regions.push_back({begin, count, runs[i].label});
    }
    last_kept = i;
  }
  return regions;
}

// One test is enough, and which is plain: most tests of arguments are such.
constexpr std::optional<Plan::Test> only_test(std::span<const Part> parts) {
  auto leaf = [&](size_t i) { return Plan::kLeaf | parts[i].label; };
  if (parts.size() == 2) {
    if (parts[1].first == 1) return Plan::Test{TestOp::eq, 0, leaf(0), leaf(1)};
    TestOp op = parts[1].first == UINT32_MAX ? TestOp::eq : TestOp::ge;
    return Plan::Test{op, parts[1].first, leaf(1), leaf(0)};
  }
  bool one_value = parts.size() == 3 && parts[0].label == parts[2].label && parts[1].first + 1 == parts[2].first;
  if (one_value) return Plan::Test{TestOp::eq, parts[1].first, leaf(1), leaf(0)};
  return std::nullopt;
}

}  // namespace detail

constexpr uint32_t Planner::add(TestOp op, uint32_t k, uint32_t yes, uint32_t no) {
  if (yes == no) return yes;
  // A cut that leaves one value on a side is an equality: the same cost, easier to read and to share.
  if (op == TestOp::ge && k == UINT32_MAX) op = TestOp::eq;
  if (op == TestOp::ge && k == 1) return add(TestOp::eq, 0, no, yes);
  plan_.tests.push_back({op, k, yes, no});
  return static_cast<uint32_t>(plan_.tests.size() - 1);
}

constexpr Plan Planner::plan() {
  prefix_ = base::FixedArray<uint64_t>(runs_.size() + 1);
  uint64_t* const prefix = prefix_.data();
  const Run* const runs = runs_.data();
  for (size_t i = 0, count = runs_.size(); i < count; ++i) prefix[i + 1] = prefix[i] + runs[i].weight;
  plan_.tests.reserve(runs_.size());
  plan_.root = join(detail::regions_of(runs_));
  return std::move(plan_);
}

constexpr Plan plan_tests(std::span<const Part> parts, const PlanOptions& options) {
  if (!options.plain)
    if (std::optional<Plan::Test> test = detail::only_test(parts)) return {{*test}, 0};
  Runs runs = detail::runs_of(parts, options);
  if (!options.plain) detail::choose_exceptions(runs);
  return Planner(std::move(runs), options).plan();
}

constexpr uint64_t fewest_tests(std::span<const Part> parts) {
  PlanOptions options;
  options.plain = true;  // weights are of no interest here
  Runs runs = detail::runs_of(parts, options);
  return detail::choose_exceptions(runs);
}

}  // namespace cordon::compiler
