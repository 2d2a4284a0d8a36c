#include "cordon/compile/number_trees.h"

#include <gtest/gtest.h>

namespace cordon::compiler {
namespace {

constexpr uint32_t kX32 = 0x40000000;

// The label a number gets: what the program would do with it.
uint32_t label_of(const Plan& plan, uint32_t number) {
  uint32_t at = plan.root;
  while ((at & Plan::kLeaf) == 0) {
    const Plan::Test& test = plan.tests[at];
    const bool holds = test.op == TestOp::eq ? number == test.k : number >= test.k;
    at = holds ? test.yes : test.no;
  }
  return at & ~Plan::kLeaf;
}

uint32_t label_of(const NumberTrees& trees, size_t table, uint32_t number) {
  const NumberTree& tree = trees.trees[table];
  if (tree.with_bit && (number & kX32) != 0) {
    const uint32_t label = label_of(*tree.with_bit, number);
    if (label != NumberTree::kAsWithoutBit) return label;
    number &= ~kX32;
  }
  if (tree.top && number >= trees.tops[*tree.top].first) return label_of(trees.tops[*tree.top].plan, number);
  return label_of(tree.plan, number);
}

uint32_t label_of(const NumberTable& table, uint32_t number) {
  uint32_t label = 0;
  for (const Part& part : table.parts)
    if (part.first <= number) label = part.label;
  return label;
}

// Every other one of sixty numbers from `first` up has label 1, all else 0.
NumberTable stripes(uint32_t audit_arch, std::vector<uint32_t> starts) {
  NumberTable table{audit_arch, {{0, 0}}};
  for (uint32_t start : starts)
    for (uint32_t i = 0; i < 60; i += 2) {
      table.parts.push_back({start + i, 1});
      table.parts.push_back({start + i + 1, 0});
    }
  return table;
}

void expect_same(const std::vector<NumberTable>& tables, const NumberTrees& trees) {
  for (size_t i = 0; i < tables.size(); ++i) {
    std::vector<uint32_t> numbers{0, 1, 0x3fffffff, 0x7fffffff, 0x80000000, 0xbfffffff, 0xc0000000, 0xffffffff};
    for (const Part& part : tables[i].parts)
      for (uint32_t bit : {0u, kX32, 0x80000000u}) {
        numbers.push_back(part.first ^ bit);
        numbers.push_back((part.first - 1) ^ bit);
      }
    for (uint32_t number : numbers)
      EXPECT_EQ(label_of(trees, i, number), label_of(tables[i], number)) << "table " << i << ", number " << number;
  }
}

TEST(NumberTrees, NumbersWithTheX32BitAreAskedAboutWithoutItButForThoseThatDiffer) {
  NumberTable table = stripes(1, {100, kX32 + 100});
  table.parts.back() = {kX32 + 159, 2};  // from there on it is another default
  const NumberTrees trees = plan_numbers({table}, {.numbers_end = 480});
  ASSERT_TRUE(trees.trees[0].with_bit);
  expect_same({table}, trees);
  EXPECT_LT(trees.test_count(), 40u);
}

TEST(NumberTrees, NumbersWithTheX32BitThatAreAllDifferentHaveTheirOwnTests) {
  const NumberTable table = stripes(1, {100, kX32 + 401});
  const NumberTrees trees = plan_numbers({table}, {.numbers_end = 480});
  EXPECT_FALSE(trees.trees[0].with_bit);
  expect_same({table}, trees);
}

TEST(NumberTrees, WhatHalfOfTheNumbersWithoutTheBitGetIsKept) {
  NumberTable table = stripes(1, {100, kX32 + 100});
  table.parts.push_back({0x80000000, 3});
  table.parts.push_back({0x80000010, 1});
  const NumberTrees trees = plan_numbers({table}, {.numbers_end = 480});
  expect_same({table}, trees);
}

TEST(NumberTrees, WhatArchesHaveInCommonFromSomeNumberUpIsPlannedOnce) {
  const std::vector<NumberTable> tables{stripes(1, {20, 424}), stripes(2, {33, 424}), stripes(3, {20, 500})};
  const NumberTrees trees = plan_numbers(tables, {.numbers_end = 480});
  ASSERT_EQ(trees.tops.size(), 1u);
  EXPECT_TRUE(trees.trees[0].top && trees.trees[1].top);
  EXPECT_FALSE(trees.trees[2].top);
  expect_same(tables, trees);
}

TEST(NumberTrees, TablesThatAreTheSameOrEndDifferentlyShareNothing) {
  std::vector<NumberTable> tables{stripes(1, {20}), stripes(2, {20}), stripes(3, {33})};
  tables[2].parts.back().label = 2;
  const NumberTrees trees = plan_numbers(tables, {.numbers_end = 480});
  EXPECT_TRUE(trees.tops.empty());
  expect_same(tables, trees);
}

TEST(NumberTrees, ArePlainWhereAsked) {
  const std::vector<NumberTable> tables{stripes(1, {20, 424}), stripes(2, {33, 424, kX32 + 33})};
  const NumberTrees trees = plan_numbers(tables, {.plain = true});
  EXPECT_TRUE(trees.tops.empty());
  EXPECT_FALSE(trees.trees[1].with_bit);
  expect_same(tables, trees);
}

}  // namespace
}  // namespace cordon::compiler
