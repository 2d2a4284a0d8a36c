// Filters as people use them with one field of one instruction changed, a thousand times each: no verdict is wrong,
// nearly all are decided, and the simulator confirms every witness.
#include <gtest/gtest.h>

#include <string>

#include "cordon/abi/syscalls.h"
#include "cordon/compile/compile.h"
#include "cordon/formats/builtin.h"
#include "cordon/formats/cordon_text.h"
#include "cordon/policy/evaluate.h"
#include "cordon/policy/resolve.h"
#include "cordon/prove/compare.h"
#include "tests/engines/generate.h"
#include "tests/prover/agreement.h"
#include "tests/prover/random_programs.h"

namespace cordon::engines {
namespace {

using prove::Verdict;

constexpr unsigned kMutants = 1000;

// 300 calls, every fifth with four alternatives of one or two comparisons on values of 32 and 64 bits.
std::string calls_with_alternatives() {
  static constexpr const char* kOperators[] = {"==", "!=", "<", ">="};
  Random random(51);
  auto comparison = [&](uint64_t argument) {
    const uint64_t value = random.below(2) == 0 ? random.below(1 << 20) : random.bits() >> random.below(32);
    const uint64_t op = random.below(4);
    return "raw(arg" + std::to_string(argument) + ") " + kOperators[op] + " " + std::to_string(value);
  };
  std::string text = "arch x86_64\ndefault errno EPERM\n";
  for (unsigned number = 0; number < 300; ++number) {
    const std::string call = "allow " + std::string(abi::syscall_at(Arch::x86_64, number).name);
    if (number % 5 != 0) {
      text += call + "\n";
      continue;
    }
    for (unsigned i = 0; i < 4; ++i)
      text += call + "(" + comparison(0) + (i % 2 == 0 ? "" : ", " + comparison(1)) + ")\n";
  }
  return text;
}

struct Row {
  const char* name;
  std::string text;
};

class Mutants : public testing::TestWithParam<Row> {};

TEST_P(Mutants, AreJudgedRightly) {
  const Result<Policy> policy = formats::read_cordon(GetParam().text, "test", {});
  ASSERT_TRUE(policy);
  const Result<ResolvedPolicy> resolved = policy::resolve(*policy, {.allow_unknown = true});
  ASSERT_TRUE(resolved);
  const Result<Filter> filter = compiler::compile(*resolved, {});
  ASSERT_TRUE(filter);
  Random random(52);
  unsigned made = 0, equal = 0, differ = 0, undecided = 0;
  while (made < kMutants) {
    const std::optional<bpf::Program> mutant = mutant_of(filter->program, random);
    if (!mutant) continue;
    ++made;
    const std::span<const bpf::Program> program(&*mutant, 1);
    const prove::Comparison result = prove::compare(&*resolved, program, {});
    for (const auto* witness : {&result.looser, &result.tighter, &result.data}) {
      if (!*witness) continue;
      const bpf::Input input = input_of((*witness)->call);
      const Action simulated = policy::from_ret(bpf::simulate(*mutant, input, Endian::little).ret);
      const Action meant = policy::evaluate(*resolved, (*witness)->call).action;
      ASSERT_EQ(simulated, (*witness)->right) << "mutant " << made << ": " << text_of((*witness)->call);
      ASSERT_EQ(meant, (*witness)->left) << "mutant " << made << ": " << text_of((*witness)->call);
      ASSERT_NE(simulated, meant) << "mutant " << made << ": " << text_of((*witness)->call);
    }
    if (result.verdict == Verdict::undecided) {
      ++undecided;
    } else if (result.verdict == Verdict::equal) {
      ++equal;
      expect_alike_on_calls(&*resolved, program, 200, Endian::little);
    } else {
      ++differ;
      ASSERT_TRUE(result.looser || result.tighter || result.data) << "mutant " << made;
    }
  }
  std::printf("%u mutants: %u differ, %u equal, %u not decided\n", made, differ, equal, undecided);
  EXPECT_GT(equal, kMutants / 100);
  EXPECT_GT(differ, kMutants / 2);
  EXPECT_LE(undecided, kMutants / 100);
}

std::string docker_default(const char* arches) {
  return std::string(arches) + "\n" + std::string(formats::find_builtin("docker-default")->text);
}

INSTANTIATE_TEST_SUITE_P(Filters, Mutants,
                         testing::Values(Row{"containers", docker_default("arch x86_64")},
                                         Row{"containers_of_three_abis", docker_default("arch x86_64 i386 x32")},
                                         Row{"calls_with_alternatives", calls_with_alternatives()}),
                         [](const testing::TestParamInfo<Row>& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace cordon::engines
