// The prover against the simulator and the reference meaning: diagrams give the answers of what they were made
// from, verdicts are right, and every witness is one.
#include <gtest/gtest.h>

#include <algorithm>

#include "cordon/bpf/opcode.h"
#include "cordon/bpf/simulate.h"
#include "cordon/compile/compile.h"
#include "cordon/diagram/walk.h"
#include "cordon/policy/evaluate.h"
#include "cordon/prove/compare.h"
#include "cordon/prove/encode_policy.h"
#include "cordon/prove/encode_program.h"
#include "cordon/prove/words.h"
#include "tests/engines/generate.h"
#include "tests/kernel/bpf_random.h"

namespace cordon::engines {
namespace {

using bpf::Insn;
using diagram::Manager;
using prove::Meaning;
using prove::Verdict;
using testing_kernel::RandomBpf;

constexpr uint32_t kWords[] = {0,  1,  2,          3,          5,          16,         59,         110,     257,
                               31, 64, 0x40000001, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, kX86_64, kI386};

// What a computed return value is made from; the last two are no actions.
constexpr uint32_t kBases[] = {0x00050000, 0x00050f80, 0x0005ff00, 0x00030000,
                               0x7ff00000, 0x7fff0000, 0x00040000, 0x12340000};

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

// Any opcode, all registers; cells are set first, as the kernel demands.
bpf::Program random_program(RandomBpf& random) {
  std::vector<Insn> code{{bpf::kLdAbs, 0, 0, 4 * random.below(16)},
                         {bpf::kSt, 0, 0, 0},
                         {bpf::kTax, 0, 0, 0},
                         {bpf::kStx, 0, 0, 1},
                         {bpf::kSt, 0, 0, 2}};
  const size_t size = code.size() + 3 + random.below(30);
  while (code.size() < size - 3) {
    Insn insn = random.valid(code.size(), size - 2, kWords);
    // Whole words as return values have 65,536 answers: few programs are to have so many.
    if (insn.code == bpf::kRetA && !random.one_in(50)) continue;
    if (insn.code == bpf::kRetK) insn.k = random.one_in(4) ? random.pick(kWords) : 0x00050000 | random.below(4);
    if (bpf::find_opcode(insn.code)->form == bpf::Form::cell) insn.k = random.below(3);
    code.push_back(insn);
  }
  const bool is_computed = random.one_in(4);
  code.push_back({bpf::kAndK, 0, 0, 0xff});
  code.push_back({bpf::kOrK, 0, 0, is_computed ? random.pick(kBases) : 0x00050000});
  code.push_back(is_computed ? Insn{bpf::kRetA, 0, 0, 0} : Insn{bpf::kRetK, 0, 0, 0x7fff0000});
  Result<bpf::Program> program = bpf::Program::create(code);
  EXPECT_TRUE(program);
  return *program;
}

bpf::Input random_input(RandomBpf& random) {
  bpf::Input input;
  auto word = [&]() -> uint64_t { return random.one_in(3) ? random.bits64() & 0xffffffff : random.pick(kWords); };
  input.nr = static_cast<uint32_t>(word());
  input.audit_arch = random.one_in(4) ? static_cast<uint32_t>(word()) : kX86_64;
  input.instruction_pointer = word() << 32 | word();
  for (uint64_t& argument : input.args) argument = word() << 32 | word();
  return input;
}

TEST(Prover, EncodesRandomProgramsAsTheSimulatorRunsThem) {
  RandomBpf random(11);
  unsigned undecided = 0;
  constexpr unsigned kPrograms = 400;
  for (unsigned round = 0; round < kPrograms; ++round) {
    const bpf::Program program = random_program(random);
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
    for (const Call& call : some_calls(boundary_calls(policy, random), 200, random)) {
      const auto leaf = static_cast<uint32_t>(diagram::value_at(pair->manager, pair->left, point_of(input_of(call))));
      ASSERT_EQ(policy::from_ret(leaf), policy::evaluate(policy, call).action) << round << ": " << text_of(call);
    }
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

// One field of one instruction changed: the verdict must be right, and a difference shown.
TEST(Prover, NeverJudgesAMutantWrongly) {
  Random random(14);
  RandomBpf bpf_random(14);
  unsigned mutants = 0, equal = 0, differ = 0, undecided = 0;
  for (int round = 0; round < 100; ++round) {
    const ResolvedPolicy policy = random_resolved(random);
    Result<Filter> filter = compiler::compile(policy, {});
    ASSERT_TRUE(filter);
    const std::vector<Call> calls = some_calls(boundary_calls(policy, random), 100, random);
    for (int i = 0; i < 10; ++i) {
      std::vector<Insn> code(filter->program.insns().begin(), filter->program.insns().end());
      Insn& changed = code[random.below(code.size())];
      switch (random.below(4)) {
        case 0: changed.jt ^= static_cast<uint8_t>(1u << random.below(8)); break;
        case 1: changed.jf ^= static_cast<uint8_t>(1u << random.below(8)); break;
        case 2: changed.code ^= static_cast<uint16_t>(1u << random.below(8)); break;
        default: changed.k ^= 1u << random.below(32);
      }
      Result<bpf::Program> mutant = bpf::Program::create(code);
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
        for (const Call& call : calls)
          ASSERT_EQ(prove::answer(program, call, Endian::little), policy::evaluate(policy, call).action);
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
