#include "cordon/base/fixed_array.h"

#include <gtest/gtest.h>

namespace cordon::base {
namespace {

constexpr int sum_of_squares(size_t count) {
  FixedArray<int> squares(count);
  for (size_t i = 0; i < count; ++i) squares[i] = static_cast<int>(i * i);
  FixedArray<int> moved = std::move(squares);
  FixedArray<int> assigned;
  assigned = std::move(moved);
  int sum = 0;
  for (size_t i = 0; i < assigned.size(); ++i) sum += assigned.data()[i];
  return sum;
}
static_assert(sum_of_squares(4) == 14);

TEST(FixedArray, BeginsWithZeros) {
  FixedArray<uint64_t> values(100);
  uint64_t all = 0;
  for (size_t i = 0; i < values.size(); ++i) all |= values[i];
  EXPECT_EQ(all, 0u);
}

TEST(FixedArray, IsEmptyOnceMovedFrom) {
  FixedArray<int> values(3);
  FixedArray<int> other = std::move(values);
  EXPECT_TRUE(values.empty());  // NOLINT(bugprone-use-after-move): that is the question
  EXPECT_EQ(other.size(), 3u);
}

}  // namespace
}  // namespace cordon::base
