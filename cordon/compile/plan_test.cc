#include "cordon/compile/plan.h"

#include <gtest/gtest.h>

#include <random>

namespace cordon::compiler {
namespace {

uint32_t run_plan(const Plan& plan, uint32_t value) {
  uint32_t at = plan.root;
  while ((at & Plan::kLeaf) == 0) {
    const Plan::Test& test = plan.tests[at];
    bool yes = test.op == TestOp::eq   ? value == test.k
               : test.op == TestOp::ge ? value >= test.k
                                       : (value & test.k) != 0;
    at = yes ? test.yes : test.no;
  }
  return at & ~Plan::kLeaf;
}

uint32_t label_of(const std::vector<Part>& parts, uint32_t value) {
  uint32_t label = 0;
  for (const Part& part : parts) {
    if (part.first <= value) label = part.label;
  }
  return label;
}

struct Row {
  const char* name;
  std::vector<Part> parts;
  size_t tests;  // at minimum size
};

TEST(Plan, TakesTheFewestTests) {
  const Row rows[] = {
      {"one label needs no test", {{0, 1}}, 0},
      {"one cut", {{0, 1}, {5, 2}}, 1},
      {"one number out of a range is one equality", {{0, 1}, {5, 2}, {6, 1}}, 1},
      {"two numbers out of a range are two", {{0, 1}, {5, 2}, {7, 1}}, 2},
      {"an exception and a cut", {{0, 1}, {5, 2}, {6, 1}, {10, 2}}, 2},
      {"two neighbouring exceptions of different labels", {{0, 1}, {5, 2}, {6, 3}, {7, 1}}, 2},
      {"the first number alone", {{0, 2}, {1, 1}}, 1},
      {"the last number alone", {{0, 1}, {UINT32_MAX, 2}}, 1},
      {"a range between others is two cuts", {{0, 1}, {5, 2}, {50, 1}}, 2},
  };
  for (const Row& row : rows) {
    Plan plan = plan_tests(row.parts, {.numbers_end = 480, .steps_per_test = UINT64_C(1) << 40});
    EXPECT_EQ(plan.tests.size(), row.tests) << row.name;
    for (const Part& part : row.parts) {
      for (uint32_t value : {part.first - 1, part.first, part.first + 1}) {
        EXPECT_EQ(run_plan(plan, value), label_of(row.parts, value)) << row.name << " " << value;
      }
    }
  }
}

// The smallest set of tests by trying every choice of exceptions among runs.
size_t brute_force_minimum(const std::vector<Part>& parts) {
  size_t best = SIZE_MAX;
  for (size_t kept = 1; kept < (size_t{1} << parts.size()); ++kept) {
    uint64_t cost = 0;
    uint32_t last = UINT32_MAX;
    for (size_t i = 0; i < parts.size(); ++i) {
      uint64_t end = i + 1 < parts.size() ? parts[i + 1].first : uint64_t{1} << 32;
      if ((kept >> i & 1) == 0) {
        cost += end - parts[i].first;
      } else {
        cost += last != UINT32_MAX && last != parts[i].label;
        last = parts[i].label;
      }
    }
    best = std::min<size_t>(best, cost);
  }
  return best;
}

TEST(Plan, MeetsTheMinimumFoundByTryingEverythingAndKeepsEveryLabel) {
  std::mt19937 random(7);
  for (int round = 0; round < 400; ++round) {
    std::vector<Part> parts{{0, static_cast<uint32_t>(random() % 4)}};
    for (size_t i = 0; i < 9; ++i) {
      uint32_t label = static_cast<uint32_t>(random() % 4);
      if (label == parts.back().label) continue;
      parts.push_back({parts.back().first + 1 + static_cast<uint32_t>(random() % 3), label});
    }
    for (uint64_t steps : {uint64_t{0}, uint64_t{100}, UINT64_C(1) << 40}) {
      Plan plan = plan_tests(parts, {.numbers_end = 480, .steps_per_test = steps});
      for (uint32_t value = 0; value < 40; ++value) ASSERT_EQ(run_plan(plan, value), label_of(parts, value)) << round;
      if (steps > 100) {
        EXPECT_EQ(plan.tests.size(), brute_force_minimum(parts)) << round;
      }
    }
    Plan plain = plan_tests(parts, {.plain = true});
    for (uint32_t value = 0; value < 40; ++value) ASSERT_EQ(run_plan(plain, value), label_of(parts, value)) << round;
  }
}

TEST(Plan, CutsLongChainsOfEqualitiesWhereStepsCount) {
  std::vector<Part> parts{{0, 1}};
  for (uint32_t i = 1; i < 200; ++i) {
    parts.push_back({i * 10, 2});
    parts.push_back({i * 10 + 1, 1});
  }
  Plan plan = plan_tests(parts, {.steps_per_test = 24});
  EXPECT_GT(plan.tests.size(), 199u);
  EXPECT_LT(plan.tests.size(), 260u);
  for (uint32_t value = 0; value < 2005; ++value) ASSERT_EQ(run_plan(plan, value), label_of(parts, value));
}

}  // namespace
}  // namespace cordon::compiler
