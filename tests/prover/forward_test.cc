// Programs that have too many states to be told apart are run forwards, their states joined.
#include "cordon/prove/forward.h"

#include <gtest/gtest.h>

#include "cordon/bpf/simulate.h"
#include "cordon/prove/compare.h"
#include "cordon/prove/word_order.h"
#include "tests/prover/random_programs.h"

namespace cordon::engines {
namespace {

using diagram::Manager;
using prove::Verdict;
using testing_kernel::RandomBpf;

constexpr uint32_t kAllow = 0x7fff0000, kErrno = 0x00050000;
constexpr uint32_t kArg0 = 16;

// Both engines in one manager, so that equal functions are one node.
TEST(Forward, IsWhatTheStatesOneByOneComeTo) {
  RandomBpf random(21);
  unsigned decided = 0;
  constexpr unsigned kPrograms = 600;
  for (unsigned round = 0; round < kPrograms; ++round) {
    const bpf::Program program = round % 2 == 0 ? random_program(random, {}) : random_decisions(random);
    diagram::Cuts cuts;
    for (diagram::Word word = 0; word < diagram::kWordCount; ++word) cuts.at_every_bit(word);
    Manager manager(diagram::Order::of_words(prove::word_order(Endian::little), cuts), {.max_steps = 300'000});
    const prove::Execution execution(program);
    if (execution.overflow()) continue;
    const auto leaves = round % 3 == 0 ? prove::Leaves::of_a_stack : prove::Leaves::actions;
    const prove::ProgramNode one_by_one = prove::encode_program(manager, execution, leaves);
    const prove::ProgramNode joined = prove::encode_forward(manager, program, leaves);
    if (one_by_one.undecided_at || joined.undecided_at) continue;
    ++decided;
    ASSERT_EQ(joined.node, one_by_one.node) << "program " << round;
  }
  EXPECT_GE(decided, kPrograms / 2);
}

// Each bit of the argument, in the order given, adds one of the cell: 2^20 ways, as many states of the cell.
bpf::Program diamonds(const std::vector<uint32_t>& bits, uint32_t answer_of_all) {
  std::vector<bpf::Insn> insns = {{bpf::kLdImm, 0, 0, 0}, {bpf::kSt, 0, 0, 0}};
  for (uint32_t bit : bits) {
    insns.push_back({bpf::kLdAbs, 0, 0, kArg0});
    insns.push_back({bpf::kJsetK, 0, 3, uint32_t{1} << bit});
    insns.push_back({bpf::kLdMem, 0, 0, 0});
    insns.push_back({bpf::kOrK, 0, 0, uint32_t{1} << (19 - bit)});
    insns.push_back({bpf::kSt, 0, 0, 0});
  }
  insns.push_back({bpf::kLdMem, 0, 0, 0});
  insns.push_back({bpf::kJeqK, 0, 1, 0xfffff});
  insns.push_back({bpf::kRetK, 0, 0, answer_of_all});
  insns.push_back({bpf::kJgtK, 0, 1, 0x7ffff});
  insns.push_back({bpf::kRetK, 0, 0, kErrno | 1});
  insns.push_back({bpf::kRetK, 0, 0, kErrno | 2});
  return *bpf::Program::create(insns);
}

std::vector<uint32_t> bits_from(uint32_t first) {
  std::vector<uint32_t> bits;
  for (uint32_t i = 0; i < 20; ++i) bits.push_back((first + 7 * i) % 20);
  return bits;
}

TEST(Forward, ProvesProgramsOfAMillionStates) {
  const bpf::Program program = diamonds(bits_from(0), kAllow), other = diamonds(bits_from(3), kAllow);
  ASSERT_TRUE(prove::Execution(program).overflow());
  const std::span<const bpf::Program> left(&program, 1), right(&other, 1);
  EXPECT_EQ(prove::compare(left, right, {}).verdict, Verdict::equal);
}

TEST(Forward, FindsTheOneCallThatDiffers) {
  const bpf::Program program = diamonds(bits_from(0), kAllow), other = diamonds(bits_from(3), kErrno | 3);
  const std::span<const bpf::Program> left(&program, 1), right(&other, 1);
  const auto comparison = prove::compare(left, right, {});
  ASSERT_EQ(comparison.verdict, Verdict::tighter);
  ASSERT_TRUE(comparison.tighter);
  EXPECT_EQ(comparison.tighter->call.args[0] & 0xfffff, 0xfffffu);
  EXPECT_EQ(comparison.tighter->right, (Action{ActionKind::errno_, 3}));
}

TEST(Forward, JoinsStacksAsTheKernelDoes) {
  const std::vector<bpf::Program> stack = {diamonds(bits_from(0), kAllow), diamonds(bits_from(5), kErrno | 3)};
  const std::vector<bpf::Program> reversed = {stack[1], stack[0]};
  const bpf::Program alone = diamonds(bits_from(1), kErrno | 3);
  EXPECT_EQ(prove::compare(stack, std::span(&alone, 1), {}).verdict, Verdict::equal);
  EXPECT_EQ(prove::compare(stack, reversed, {}).verdict, Verdict::equal);
}

}  // namespace
}  // namespace cordon::engines
