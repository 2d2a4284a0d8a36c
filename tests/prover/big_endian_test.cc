// Policies for big-endian machines, where the upper word of an argument comes first: they are proved equal to their
// programs, changed programs are judged right, and witnesses are calls in that order.
#include <gtest/gtest.h>

#include <vector>

#include "cordon/bpf/testing.h"
#include "cordon/compile/compile.h"
#include "cordon/policy/resolve.h"
#include "tests/prover/agreement.h"
#include "tests/prover/random_programs.h"

namespace cordon::engines {
namespace {

using bpf::Insn;
using bpf::Program;
using prove::Verdict;
using Programs = std::span<const Program>;

constexpr uint32_t kAllow = 0x7fff0000, kErrno1 = 0x00050001;

AgreementOptions big_endian() {
  AgreementOptions options{{}, {400'000, 5'000, NaiveLimits::Order::by_word}, 2'000};
  options.prover.encode.endian = Endian::big;
  return options;
}

struct Case {
  ResolvedPolicy policy;
  Program program;
};

// As people write them, for the machines of one byte order; those that contradict themselves are left out.
std::vector<Case> random_cases(const std::vector<Arch>& arches, uint64_t seeds) {
  std::vector<Case> cases;
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    Random random(seed);
    Policy written = random_policy(random);
    written.arches = arches;
    for (Rule& rule : written.rules)
      if (rule.target.arch) rule.target.arch = random.pick(arches);
    Result<ResolvedPolicy> policy = policy::resolve(written, {});
    if (!policy) continue;
    Result<Filter> filter = compiler::compile(*policy, {});
    EXPECT_TRUE(filter);
    EXPECT_EQ(filter->endian, Endian::big);
    cases.push_back({std::move(*policy), filter->program});
  }
  return cases;
}

const std::vector<Arch> kMachines[] = {{Arch::s390x},
                                       {Arch::ppc64},
                                       {Arch::mips},
                                       {Arch::sparc64},
                                       {Arch::s390x, Arch::s390},
                                       {Arch::ppc64, Arch::ppc},
                                       {Arch::mips64, Arch::mips}};

// errno 1 unless argument 0 is `upper` and `lower`, which are read from these offsets.
Program argument_is(uint32_t upper_offset, uint32_t lower_offset, uint32_t upper, uint32_t lower) {
  return bpf::testing::program({{bpf::kLdAbs, 0, 0, upper_offset},
                                {bpf::kJeqK, 0, 3, upper},
                                {bpf::kLdAbs, 0, 0, lower_offset},
                                {bpf::kJeqK, 0, 1, lower},
                                {bpf::kRetK, 0, 0, kAllow},
                                {bpf::kRetK, 0, 0, kErrno1}});
}

// Every number of s390x: allowed where argument 0 is 0x100000002.
ResolvedPolicy one_value_policy() {
  ResolvedCondition condition;
  condition.kind = ResolvedCondition::Kind::test;
  condition.test = {0, UINT64_MAX, {{0x1'00000002, 0x1'00000002}}};
  const Action deny{ActionKind::errno_, 1}, allow{ActionKind::allow, 0};
  ResolvedPolicy policy;
  policy.bad_arch = deny;
  policy.arches.push_back({abi::info(Arch::s390x).audit_arch,
                           Endian::big,
                           64,
                           {{0, UINT32_MAX, {{condition, allow, {}}, {{}, deny, {}}}}}});
  return policy;
}

TEST(BigEndian, TheUpperWordOfAnArgumentComesFirst) {
  const ResolvedPolicy policy = one_value_policy();
  std::vector<Insn> right{{bpf::kLdAbs, 0, 0, 4}, {bpf::kJeqK, 0, 5, abi::info(Arch::s390x).audit_arch}};
  std::vector<Insn> wrong = right;
  const Program upper_first = argument_is(16, 20, 1, 2), lower_first = argument_is(20, 16, 1, 2);
  right.insert(right.end(), upper_first.insns().begin(), upper_first.insns().end());
  wrong.insert(wrong.end(), lower_first.insns().begin(), lower_first.insns().end());
  const Program good = *Program::create(right), bad = *Program::create(wrong);
  const prove::CompareOptions options = big_endian().prover;
  EXPECT_EQ(prove::compare(&policy, Programs(&good, 1), options).verdict, Verdict::equal);
  const prove::Comparison result = prove::compare(&policy, Programs(&bad, 1), options);
  ASSERT_EQ(result.verdict, Verdict::incomparable);
  EXPECT_EQ(result.looser->call.args[0], UINT64_C(0x2'00000001));
  EXPECT_EQ(result.tighter->call.args[0], UINT64_C(0x1'00000002));
}

TEST(BigEndian, AWitnessBetweenProgramsIsInTheMachinesOrder) {
  const Program wide = argument_is(16, 20, 7, 9), narrow = argument_is(16, 20, 0, 9);
  const prove::Comparison result = prove::compare(Programs(&narrow, 1), Programs(&wide, 1), big_endian().prover);
  ASSERT_EQ(result.verdict, Verdict::incomparable);
  EXPECT_EQ(result.looser->call.args[0], UINT64_C(0x7'00000009));
  EXPECT_EQ(result.tighter->call.args[0], UINT64_C(9));
}

TEST(BigEndian, ProvesWhatTheCompilerMakes) {
  Agreement agreement(big_endian());
  for (const std::vector<Arch>& arches : kMachines)
    for (const Case& one : random_cases(arches, 12)) agreement.judge(&one.policy, Programs(&one.program, 1));
  agreement.counts().expect_enough("big-endian policies", {.equal = 30, .gave_up_one_in = 5});
  EXPECT_EQ(agreement.counts().differ, 0u);
  EXPECT_EQ(agreement.counts().undecided, 0u);
}

TEST(BigEndian, JudgesMutantsRight) {
  Agreement agreement(big_endian());
  Random random(31);
  for (const std::vector<Arch>& arches : kMachines) {
    for (const Case& one : random_cases(arches, 10)) {
      for (int i = 0; i < 3; ++i) {
        const auto mutant = mutant_of(one.program, random);
        if (!mutant) continue;
        agreement.judge(&one.policy, Programs(&*mutant, 1));
        agreement.judge(Programs(&one.program, 1), Programs(&*mutant, 1));
      }
    }
  }
  agreement.counts().expect_enough("big-endian mutants", {.equal = 1, .differ = 50, .gave_up_one_in = 5});
}

}  // namespace
}  // namespace cordon::engines
