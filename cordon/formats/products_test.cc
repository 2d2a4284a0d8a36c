#include "cordon/formats/products.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "cordon/policy/condition_algebra.h"
#include "cordon/policy/intervals.h"

namespace cordon::formats {
namespace {

ResolvedCondition test(uint8_t operand, uint64_t mask, std::vector<Interval> allowed) {
  return policy::make_test(operand, mask, policy::canonical(std::move(allowed), mask));
}

TEST(Cubes, HoldTheValuesOfTheTestAndNoneTwice) {
  const struct {
    const char* name;
    uint64_t mask;
    std::vector<Interval> allowed;
    size_t count;
  } rows[] = {
      {"one value is one cube", 0xff, {{7, 7}}, 1},
      {"an aligned block is one cube", 0xff, {{8, 15}}, 1},
      {"a range is cut at powers of two", 0xff, {{100, 103}, {105, 106}}, 3},
      {"all but one value take a cube for each bit", 0xff, {{0, 99}, {101, 255}}, 8},
      {"a mask with gaps counts its own bits", 0x53, {{0x03, 0x12}}, 3},
      {"half of a mask is one cube", 0x53, {{0x00, 0x13}}, 1},
  };
  for (const auto& row : rows) {
    const std::vector<Interval> allowed = policy::canonical(row.allowed, row.mask);
    const std::vector<Cube> found = cubes({0, row.mask, allowed});
    EXPECT_EQ(found.size(), row.count) << row.name;
    for (uint64_t value = 0; value < 256; ++value) {
      const uint64_t seen = value & row.mask;
      const bool is_allowed = std::any_of(allowed.begin(), allowed.end(), [seen](const Interval& interval) {
        return interval.first <= seen && seen <= interval.last;
      });
      const auto holding = std::count_if(found.begin(), found.end(),
                                         [value](const Cube& cube) { return (value & cube.mask) == cube.value; });
      EXPECT_EQ(holding, is_allowed ? 1 : 0) << row.name << ": " << value;
    }
  }
}

TEST(Cubes, ReachToTheLastValueOfAWord) {
  EXPECT_EQ(cubes({0, UINT64_MAX, {{UINT64_MAX - 1, UINT64_MAX}}}),
            (std::vector<Cube>{{UINT64_MAX - 1, UINT64_MAX - 1}}));
  EXPECT_EQ(cubes({0, UINT64_MAX, {{1, UINT64_MAX}}}).size(), 64u);
}

TEST(Products, DropWhatAnotherAlternativeSays) {
  const ResolvedCondition low = test(0, 0xff, {{0, 9}}), lower = test(0, 0xff, {{0, 3}}), other = test(1, 1, {{1, 1}});
  const ResolvedCondition condition =
      policy::any_of({policy::all_of({lower, other}), policy::all_of({low, other}), low});
  const auto found = products(condition, 16);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ(found->front(), Product{low.test});
}

TEST(Products, EndAtTheirBound) {
  std::vector<ResolvedCondition> pairs;
  for (unsigned bit = 0; bit < 8; ++bit)
    pairs.push_back(policy::any_of({test(0, uint64_t{1} << bit, {{0, 0}}), test(1, uint64_t{1} << bit, {{0, 0}})}));
  EXPECT_FALSE(products(policy::all_of(pairs), 255));
  EXPECT_TRUE(products(policy::all_of(pairs), 256));
}

}  // namespace
}  // namespace cordon::formats
