// The smallest set of tests, after a classic observation: a test cuts at one point (ge) or singles out one
// number (eq), so a program needs as many as the smallest set of cuts and numbers that separates everything
// that differs. Reading the runs from left to right it is enough to know, for every label, the cheapest way
// in which the last kept run has that label: a run of that label costs nothing more, another label costs a
// cut, and taking a run out costs its length.
//
//   runs   A(5) b(1) A(4) C      kept A, b out, kept A, cut, kept C      cost 1 + 1
#include "cordon/compile/plan.h"

#include <algorithm>
#include <optional>

#include "cordon/compile/plan_internal.h"

namespace cordon::compiler {
namespace {

// The tail above the numbers a machine has is visited by no emulator; it still gets a little weight.
constexpr uint64_t kTailWeight = 8;

uint64_t run_weight(const Run& run, const PlanOptions& options) {
  if (options.numbers_end == 0) return 1;
  uint64_t weight = 0;
  const uint64_t first = std::max(run.first, options.numbers_begin), end = options.numbers_end;
  if (first < end && run.last >= first) weight += std::min<uint64_t>(run.last, end - 1) - first + 1;
  if (run.last >= options.numbers_end) weight += kTailWeight;
  return weight;
}

std::vector<Run> runs_of(std::span<const Part> parts, const PlanOptions& options) {
  std::vector<Run> runs(parts.size());
  for (size_t i = 0; i < parts.size(); ++i) {
    runs[i].first = parts[i].first;
    runs[i].last = i + 1 < parts.size() ? parts[i + 1].first - 1 : UINT32_MAX;
    runs[i].label = parts[i].label;
    runs[i].weight = run_weight(runs[i], options);
  }
  return runs;
}

// Marks the runs to take out.
void choose_exceptions(std::vector<Run>& runs) {
  constexpr uint32_t kNone = UINT32_MAX;
  std::vector<uint32_t> labels;
  labels.reserve(runs.size());
  for (const Run& run : runs) labels.push_back(run.label);
  std::sort(labels.begin(), labels.end());
  labels.erase(std::unique(labels.begin(), labels.end()), labels.end());

  struct State {
    int64_t cost = INT64_MAX / 4;  // without `shift`
    uint32_t run = kNone;          // the last kept one
  };
  std::vector<State> states(labels.size());
  std::vector<uint32_t> previous(runs.size(), kNone);
  State best{-1, kNone};
  int64_t shift = 0;  // lengths of the runs so far: what a state pays that kept none of them
  for (uint32_t i = 0; i < runs.size(); ++i) {
    size_t label = static_cast<size_t>(std::lower_bound(labels.begin(), labels.end(), runs[i].label) - labels.begin());
    State& state = states[label];
    int64_t length = static_cast<int64_t>(runs[i].last) - runs[i].first + 1;
    bool cut = best.cost + 1 < state.cost;
    State kept{(cut ? best.cost + 1 : state.cost) - length, i};
    previous[i] = cut ? best.run : state.run;
    shift += length;
    state = kept;
    if (kept.cost <= best.cost) best = kept;
  }
  for (Run& run : runs) run.is_exception = true;
  for (uint32_t i = best.run; i != kNone; i = previous[i]) runs[i].is_exception = false;
}

// Exceptions between two regions go to the one with fewer numbers.
std::vector<Region> regions_of(const std::vector<Run>& runs) {
  std::vector<Region> regions;
  size_t last_kept = 0;
  for (size_t i = 0; i < runs.size(); ++i) {
    if (runs[i].is_exception) continue;
    if (regions.empty() || runs[i].label != regions.back().label) {
      size_t begin = regions.empty() ? 0 : i;
      if (!regions.empty() && runs[i].weight < runs[last_kept].weight) begin = last_kept + 1;
      if (!regions.empty()) regions.back().end = begin;
      regions.push_back({begin, runs.size(), runs[i].label});
    }
    last_kept = i;
  }
  return regions;
}

// One test is enough, and which is plain: most tests of arguments are such.
std::optional<Plan::Test> only_test(std::span<const Part> parts) {
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

}  // namespace

uint32_t Planner::add(TestOp op, uint32_t k, uint32_t yes, uint32_t no) {
  if (yes == no) return yes;
  // A cut that leaves one value on a side is an equality: the same cost, easier to read and to share.
  if (op == TestOp::ge && k == UINT32_MAX) op = TestOp::eq;
  if (op == TestOp::ge && k == 1) return add(TestOp::eq, 0, no, yes);
  plan_.tests.push_back({op, k, yes, no});
  return static_cast<uint32_t>(plan_.tests.size() - 1);
}

Plan Planner::plan() {
  prefix_.assign(runs_.size() + 1, 0);
  for (size_t i = 0; i < runs_.size(); ++i) prefix_[i + 1] = prefix_[i] + runs_[i].weight;
  plan_.tests.reserve(runs_.size());
  plan_.root = join(regions_of(runs_));
  return std::move(plan_);
}

Plan plan_tests(std::span<const Part> parts, const PlanOptions& options) {
  if (!options.plain)
    if (std::optional<Plan::Test> test = only_test(parts)) return {{*test}, 0};
  std::vector<Run> runs = runs_of(parts, options);
  if (options.plain) {
    for (Run& run : runs) run.weight = 1;
  } else {
    choose_exceptions(runs);
  }
  return Planner(std::move(runs), options).plan();
}

}  // namespace cordon::compiler
