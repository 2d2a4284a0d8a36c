#include "cordon/compile/layout.h"

#include <gtest/gtest.h>

#include "cordon/bpf/simulate.h"
#include "cordon/compile/peephole.h"

namespace cordon::compiler {
namespace {

constexpr Accumulator kNr{kWordNr, UINT32_MAX};

uint32_t answer(const Code& code, const bpf::Input& input) {
  Result<bpf::Program> program = bpf::Program::create(code.insns);
  EXPECT_TRUE(program) << "the kernel admits what is laid out";
  return program ? bpf::simulate(*program, input, Endian::little).ret : 0;
}

// A test whose far side lies behind so many others. The middle is a chain on another word that ends in
// `far` too, so that the far side is shared and comes last.
TEST(Layout, EveryDistanceAroundTheLimitStaysExact) {
  for (uint32_t middle = 250; middle <= 260; ++middle) {
    for (bool far_is_test : {false, true}) {
      Graph graph({});
      NodeId far = graph.ret(0x00050007);
      if (far_is_test) far = graph.test(kNr, TestOp::set, 0x80000000, graph.ret(0), far);
      NodeId near = far;
      for (uint32_t i = 0; i < middle; ++i)
        near = graph.test(kNr, TestOp::eq, 1000 + i, graph.ret(0x00030000 + i % 3), near);
      NodeId root = graph.enter(graph.test(kNr, TestOp::ge, 500, near, far));
      Code code = peephole(layout(graph, root, Endian::little));
      for (uint32_t nr : {0u, 499u, 500u, 999u, 1000u, 1001u, 1000 + middle - 1, 1000 + middle, 0x80000001u}) {
        bpf::Input input;
        input.nr = nr;
        uint32_t expected = nr >= 1000 && nr < 1000 + middle  ? 0x00030000 + (nr - 1000) % 3
                            : nr >= 0x80000000 && far_is_test ? 0
                                                              : 0x00050007;
        EXPECT_EQ(answer(code, input), expected) << middle << " " << nr;
      }
    }
  }
}

TEST(Layout, LoadsAWordAgainWhereOnlyOneWayInHasIt) {
  // a0.low >= 10 is reached from a test of a0.low itself and from one of a0.high.
  Graph graph({});
  NodeId yes = graph.ret(0x7fff0000), no = graph.ret(0);
  Accumulator low{low_word(0), UINT32_MAX}, high{high_word(0), UINT32_MAX};
  NodeId shared = graph.test(low, TestOp::ge, 10, yes, no);
  NodeId from_high = graph.test(high, TestOp::eq, 1, shared, no);
  NodeId root = graph.enter(graph.test(low, TestOp::eq, 5, from_high, shared));
  Code code = layout(graph, root, Endian::little);
  for (uint64_t value : {UINT64_C(5), UINT64_C(9), UINT64_C(10), UINT64_C(0x100000005), UINT64_C(0x10000000a)}) {
    bpf::Input input;
    input.args[0] = value;
    uint32_t low_value = static_cast<uint32_t>(value);
    uint32_t expected = low_value >= 10 ? 0x7fff0000 : 0;
    EXPECT_EQ(answer(code, input), expected) << value;
  }
}

TEST(Layout, LongChainsDoNotDeepenTheStack) {
  Graph graph({});
  NodeId node = graph.ret(0);
  for (uint32_t i = 0; i < 200000; ++i) node = graph.test(kNr, TestOp::eq, i, graph.ret(0x7fff0000), node);
  EXPECT_GT(layout(graph, graph.enter(node), Endian::little).insns.size(), 200000u);
}

TEST(Layout, WordsLieInTheOrderOfTheMachine) {
  EXPECT_EQ(word_offset(low_word(0), Endian::little), 16u);
  EXPECT_EQ(word_offset(high_word(0), Endian::little), 20u);
  EXPECT_EQ(word_offset(low_word(0), Endian::big), 20u);
  EXPECT_EQ(word_offset(high_word(5), Endian::big), 56u);
  EXPECT_EQ(word_offset(low_word(6), Endian::little), 8u);
  EXPECT_EQ(word_offset(kWordNr, Endian::big), 0u);
  EXPECT_EQ(word_offset(kWordArch, Endian::big), 4u);
}

struct PeepholeRow {
  const char* name;
  std::vector<bpf::Insn> before, after;
};

TEST(Peephole, RemovesWhatDoesNothing) {
  using namespace bpf;
  const Insn allow{kRetK, 0, 0, 0x7fff0000}, kill{kRetK, 0, 0, 0}, load{kLdAbs, 0, 0, 0};
  const PeepholeRow rows[] = {
      {"a jump to the next instruction",
       {load, {kJa, 0, 0, 0}, {kJeqK, 0, 1, 1}, allow, kill},
       {load, {kJeqK, 0, 1, 1}, allow, kill}},
      {"a jump to a return becomes it",
       {load, {kJeqK, 0, 1, 1}, {kJa, 0, 0, 1}, kill, allow},
       {load, {kJeqK, 0, 1, 1}, allow, kill}},
      {"a test with equal sides", {load, {kJeqK, 0, 0, 1}, allow}, {load, allow}},
      {"a test through a jump",
       {load, {kJeqK, 0, 1, 1}, {kJa, 0, 0, 1}, kill, {kLdAbs, 0, 0, 16}, {kJeqK, 0, 1, 2}, allow, kill},
       {load, {kJeqK, 1, 0, 1}, kill, {kLdAbs, 0, 0, 16}, {kJeqK, 0, 1, 2}, allow, kill}},
      {"what nothing reaches", {load, allow, kill}, {load, allow}},
  };
  for (const PeepholeRow& row : rows) {
    EXPECT_EQ(peephole({row.before, std::vector<NodeId>(row.before.size())}).insns, row.after) << row.name;
  }
}

}  // namespace
}  // namespace cordon::compiler
