#include "cordon/base/wide_unsigned.h"

#include <gtest/gtest.h>

namespace cordon::base {
namespace {

WideUnsigned power(unsigned exponent) { return WideUnsigned::power_of_two(exponent); }

TEST(WideUnsigned, carries_and_borrows_run_through_all_limbs) {
  WideUnsigned sum = power(448) - WideUnsigned(1);
  EXPECT_EQ(sum.bit_length(), 448u);
  sum += WideUnsigned(1);
  EXPECT_EQ(sum, power(448));
  EXPECT_TRUE(sum.is_power_of_two());
  EXPECT_FALSE((sum - WideUnsigned(1)).is_power_of_two());
}

TEST(WideUnsigned, products_are_sums_of_shifts) {
  const WideUnsigned number = power(300) - power(37);
  for (uint64_t factor : {uint64_t{0}, uint64_t{1}, uint64_t{3}, uint64_t{0xffffffff}, uint64_t{1} << 32, UINT64_MAX}) {
    WideUnsigned expected;
    for (unsigned bit = 0; bit < 64; ++bit)
      if ((factor >> bit & 1) != 0) expected += number << bit;
    EXPECT_EQ(number * factor, expected) << factor;
  }
}

TEST(WideUnsigned, decimal_digits_are_those_of_school) {
  EXPECT_EQ(WideUnsigned().decimal(), "0");
  EXPECT_EQ(WideUnsigned(1'000'000'000).decimal(), "1000000000");
  EXPECT_EQ(WideUnsigned(UINT64_MAX).decimal(), "18446744073709551615");
  EXPECT_EQ((power(192) - WideUnsigned(1)).decimal(), "6277101735386680763835789423207666416102355444464034512895");
  WideUnsigned number(7);
  for (int i = 0; i < 100; ++i) number = number * 10;
  EXPECT_EQ(number.decimal(), "7" + std::string(100, '0'));
}

TEST(WideUnsigned, order_is_by_the_highest_limb_that_differs) {
  EXPECT_LT(WideUnsigned(UINT64_MAX), power(64));
  EXPECT_GT(power(64) * 3, power(65));
  EXPECT_EQ(WideUnsigned() <=> WideUnsigned(), std::strong_ordering::equal);
}

struct Row {
  const char* name;
  WideUnsigned count;
  unsigned bits;
  const char* text;
};

TEST(CountText, tells_counts_in_few_words) {
  const Row rows[] = {
      {"one", WideUnsigned(1), 32, "1 of 2^32"},
      {"a small power is a number", WideUnsigned(4096), 32, "4096 of 2^32"},
      {"a large power is a power", power(30), 32, "2^30 of 2^32"},
      {"what is exact in 64 bits", WideUnsigned(0xc0000000), 32, "3221225472 of 2^32"},
      {"all", power(32), 32, "all 2^32"},
      {"nearly all", power(32) - WideUnsigned(1), 32, "all but 1 of 2^32"},
      {"the largest exact one", WideUnsigned(UINT64_MAX), 192, "18446744073709551615 of 2^192"},
      {"below the middle of two powers", power(188) * 5, 192, "about 2^190 of 2^192"},
      {"above the middle of two powers", power(190) - WideUnsigned(1), 192, "about 2^190 of 2^192"},
      {"most of very many", power(192) - power(190), 192, "all but 2^190 of 2^192"},
      {"nearly all of very many", power(192) - power(100) - WideUnsigned(5), 192, "all but about 2^100 of 2^192"},
  };
  for (const Row& row : rows) EXPECT_EQ(count_text(row.count, row.bits), row.text) << row.name;
}

}  // namespace
}  // namespace cordon::base
