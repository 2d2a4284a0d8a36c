#include "cordon/compile/split.h"

#include <gtest/gtest.h>

namespace cordon::compiler {
namespace {

ResolvedCondition test_of(uint64_t mask, std::vector<Interval> allowed) {
  ResolvedCondition condition;
  condition.kind = ResolvedCondition::Kind::test;
  condition.test = {0, mask, std::move(allowed)};
  return condition;
}

bool holds(const SplitCondition& condition, uint64_t value) {
  auto test_holds = [&](const WordTest& test) {
    uint32_t word = static_cast<uint32_t>(test.word == high_word(0) ? value >> 32 : value) & test.mask;
    for (const WordRange& range : test.allowed) {
      if (range.first <= word && word <= range.last) return true;
    }
    return false;
  };
  for (const Alternative& alternative : condition.alternatives) {
    bool all = true;
    for (const WordTest& test : alternative.tests) all = all && test_holds(test);
    if (all) return true;
  }
  return false;
}

struct Row {
  const char* name;
  uint64_t mask;
  std::vector<Interval> allowed;
  size_t alternatives;
};

TEST(Split, KeepsTheMeaningOfA64BitTestInWords) {
  const uint64_t kHigh = UINT64_C(1) << 32;
  const Row rows[] = {
      {"one value", UINT64_MAX, {{5, 5}}, 1},
      {"a value of both words", UINT64_MAX, {{kHigh + 5, kHigh + 5}}, 1},
      {"a 32-bit value needs no high word", 0xffffffff, {{5, 5}}, 1},
      {"at least, over both words", UINT64_MAX, {{5, UINT64_MAX}}, 2},
      {"at least a whole high word", UINT64_MAX, {{kHigh, UINT64_MAX}}, 1},
      {"below a value of the high word", UINT64_MAX, {{0, 3 * kHigh + 2}}, 2},
      {"a range over three high words", UINT64_MAX, {{5, 2 * kHigh + 7}}, 3},
      {"high words with the same low word share", UINT64_MAX, {{0, 0}, {kHigh, kHigh}, {3 * kHigh, 3 * kHigh}}, 1},
      {"not equal", UINT64_MAX, {{0, 4}, {6, UINT64_MAX}}, 2},
      {"mask of the high word only", UINT64_C(0xffffffff00000000), {{kHigh, kHigh}}, 1},
      {"one bit above 32", kHigh, {{kHigh, kHigh}}, 1},
      {"a mask over both words", UINT64_C(0xf0000000f), {{3, kHigh + 2}}, 2},
  };
  const uint64_t words[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 0x10, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
  for (const Row& row : rows) {
    SplitCondition split = split_condition(test_of(row.mask, row.allowed));
    EXPECT_EQ(split.alternatives.size(), row.alternatives) << row.name;
    for (uint64_t high : words) {
      for (uint64_t low : words) {
        uint64_t value = high << 32 | low, masked = value & row.mask;
        bool expected = false;
        for (const Interval& interval : row.allowed)
          expected = expected || (interval.first <= masked && masked <= interval.last);
        EXPECT_EQ(holds(split, value), expected) << row.name << " " << std::hex << value;
      }
    }
  }
}

TEST(Split, DoesNotMultiplyNestedAlternatives) {
  ResolvedCondition all;
  for (uint8_t argument = 0; argument < 6; ++argument) {
    ResolvedCondition any;
    any.kind = ResolvedCondition::Kind::any;
    for (uint8_t i = 0; i < 2; ++i) {
      any.operands.push_back(test_of(UINT64_MAX, {{i, i}}));
      any.operands.back().test.operand = static_cast<uint8_t>((argument + i) % 6);
    }
    all.operands.push_back(any);
  }
  SplitCondition split = split_condition(all);
  EXPECT_EQ(split.kind, SplitCondition::Kind::all);
  EXPECT_EQ(split.operands.size(), 6u);
}

}  // namespace
}  // namespace cordon::compiler
