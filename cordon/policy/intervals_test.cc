#include "cordon/policy/intervals.h"

#include <gtest/gtest.h>

namespace cordon::policy {

inline void PrintTo(const std::vector<Interval>& set, std::ostream* out) {
  for (const Interval& i : set) *out << i.first << ".." << i.last << " ";
}

namespace {

using Set = std::vector<Interval>;

struct CanonicalRow {
  const char* name;
  Set given;
  uint64_t mask;
  Set expected;
};

void PrintTo(const CanonicalRow& row, std::ostream* out) { *out << row.name; }

class CanonicalTest : public ::testing::TestWithParam<CanonicalRow> {};

TEST_P(CanonicalTest, GivesTheOneFormOfASet) {
  EXPECT_EQ(canonical(GetParam().given, GetParam().mask), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, CanonicalTest,
    ::testing::Values(CanonicalRow{"nothing_is_nothing", {}, 0xff, {}},
                      CanonicalRow{"intervals_are_sorted", {{8, 9}, {1, 2}}, 0xff, {{1, 2}, {8, 9}}},
                      CanonicalRow{"adjacent_intervals_join", {{1, 2}, {3, 4}}, 0xff, {{1, 4}}},
                      CanonicalRow{"overlapping_intervals_join", {{1, 9}, {3, 4}}, 0xff, {{1, 9}}},
                      CanonicalRow{"values_beyond_the_mask_are_cut", {{0xf0, 0xfff}}, 0xff, {{0xf0, 0xff}}},
                      CanonicalRow{"a_value_with_foreign_bits_is_none", {{2, 2}}, 5, {}},
                      CanonicalRow{"a_gap_without_values_closes", {{1, 1}, {4, 4}}, 5, {{1, 4}}},
                      CanonicalRow{"end_points_are_values", {{2, 9}}, 5, {{4, 5}}},
                      CanonicalRow{"all_values_are_everything", {{0, 1}, {4, 5}}, 5, {{0, 5}}},
                      CanonicalRow{"the_whole_word", {{0, UINT64_MAX}}, UINT64_MAX, {{0, UINT64_MAX}}},
                      CanonicalRow{"the_greatest_value",
                                   {{UINT64_MAX, UINT64_MAX}, {3, 3}},
                                   UINT64_MAX,
                                   {{3, 3}, {UINT64_MAX, UINT64_MAX}}},
                      CanonicalRow{"mask_zero_lets_only_zero_through", {{0, 0}}, 0, {{0, 0}}}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(IntervalsTest, AgreeWithCountingForEveryMaskAndIntervalOfFourBits) {
  for (uint64_t mask = 0; mask < 16; ++mask) {
    for (uint64_t first = 0; first < 16; ++first) {
      for (uint64_t last = first; last < 16; ++last) {
        Set set = canonical({{first, last}}, mask);
        Set rest = complement(set, mask);
        for (uint64_t value = 0; value < 16; ++value) {
          if ((value & ~mask) != 0) continue;
          bool expected = first <= value && value <= last;
          EXPECT_EQ(includes(set, Set{{value, value}}), expected) << mask << " " << first << " " << last;
          EXPECT_EQ(includes(rest, Set{{value, value}}), !expected) << mask << " " << first << " " << last;
        }
        EXPECT_EQ(complement(rest, mask), set);
        EXPECT_TRUE(intersection(set, rest, mask).empty());
        EXPECT_TRUE(is_everything(join(set, rest, mask), mask));
      }
    }
  }
}

}  // namespace
}  // namespace cordon::policy
