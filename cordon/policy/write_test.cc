#include "cordon/policy/write.h"

#include <gtest/gtest.h>

#include "cordon/policy/constant_policy.h"
#include "cordon/policy/evaluate.h"
#include "cordon/policy/resolve.h"
#include "cordon/policy/testing.h"

namespace cordon::policy {
namespace {

using namespace write;

enum Flags { kReadOnly, kWriteOnly = 1, kAllOnes = -1 };

constexpr uint32_t kClose = 3;

ConstantPolicy with(ConstantCondition condition) {
  ConstantPolicy policy;
  policy.arches = {Arch::x86_64};
  write::add(policy, rule(kAllow, "close", std::move(condition)));
  return policy;
}

struct Row {
  const char* name;
  ConstantCondition condition;
  std::vector<uint64_t> allowed, denied;  // values of the descriptor
};

TEST(Write, says_what_it_is_called) {
  const Row rows[] = {
      {"enumerator", is("fd", kWriteOnly), {1}, {0, 2}},
      {"negative enumerator", is("fd", kAllOnes), {0xffffffff}, {0, 1}},
      {"truth value", is("fd", true), {1}, {0, 2}},
      {"character", is("fd", 'A'), {65}, {0}},
      {"least number", argument("fd").raw().is(INT64_MIN), {uint64_t{1} << 63}, {0}},
      {"none of one", none(is("fd", 3)), {2}, {3}},
      {"none of several", none(is("fd", 3), is("fd", 4)), {2, 5}, {3, 4}},
      {"joined bits", is("fd", bits(kReadOnly, kWriteOnly, 4)), {5}, {1, 4}},
      {"all bits but one", is("fd", complement_of(1)), {0xfffffffe}, {0xffffffff}},
  };
  for (const Row& row : rows) {
    const Result<ResolvedPolicy> resolved = resolve(owning(with(row.condition)), {});
    ASSERT_TRUE(resolved) << row.name;
    for (uint64_t fd : row.allowed)
      EXPECT_EQ(evaluate(*resolved, testing::call_of(Arch::x86_64, kClose, {fd})).action, testing::kAllow)
          << row.name << " " << fd;
    for (uint64_t fd : row.denied)
      EXPECT_EQ(evaluate(*resolved, testing::call_of(Arch::x86_64, kClose, {fd})).action, testing::kKill)
          << row.name << " " << fd;
  }
}

// Writers negate the one condition they find there.
TEST(Write, none_negates_one_condition) { EXPECT_EQ(none(is("fd", 3), is("fd", 4)).operands.size(), 1u); }

TEST(Write, a_second_mask_is_an_error) {
  const Policy policy = owning(with(masked("fd", 3).under(4).is(0)));
  EXPECT_EQ(testing::codes(resolve(policy, {}).error()), "bad-comparison");
}

// A list without values would say nothing, or hold always.
template <class... Values>
concept CanBeCompared = requires(Values... values) {
  write::is("fd", values...);
};
template <class... Values>
concept CanBeJoined = requires(Values... values) {
  write::bits(values...);
};
template <class... Conditions>
concept CanBeNegated = requires(Conditions... conditions) {
  write::none(conditions...);
};
static_assert(CanBeCompared<int> && !CanBeCompared<>);
static_assert(CanBeJoined<int> && !CanBeJoined<>);
static_assert(CanBeNegated<ConstantCondition> && !CanBeNegated<>);

}  // namespace
}  // namespace cordon::policy
