#include "cordon/policy/coverage.h"

#include <gtest/gtest.h>

#include "cordon/policy/condition_algebra.h"
#include "cordon/policy/intervals.h"

namespace cordon::policy {
namespace {

constexpr uint64_t kLow = 0xffffffff;

ResolvedCondition in(uint8_t operand, uint64_t mask, std::vector<Interval> allowed) {
  return make_test(operand, mask, canonical(std::move(allowed), mask));
}
ResolvedCondition is(uint8_t operand, uint64_t value) { return in(operand, kLow, {{value, value}}); }

struct CoverRow {
  const char* name;
  std::vector<ResolvedCondition> earlier;
  ResolvedCondition later;
  bool covered;
};

void PrintTo(const CoverRow& row, std::ostream* out) { *out << row.name; }

class CoverageTest : public ::testing::TestWithParam<CoverRow> {};

TEST_P(CoverageTest, TellsWhatEarlierConditionsLeave) {
  Coverage coverage;
  for (const ResolvedCondition& condition : GetParam().earlier) coverage.add(condition);
  EXPECT_EQ(coverage.covers(GetParam().later), GetParam().covered);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, CoverageTest,
    ::testing::Values(
        CoverRow{"nothing_covers_nothing", {}, is(0, 1), false},
        CoverRow{"always_covers_all", {always()}, is(0, 1), true},
        CoverRow{"an_equal_test", {is(0, 1)}, is(0, 1), true}, CoverRow{"another_value", {is(0, 1)}, is(0, 2), false},
        CoverRow{"another_operand", {is(0, 1)}, is(1, 1), false},
        CoverRow{"two_intervals_together", {in(0, kLow, {{0, 5}}), in(0, kLow, {{6, 9}})}, in(0, kLow, {{3, 8}}), true},
        CoverRow{
            "two_intervals_with_a_gap", {in(0, kLow, {{0, 5}}), in(0, kLow, {{7, 9}})}, in(0, kLow, {{3, 8}}), false},
        CoverRow{"a_test_and_its_opposite_cover_always", {is(0, 1), negation(is(0, 1))}, always(), true},
        CoverRow{"a_conjunction_is_covered_by_one_of_its_tests", {is(0, 1)}, all_of({is(0, 1), is(1, 2)}), true},
        CoverRow{"a_conjunction_covers_a_narrower_one",
                 {all_of({in(0, kLow, {{0, 9}}), is(1, 2)})},
                 all_of({is(0, 1), is(1, 2), is(2, 3)}),
                 true},
        CoverRow{"a_conjunction_does_not_cover_one_of_its_tests", {all_of({is(0, 1), is(1, 2)})}, is(0, 1), false},
        CoverRow{"each_alternative_must_be_covered", {is(0, 1)}, any_of({is(0, 1), is(1, 2)}), false},
        CoverRow{"alternatives_cover_what_one_of_them_covers", {any_of({is(0, 1), is(1, 2)})}, is(1, 2), true},
        CoverRow{"a_value_says_what_its_masked_bits_are", {in(0, 3, {{1, 1}})}, is(0, 5), true},
        CoverRow{"a_value_with_other_masked_bits", {in(0, 3, {{1, 1}})}, is(0, 6), false},
        CoverRow{"masked_bits_do_not_say_the_value", {is(0, 5)}, in(0, 3, {{1, 1}}), false},
        CoverRow{"a_range_with_equal_high_bits", {in(0, 0xf0, {{0x10, 0x10}})}, in(0, kLow, {{0x12, 0x1f}}), true},
        CoverRow{"a_range_that_crosses_high_bits", {in(0, 0xf0, {{0x10, 0x10}})}, in(0, kLow, {{0x12, 0x20}}), false},
        CoverRow{"never_is_always_covered", {}, never(), true}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(CoverageTest, DisjointConditionsShareNoCall) {
  EXPECT_TRUE(are_disjoint(is(0, 1), is(0, 2)));
  EXPECT_TRUE(are_disjoint(all_of({is(0, 1), is(1, 1)}), all_of({is(0, 1), is(1, 2)})));
  EXPECT_TRUE(are_disjoint(in(0, 3, {{1, 1}}), is(0, 6)));
  EXPECT_TRUE(are_disjoint(never(), always()));
  EXPECT_FALSE(are_disjoint(is(0, 1), is(1, 2)));
  EXPECT_FALSE(are_disjoint(always(), is(0, 1)));
}

TEST(CoverageTest, EqualConjunctionsAreFoundAmongMany) {
  Coverage coverage;
  for (uint64_t i = 0; i < 500; ++i) coverage.add(all_of({is(0, i), is(1, i)}));
  EXPECT_TRUE(coverage.covers(all_of({is(1, 499), is(0, 499)})));
  EXPECT_FALSE(coverage.covers(all_of({is(1, 499), is(0, 498)})));
}

TEST(ConditionAlgebraTest, FoldsAndJoins) {
  EXPECT_TRUE(all_of({}).is_always());
  EXPECT_TRUE(any_of({}).is_never());
  EXPECT_TRUE(all_of({is(0, 1), is(0, 2)}).is_never());
  EXPECT_TRUE(any_of({is(0, 1), negation(is(0, 1))}).is_always());
  EXPECT_EQ(any_of({is(0, 1), is(0, 2)}), in(0, kLow, {{1, 2}}));
  EXPECT_EQ(all_of({is(0, 1), all_of({is(1, 2), is(2, 3)})}).operands.size(), 3u);
  EXPECT_EQ(negation(negation(all_of({is(0, 1), is(1, 2)}))), all_of({is(0, 1), is(1, 2)}));
}

TEST(ConditionAlgebraTest, BoundsHiddenOperandsFromBothSides) {
  ResolvedCondition mixed = all_of({is(6, 1), is(0, 2)});
  EXPECT_FALSE(has_hidden(mixed, Sight::registers));
  EXPECT_TRUE(has_hidden(mixed, Sight::instruction_pointer));
  EXPECT_TRUE(certainly(mixed, Sight::instruction_pointer).is_never());
  EXPECT_EQ(possibly(mixed, Sight::instruction_pointer), is(6, 1));
  EXPECT_TRUE(has_hidden(is(kFirstHiddenOperand, 1), Sight::registers));
}

}  // namespace
}  // namespace cordon::policy
