// The prover and the naive engine give the same verdict on every pair both decide, and the naive engine itself
// answers as the simulator and the reference meaning do.
#include <gtest/gtest.h>

#include <cstdlib>
#include <vector>

#include "cordon/compile/compile.h"
#include "cordon/policy/evaluate.h"
#include "tests/prover/agreement.h"
#include "tests/prover/random_programs.h"

namespace cordon::engines {
namespace {

using bpf::Program;
using testing_kernel::RandomBpf;
using Programs = std::span<const Program>;

unsigned scaled(unsigned quick) {
  const char* scale = std::getenv("CORDON_TEST_SCALE");
  return scale != nullptr ? quick * static_cast<unsigned>(std::strtoul(scale, nullptr, 10)) : quick;
}

constexpr NaiveLimits kForPolicies{1'000'000, 2'000, NaiveLimits::Order::by_word};
// Random programs add and compare words with each other.
constexpr NaiveLimits kForPrograms{200'000, 2'000, NaiveLimits::Order::interleaved};

constexpr ProgramShape kShape{.has_products = false};

AgreementOptions for_programs() {
  AgreementOptions options{{}, kForPrograms, 2'000};
  options.prover.encode.max_steps = 100'000;
  return options;
}

Program compiled(const ResolvedPolicy& policy, compiler::Optimize level) {
  Result<Filter> filter = compiler::compile(policy, {.optimize = level});
  EXPECT_TRUE(filter);
  return filter->program;
}

TEST(NaiveEngine, AnswersAsTheSimulatorRunsPrograms) {
  RandomBpf random(21);
  unsigned gave_up = 0;
  constexpr unsigned kRounds = 120;
  for (unsigned round = 0; round < kRounds; ++round) {
    const Program program =
        round % 2 == 0 ? random_decisions(random) : random_program(random, {.has_products = round % 4 == 1});
    NaiveEngine engine(kForPrograms);
    const auto node = engine.encode(Programs(&program, 1));
    if (engine.gave_up()) {
      ++gave_up;
      continue;
    }
    for (int i = 0; i < 100; ++i) {
      const bpf::Input input = random_input(random);
      for (Endian endian : {Endian::little, Endian::big})
        ASSERT_EQ(engine.ret_at(node, input, endian),
                  policy::to_ret(policy::from_ret(bpf::simulate(program, input, endian).ret)))
            << "program " << round;
    }
  }
  std::printf("gave up on %u of %u programs\n", gave_up, kRounds);
  EXPECT_LE(gave_up, kRounds / 4);
}

TEST(NaiveEngine, AnswersAsPoliciesAreEvaluated) {
  Random random(22);
  for (int round = 0; round < 60; ++round) {
    const ResolvedPolicy policy = random_resolved(random);
    NaiveEngine engine(kForPolicies);
    const auto node = engine.encode(&policy);
    if (engine.gave_up()) continue;
    auto ret_at = [&](const bpf::Input& input) { return engine.ret_at(node, input, Endian::little); };
    ASSERT_NO_FATAL_FAILURE(assert_as_evaluated(policy, random, ret_at)) << "policy " << round;
  }
}

TEST(NaiveEngine, AgreesThatPoliciesAreTheirProgramsAtEveryLevel) {
  Random random(23);
  Agreement agreement({{}, kForPolicies});
  for (unsigned round = 0; round < scaled(30); ++round) {
    const ResolvedPolicy policy = random_resolved(random);
    for (auto level : {compiler::Optimize::none, compiler::Optimize::attach, compiler::Optimize::size}) {
      Result<Filter> filter = compiler::compile(policy, {.optimize = level});
      if (!filter) continue;  // the plain form may be too large
      agreement.judge(&policy, Programs(&filter->program, 1));
    }
  }
  agreement.counts().expect_enough("policies", {.gave_up_one_in = 5});
  EXPECT_EQ(agreement.counts().differ, 0u);
  EXPECT_EQ(agreement.counts().undecided, 0u);
}

TEST(NaiveEngine, AgreesOnMutantsOfCompiledPolicies) {
  Random random(24);
  Agreement agreement({{}, kForPolicies});
  for (unsigned round = 0; round < scaled(30); ++round) {
    const ResolvedPolicy policy = random_resolved(random);
    const Program program = compiled(policy, compiler::Optimize::attach);
    for (int i = 0; i < 6; ++i)
      if (const auto mutant = mutant_of(program, random)) agreement.judge(&policy, Programs(&*mutant, 1));
  }
  agreement.counts().expect_enough("mutants", {.equal = 5, .differ = 50, .gave_up_one_in = 5});
}

TEST(NaiveEngine, AgreesOnPairsOfRandomPrograms) {
  RandomBpf random(25);
  Random changes(25);
  Agreement agreement(for_programs());
  for (unsigned round = 0; round < scaled(60); ++round) {
    const Program left = round % 3 == 0 ? random_program(random, kShape) : random_decisions(random);
    const Program other = round % 3 == 0 ? random_program(random, kShape) : random_decisions(random);
    agreement.judge(Programs(&left, 1), Programs(&other, 1));
    for (int i = 0; i < 4; ++i)
      if (const auto mutant = mutant_of(left, changes)) agreement.judge(Programs(&left, 1), Programs(&*mutant, 1));
  }
  agreement.counts().expect_enough("programs", {.equal = 10, .differ = 50, .gave_up_one_in = 4});
}

// The stack against itself the other way round, which differs where both give one action with other data, against one
// of its programs alone, and against a stack with a mutant.
void judge_stacks(Agreement& agreement, const Program& older, const Program& newer, Random& random) {
  const std::vector<Program> stack{older, newer}, turned{newer, older};
  agreement.judge(Programs(stack), Programs(turned));
  agreement.judge(Programs(stack), Programs(&newer, 1));
  if (const auto mutant = mutant_of(older, random)) {
    const std::vector<Program> changed{*mutant, newer};
    agreement.judge(Programs(stack), Programs(changed));
  }
}

TEST(NaiveEngine, AgreesOnStacksOfTwoRandomPrograms) {
  RandomBpf random(26);
  Random changes(26);
  Agreement agreement(for_programs());
  for (unsigned round = 0; round < scaled(30); ++round) {
    const Program older = random_decisions(random), newer = random_decisions(random);
    judge_stacks(agreement, older, newer, changes);
  }
  agreement.counts().expect_enough("stacks of random programs", {.equal = 10, .differ = 10, .gave_up_one_in = 4});
}

TEST(NaiveEngine, AgreesOnStacksOfTwoCompiledPolicies) {
  Random random(27);
  Agreement agreement({{}, kForPolicies});
  for (unsigned round = 0; round < scaled(12); ++round) {
    const ResolvedPolicy older = random_resolved(random), newer = random_resolved(random);
    judge_stacks(agreement, compiled(older, compiler::Optimize::attach), compiled(newer, compiler::Optimize::attach),
                 random);
  }
  agreement.counts().expect_enough("stacks of policies", {.differ = 10, .gave_up_one_in = 2});
}

}  // namespace
}  // namespace cordon::engines
