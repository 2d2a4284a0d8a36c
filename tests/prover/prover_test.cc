// The prover against the simulator and the reference meaning: diagrams give the answers of what they were made
// from, verdicts are right, and every witness is one.
#include <gtest/gtest.h>

#include "cordon/bpf/simulate.h"
#include "cordon/compile/compile.h"
#include "cordon/diagram/walk.h"
#include "cordon/policy/evaluate.h"
#include "cordon/prove/compare.h"
#include "cordon/prove/encode_policy.h"
#include "cordon/prove/encode_program.h"
#include "cordon/prove/words.h"
#include "tests/engines/generate.h"
#include "tests/prover/agreement.h"
#include "tests/prover/random_programs.h"

namespace cordon::engines {
namespace {

using diagram::Manager;
using prove::Meaning;
using prove::Verdict;
using testing_kernel::RandomBpf;

diagram::Point point_of(const bpf::Input& input) {
  diagram::Point point{};
  point[prove::kNrWord] = input.nr;
  point[prove::kArchWord] = input.audit_arch;
  auto set = [&](uint8_t operand, uint64_t value) {
    const diagram::Operand words = prove::words_of(operand, Endian::little);
    point[*words.high] = static_cast<uint32_t>(value >> 32);
    point[words.low] = static_cast<uint32_t>(value);
  };
  set(ResolvedTest::kInstructionPointer, input.instruction_pointer);
  for (uint8_t slot = 0; slot < 6; ++slot) set(slot, input.args[slot]);
  return point;
}

TEST(Prover, EncodesRandomProgramsAsTheSimulatorRunsThem) {
  RandomBpf random(11);
  unsigned undecided = 0;
  constexpr unsigned kPrograms = 400;
  for (unsigned round = 0; round < kPrograms; ++round) {
    const bpf::Program program = round % 2 == 0 ? random_program(random, {}) : random_decisions(random);
    const std::span<const bpf::Program> stack(&program, 1);
    auto encoded = prove::encode_pair(stack, stack,
                                      {.endian = Endian::little, .max_steps = 100'000, .exempt_uprobe_calls = false});
    auto* pair = std::get_if<prove::Pair>(&encoded);
    if (pair == nullptr) {
      ++undecided;
      continue;
    }
    for (int i = 0; i < 200; ++i) {
      const bpf::Input input = random_input(random);
      const Action simulated = policy::from_ret(bpf::simulate(program, input, Endian::little).ret);
      const auto leaf = static_cast<uint32_t>(diagram::value_at(pair->manager, pair->left, point_of(input)));
      ASSERT_EQ(policy::from_ret(leaf), simulated) << "program " << round;
    }
  }
  std::printf("%u of %u programs not decided\n", undecided, kPrograms);
  EXPECT_LE(undecided, kPrograms / 4);
}

TEST(Prover, EncodesRandomPoliciesAsTheyAreEvaluated) {
  Random random(12);
  for (int round = 0; round < 200; ++round) {
    const ResolvedPolicy policy = random_resolved(random);
    auto encoded = prove::encode_pair(&policy, &policy, {});
    auto* pair = std::get_if<prove::Pair>(&encoded);
    ASSERT_NE(pair, nullptr);
    auto ret_at = [&](const bpf::Input& input) {
      return static_cast<uint32_t>(diagram::value_at(pair->manager, pair->left, point_of(input)));
    };
    ASSERT_NO_FATAL_FAILURE(assert_as_evaluated(policy, random, ret_at)) << "policy " << round;
  }
}

TEST(Prover, ProvesWhatTheCompilerMakesAtEveryLevel) {
  Random random(13);
  for (int round = 0; round < 200; ++round) {
    const ResolvedPolicy policy = random_resolved(random);
    for (auto level : {compiler::Optimize::none, compiler::Optimize::attach, compiler::Optimize::size}) {
      Result<Filter> filter = compiler::compile(policy, {.optimize = level});
      if (!filter) continue;
      const prove::Comparison result = prove::compare(&policy, std::span<const bpf::Program>(&filter->program, 1), {});
      ASSERT_EQ(result.verdict, Verdict::equal) << "policy " << round << ": " << prove::name(result.verdict);
    }
  }
}

// A program against itself, and against itself with one field changed.
TEST(Prover, DecidesNearlyAllRandomPrograms) {
  RandomBpf random(21);
  Random changes(22);
  unsigned pairs = 0, equal = 0, differ = 0, undecided = 0;
  for (unsigned round = 0; round < 300; ++round) {
    const bpf::Program program = round % 2 == 0 ? random_program(random, {}) : random_decisions(random);
    const std::span<const bpf::Program> left(&program, 1);
    ASSERT_EQ(prove::compare(left, left, {}).verdict, Verdict::equal) << "program " << round;
    const std::optional<bpf::Program> mutant = mutant_of(program, changes);
    if (!mutant) continue;
    ++pairs;
    const std::span<const bpf::Program> right(&*mutant, 1);
    const prove::Comparison result = prove::compare(left, right, {});
    if (result.verdict == Verdict::undecided) {
      ++undecided;
    } else if (result.verdict == Verdict::equal) {
      ++equal;
      expect_alike_on_calls(left, right, 2'000, Endian::little);
    } else {
      ++differ;
      ASSERT_TRUE(result.looser || result.tighter || result.data);
    }
    for (const auto* witness : {&result.looser, &result.tighter, &result.data}) {
      if (!*witness) continue;
      EXPECT_NE((*witness)->left, (*witness)->right) << text_of((*witness)->call);
      EXPECT_EQ((*witness)->left, prove::answer(left, (*witness)->call, Endian::little));
      EXPECT_EQ((*witness)->right, prove::answer(right, (*witness)->call, Endian::little));
    }
  }
  std::printf("%u pairs: %u equal, %u differ, %u not decided\n", pairs, equal, differ, undecided);
  EXPECT_GT(equal, 20u);
  EXPECT_GT(differ, 20u);
  // Of all pairs, those of programs with themselves among them.
  EXPECT_LE(undecided, (300 + pairs) / 50);
}

// One field of one instruction changed: the verdict must be right, and a difference shown.
TEST(Prover, NeverJudgesAMutantWrongly) {
  Random random(14);
  constexpr size_t kSmall = 16;  // instructions: more of them are slow to simulate
  unsigned mutants = 0, equal = 0, differ = 0, undecided = 0;
  for (int round = 0; round < 100; ++round) {
    const ResolvedPolicy policy = random_resolved(random);
    Result<Filter> filter = compiler::compile(policy, {});
    ASSERT_TRUE(filter);
    for (int i = 0; i < 12; ++i) {
      const std::optional<bpf::Program> mutant = mutant_of(filter->program, random);
      if (!mutant) continue;
      ++mutants;
      const std::span<const bpf::Program> program(&*mutant, 1);
      const prove::Comparison result = prove::compare(&policy, program, {});
      if (result.verdict == Verdict::undecided) {
        ++undecided;
        continue;
      }
      for (const auto* witness : {&result.looser, &result.tighter, &result.data}) {
        if (!*witness) continue;
        EXPECT_EQ((*witness)->left, policy::evaluate(policy, (*witness)->call).action);
        EXPECT_NE((*witness)->left, (*witness)->right) << text_of((*witness)->call);
      }
      if (result.verdict == Verdict::equal) {
        ++equal;
        expect_alike_on_calls(&policy, program, filter->program.size() <= kSmall ? 20'000 : 2'000, Endian::little);
      } else {
        ++differ;
        ASSERT_TRUE(result.looser || result.tighter || result.data);
      }
    }
  }
  std::printf("%u mutants: %u differ, %u equal, %u not decided\n", mutants, differ, equal, undecided);
  EXPECT_GT(mutants, 500u);
  EXPECT_LE(undecided, mutants / 100);
}

}  // namespace
}  // namespace cordon::engines
