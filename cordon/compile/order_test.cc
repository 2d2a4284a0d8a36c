#include "cordon/compile/order.h"

#include <gtest/gtest.h>

#include <string_view>

namespace cordon::compiler {
namespace {

struct Row {
  const char* name;
  std::string_view items;
  std::vector<size_t> first;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class FirstEqual : public testing::TestWithParam<Row> {};

TEST_P(FirstEqual, finds_for_each_item_the_first_like_it) {
  std::string_view items = GetParam().items;
  EXPECT_EQ(first_equal(items.size(), [&](size_t a, size_t b) { return items[a] < items[b]; }), GetParam().first);
}

INSTANTIATE_TEST_SUITE_P(Order, FirstEqual,
                         testing::Values(Row{"none", "", {}}, Row{"one", "a", {0}}, Row{"different", "cab", {0, 1, 2}},
                                         Row{"all_equal", "bbb", {0, 0, 0}},
                                         Row{"far_apart", "bacabc", {0, 1, 2, 1, 0, 2}}),
                         [](const auto& test) { return std::string(test.param.name); });

constexpr size_t last_of_a_constant() {
  constexpr std::string_view kItems = "bacab";
  return first_equal(kItems.size(), [&](size_t a, size_t b) { return kItems[a] < kItems[b]; }).back();
}
static_assert(last_of_a_constant() == 0);

}  // namespace
}  // namespace cordon::compiler
