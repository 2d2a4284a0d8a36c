#include "cordon/compile/prune.h"

#include <gtest/gtest.h>

namespace cordon::compiler {
namespace {

constexpr Accumulator kLow{low_word(0), UINT32_MAX}, kBits{low_word(0), 3}, kSecond{low_word(1), UINT32_MAX};

class Prune : public testing::Test {
 protected:
  Graph graph{{}};
  NodeId a = graph.ret(1), b = graph.ret(2), c = graph.ret(3);
};

TEST_F(Prune, LeavesAGraphWhoseTestsAreAllNeeded) {
  NodeId root = graph.enter(graph.test(kLow, TestOp::ge, 8, a, graph.test(kSecond, TestOp::eq, 5, b, c)));
  EXPECT_EQ(prune(graph, root, {}).root, root);
}

TEST_F(Prune, TakesOutATestThatAnotherMaskHasDecided) {
  NodeId tail = graph.test(kLow, TestOp::eq, 6, b, c);
  NodeId root = graph.enter(graph.test(kBits, TestOp::eq, 2, a, tail));
  EXPECT_EQ(prune(graph, root, {}).root, graph.enter(graph.test(kBits, TestOp::eq, 2, a, c)));
}

TEST_F(Prune, KnowsAWordAgainAfterTestsOfAnother) {
  NodeId again = graph.test(kLow, TestOp::ge, 3, a, b);
  NodeId middle = graph.test(kSecond, TestOp::eq, 1, c, again);
  NodeId root = graph.enter(graph.test(kLow, TestOp::ge, 8, c, middle));
  EXPECT_EQ(prune(graph, root, {}).root, root) << "both sides of the second test are possible";
  NodeId never = graph.enter(
      graph.test(kLow, TestOp::ge, 8, c, graph.test(kSecond, TestOp::eq, 1, c, graph.test(kLow, TestOp::eq, 9, a, b))));
  EXPECT_EQ(prune(graph, never, {}).root,
            graph.enter(graph.test(kLow, TestOp::ge, 8, c, graph.test(kSecond, TestOp::eq, 1, c, b))));
}

TEST_F(Prune, KeepsAnEdgeThatOneOfTwoWaysCanTake) {
  NodeId shared = graph.test(kLow, TestOp::eq, 9, a, b);
  NodeId left = graph.test(kLow, TestOp::ge, 8, graph.test(kSecond, TestOp::eq, 1, c, shared), a);
  NodeId right = graph.test(kSecond, TestOp::eq, 2, shared, c);
  NodeId root = graph.enter(graph.test({low_word(2), UINT32_MAX}, TestOp::eq, 0, left, right));
  EXPECT_EQ(prune(graph, root, {}).root, root);
}

TEST_F(Prune, KeepsWhatItHasNoStepsLeftToJudge) {
  NodeId below = graph.test(kLow, TestOp::eq, 6, b, c);
  NodeId root = graph.enter(graph.test(kBits, TestOp::eq, 2, a, below));
  EXPECT_EQ(prune(graph, root, {.max_steps = 1}).root, root);
  EXPECT_NE(prune(graph, root, {}).root, root);
}

TEST_F(Prune, CutsWhatItJudgedBeforeTheStepsRanOut) {
  // Each test of a long chain takes one value out; only the first of them is known to fail.
  NodeId chain = b;
  for (uint32_t value = 400; value >= 5; --value) chain = graph.test(kLow, TestOp::eq, value * 4, a, chain);
  NodeId first = graph.test(kLow, TestOp::eq, 6, c, chain);
  NodeId root = graph.enter(graph.test(kBits, TestOp::eq, 2, a, first));
  Pruned pruned = prune(graph, root, {.max_steps = 2000});
  EXPECT_EQ(pruned.root, graph.enter(graph.test(kBits, TestOp::eq, 2, a, chain)));
}

TEST_F(Prune, RemembersAWordHoweverManyValuesOfAnotherWereTakenOut) {
  NodeId chain = graph.test(kSecond, TestOp::eq, 7, b, c);
  for (uint32_t value = 200; value > 0; --value) chain = graph.test(kLow, TestOp::eq, value * 3, a, chain);
  NodeId root = graph.enter(graph.test(kSecond, TestOp::eq, 7, c, chain));
  NodeId expected = c;
  for (uint32_t value = 200; value > 0; --value) expected = graph.test(kLow, TestOp::eq, value * 3, a, expected);
  const Pruned pruned = prune(graph, root, {});
  EXPECT_EQ(pruned.root, graph.enter(graph.test(kSecond, TestOp::eq, 7, c, expected)));
}

TEST_F(Prune, SaysThatALongChainIsNotJudgedExactly) {
  NodeId chain = graph.test(kLow, TestOp::eq, 3, b, c);  // the first value that was taken out
  for (uint32_t value = 200; value > 0; --value) chain = graph.test(kLow, TestOp::eq, value * 3, a, chain);
  EXPECT_FALSE(prune(graph, graph.enter(chain), {}).is_exact);
}

TEST_F(Prune, TellsWhichNodesStandForOthers) {
  NodeId tail = graph.test(kSecond, TestOp::eq, 4, a, graph.test(kLow, TestOp::eq, 6, b, c));
  NodeId root = graph.enter(graph.test(kBits, TestOp::eq, 2, a, tail));
  Pruned pruned = prune(graph, root, {});
  bool named = false;
  for (const Replacement& r : pruned.replacements)
    named = named || (r.node == tail && r.by == graph.test(kSecond, TestOp::eq, 4, a, c));
  EXPECT_TRUE(named);
}

}  // namespace
}  // namespace cordon::compiler
