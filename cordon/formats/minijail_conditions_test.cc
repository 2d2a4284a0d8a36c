#include "cordon/formats/minijail_conditions.h"

#include <gtest/gtest.h>

#include <vector>

#include "cordon/policy/condition_algebra.h"
#include "cordon/policy/intervals.h"

namespace cordon::formats {
namespace {

struct Row {
  const char* name;
  const char* syscall;
  ResolvedTest test;
  const char* text;
};

TEST(MinijailCondition, IsWrittenAsPeopleWriteIt) {
  constexpr uint64_t kAll = UINT64_MAX;
  const Row rows[] = {
      {"a value by its name", "ioctl", {1, kAll, {{0x5401, 0x5401}}}, "arg1 == TCGETS"},
      {"few values with names one by one", "socket", {0, kAll, {{1, 2}}}, "arg0 == AF_UNIX || arg0 == AF_INET"},
      {"a range by its ends", "lseek", {1, kAll, {{16, 4095}}}, "arg1 >= 16 && arg1 <= 4095"},
      {"all but some values", "lseek", {1, kAll, {{0, 4}, {6, 8}, {10, kAll}}}, "arg1 != 5 && arg1 != 9"},
      {"single values that others keep apart", "lseek", {1, kAll, {{1, 1}, {3, 3}}}, "arg1 == 1 || arg1 == 3"},
      {"no bit of a mask", "openat", {2, 3, {{0, 0}}}, "arg2 in ~O_ACCMODE"},
      {"no bit but those of a mask", "openat", {2, ~uint64_t{0x80000}, {{0, 0}}}, "arg2 in O_CLOEXEC"},
      {"any bit of a mask", "mmap", {2, 4, {{4, 4}}}, "arg2 & PROT_EXEC"},
      {"a field with a value", "socket", {1, 0xf, {{1, 1}}}, "arg1 in ~0xe && arg1 & SOCK_STREAM"},
      {"a field without a value",
       "lseek",
       {1, 0xff, {{0, 4}, {6, 255}}},
       "arg1 & 0xfa || arg1 in ~0x1 || arg1 in ~0x4"},
      {"a negative value", "openat", {0, kAll, {{0xffffffffffffff9c, 0xffffffffffffff9c}}}, "arg0 == AT_FDCWD"},
  };
  for (const Row& row : rows) {
    const auto found = minijail_condition(
        policy::make_test(row.test.operand, row.test.mask, policy::canonical(row.test.allowed, row.test.mask)),
        {row.syscall, Arch::x86_64}, 100);
    ASSERT_TRUE(found) << row.name;
    EXPECT_EQ(found->text, row.text) << row.name;
  }
}

TEST(MinijailCondition, IsOneWhereMasksOfAnArgumentAreOne) {
  const ResolvedCondition field = policy::make_test(3, 0xf, {{2, 2}}), rest = policy::make_test(3, 0xf0, {{0, 0}});
  const auto found = minijail_condition(policy::all_of({field, rest}), {"mmap", Arch::x86_64}, 100);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->comparisons, 2u);
  EXPECT_EQ(found->text, "arg3 in ~0xfd && arg3 & MAP_PRIVATE");
}

TEST(MinijailCondition, KnowsWhatAlwaysAndNeverHolds) {
  using Kind = MinijailConditionText::Kind;
  const MinijailCall call{"lseek", Arch::x86_64};
  const ResolvedCondition odd = policy::make_test(1, 1, {{1, 1}}), even = policy::make_test(1, 3, {{0, 0}});
  EXPECT_EQ(minijail_condition(policy::always(), call, 9)->kind, Kind::always);
  EXPECT_EQ(minijail_condition(policy::never(), call, 9)->kind, Kind::never);
  EXPECT_EQ(minijail_condition(policy::all_of({odd, even}), call, 9)->kind, Kind::never);
}

TEST(MinijailCondition, EndsAtItsBound) {
  std::vector<Interval> odd;
  for (uint64_t value = 1; value < 200; value += 3) odd.push_back({value, value});
  EXPECT_FALSE(minijail_condition(policy::make_test(1, UINT64_MAX, odd), {"lseek", Arch::x86_64}, 20));
}

}  // namespace
}  // namespace cordon::formats
