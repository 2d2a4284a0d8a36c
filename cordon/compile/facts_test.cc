#include "cordon/compile/facts.h"

#include <gtest/gtest.h>

namespace cordon::compiler {
namespace {

struct Row {
  const char* name;
  Facts facts;
  Fact fact;
  bool possible;
};

constexpr WordId kWord = 1, kOther = 3;

const Row kRows[] = {
    {"nothing is known", {}, {kWord, UINT32_MAX, 5, 5, true}, true},
    {"ranges that meet", {{kWord, UINT32_MAX, 3, 9, true}}, {kWord, UINT32_MAX, 9, 12, true}, true},
    {"ranges apart", {{kWord, UINT32_MAX, 3, 9, true}}, {kWord, UINT32_MAX, 10, 12, true}, false},
    {"another word's range", {{kOther, UINT32_MAX, 3, 9, true}}, {kWord, UINT32_MAX, 10, 12, true}, true},
    {"every value taken out",
     {{kWord, UINT32_MAX, 3, 4, true}, {kWord, UINT32_MAX, 3, 3, false}},
     {kWord, UINT32_MAX, 4, 4, false},
     false},
    {"one value left",
     {{kWord, UINT32_MAX, 3, 5, true}, {kWord, UINT32_MAX, 3, 3, false}},
     {kWord, UINT32_MAX, 4, 4, false},
     true},
    {"the same value taken out twice",
     {{kWord, UINT32_MAX, 3, 4, true}, {kWord, UINT32_MAX, 3, 3, false}},
     {kWord, UINT32_MAX, 3, 3, false},
     true},
    {"ranges that leave nothing only together",
     {{kWord, UINT32_MAX, 0, 40, false}, {kWord, UINT32_MAX, 10, 60, false}, {kWord, UINT32_MAX, 61, 69, false}},
     {kWord, UINT32_MAX, 5, 69, true},
     false},
    {"ranges that leave one value between them",
     {{kWord, UINT32_MAX, 0, 40, false}, {kWord, UINT32_MAX, 10, 60, false}, {kWord, UINT32_MAX, 62, 69, false}},
     {kWord, UINT32_MAX, 5, 69, true},
     true},
    {"ranges that leave the last value",
     {{kWord, UINT32_MAX, 0, 0x7fffffff, false}, {kWord, UINT32_MAX, 0x70000000, 0xfffffffe, false}},
     {kWord, UINT32_MAX, 1, UINT32_MAX, true},
     true},
    {"ranges that leave not even the last value",
     {{kWord, UINT32_MAX, 0, 0x7fffffff, false}, {kWord, UINT32_MAX, 0x70000000, UINT32_MAX, false}},
     {kWord, UINT32_MAX, 1, UINT32_MAX, true},
     false},
    {"a value against its low bits", {{kWord, 3, 1, 1, true}}, {kWord, UINT32_MAX, 6, 6, true}, false},
    {"a value with its low bits", {{kWord, 3, 1, 1, true}}, {kWord, UINT32_MAX, 5, 5, true}, true},
    {"low bits that disagree under two masks", {{kWord, 0xffff, 5, 5, true}}, {kWord, 1, 0, 0, true}, false},
    {"high and low bits that together have no value left",
     {{kWord, 0xff00, 0x100, 0x100, true}, {kWord, 0xffff00ff, 0, 0, true}},
     {kWord, UINT32_MAX, 0x100, 0x100, false},
     false},
    {"a range that holds no value of the mask", {{kWord, 0xff00, 1, 0xff, true}}, {kWord, 1, 0, 0, true}, false},
    {"odd values of a range", {{kWord, UINT32_MAX, 0x80000000, UINT32_MAX, true}}, {kWord, 1, 1, 1, true}, true},
};

constexpr uint64_t kManySteps = 1'000'000;

TEST(Facts, HoldTogetherOrNot) {
  for (const Row& row : kRows) {
    policy::Budget steps(kManySteps);
    EXPECT_EQ(can_hold(row.facts, row.fact, steps), row.possible) << row.name;
  }
}

TEST(Facts, CountAsPossibleWhenStepsRunOut) {
  Facts low_bits{{kWord, 3, 1, 1, true}};
  Fact even{kWord, UINT32_MAX, 6, 6, true};
  policy::Budget enough(kManySteps), few(3);
  EXPECT_FALSE(can_hold(low_bits, even, enough));
  EXPECT_TRUE(can_hold(low_bits, even, few));
  EXPECT_TRUE(few.is_exceeded());
}

TEST(Facts, AgreeWithTryingEveryValue) {
  // Words of four bits: the 28 above them are said to be 0.
  const uint32_t kMasks[] = {UINT32_MAX, 1, 6, 9, 12};
  for (uint32_t code = 0; code < 40000; ++code) {
    uint32_t rest = code * 2654435761u;
    auto take = [&](uint32_t limit) {
      rest = rest * 1664525u + 1013904223u;
      return (rest >> 16) % limit;
    };
    auto random_fact = [&] {
      uint32_t first = take(16), last = first + take(16 - first);
      return Fact{kWord, kMasks[take(5)], first, last, take(2) == 0};
    };
    Facts facts{{kWord, 0xfffffff0, 0, 0, true}};
    for (uint32_t i = 0, n = take(5); i < n; ++i) facts.push_back(random_fact());
    Fact fact = random_fact();
    bool possible = false;
    for (uint32_t value = 0; value < 16 && !possible; ++value) {
      auto holds = [&](const Fact& f) {
        return ((value & f.mask) >= f.first && (value & f.mask) <= f.last) == f.inside;
      };
      possible = holds(fact);
      for (const Fact& other : facts) possible = possible && holds(other);
    }
    policy::Budget steps(kManySteps);
    ASSERT_EQ(can_hold(facts, fact, steps), possible) << "code " << code;
  }
}

}  // namespace
}  // namespace cordon::compiler
