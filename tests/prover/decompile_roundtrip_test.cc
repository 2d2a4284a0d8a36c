// What is compiled and decompiled is the policy it was: every one in the tree, and random ones.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "cordon/bpf/simulate.h"
#include "cordon/compile/compile.h"
#include "cordon/formats/builtin.h"
#include "cordon/formats/cordon_text.h"
#include "cordon/policy/evaluate.h"
#include "cordon/policy/resolve.h"
#include "cordon/prove/compare.h"
#include "cordon/prove/decompile.h"
#include "tests/engines/generate.h"
#include "tests/prover/decompile_testing.h"
#include "tests/prover/random_programs.h"

namespace cordon::engines {
namespace {

namespace fs = std::filesystem;

// More with CORDON_ROUNDS=5000.
unsigned rounds(unsigned usual) {
  const char* wanted = std::getenv("CORDON_ROUNDS");
  return wanted == nullptr ? usual : static_cast<unsigned>(std::strtoul(wanted, nullptr, 10));
}

// Empty, or what is wrong. The text is read again: it is what people keep.
std::string fault_of_round_trip(const ResolvedPolicy& policy) {
  const Result<Filter> filter = compiler::compile(policy, {});
  if (!filter) return {};  // larger than a filter may be
  const std::string text = decompiled_text(filter->program);
  const Result<Policy> again = formats::read_cordon(text, "decompiled", {});
  if (!again) return text + again.error().begin()->message;
  const Result<ResolvedPolicy> resolved = policy::resolve(*again, {});
  if (!resolved) return text + resolved.error().begin()->message;
  const prove::Verdict verdict = prove::compare(&policy, &*resolved, {}).verdict;
  return verdict == prove::Verdict::equal ? "" : text + std::string(prove::name(verdict));
}

TEST(DecompileRoundTrip, HoldsForEveryPolicyInTheTree) {
  unsigned count = 0;
  for (const char* folder : {"examples", "tests"})
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(CORDON_SOURCE_DIR) / folder)) {
      if (entry.path().extension() != ".cordon") continue;
      const Result<Policy> policy = formats::read_cordon(file_text(entry.path()), entry.path().string(), {});
      if (!policy) continue;  // a part that others include
      const Result<ResolvedPolicy> resolved = policy::resolve(*policy, {});
      if (!resolved) continue;
      EXPECT_EQ(fault_of_round_trip(*resolved), "") << entry.path();
      ++count;
    }
  EXPECT_GE(count, 5u);
}

TEST(DecompileRoundTrip, HoldsForBuiltinPolicies) {
  for (const formats::Builtin& builtin : formats::builtins()) {
    const Result<Policy> policy = formats::read_cordon(builtin.text, std::string(builtin.name), {});
    ASSERT_TRUE(policy) << builtin.name;
    const Result<ResolvedPolicy> resolved = policy::resolve(*policy, {});
    ASSERT_TRUE(resolved) << builtin.name;
    EXPECT_EQ(fault_of_round_trip(*resolved), "") << builtin.name;
  }
}

TEST(DecompileRoundTrip, HoldsForRandomPoliciesAsPeopleWriteThem) {
  Random random(31);
  unsigned tried = 0;
  for (unsigned round = 0; round < rounds(300); ++round) {
    const Result<ResolvedPolicy> resolved = policy::resolve(random_policy(random), {});
    if (!resolved) continue;
    ++tried;
    EXPECT_EQ(fault_of_round_trip(*resolved), "") << "policy " << round;
  }
  EXPECT_GE(tried, rounds(300) / 4);
}

// Some have an architecture that Linux does not have: no policy says what their filters answer to it.
TEST(DecompileRoundTrip, HoldsForRandomResolvedPolicies) {
  Random random(32);
  for (unsigned round = 0; round < rounds(100); ++round) {
    const std::string fault = fault_of_round_trip(random_resolved(random));
    if (fault.starts_with("error: the filter answers calls of architecture")) continue;
    EXPECT_EQ(fault, "") << "policy " << round;
  }
}

// Most have no form: what is asked is that the others are right, and that there is an answer soon.
TEST(DecompileRoundTrip, AnswersRandomProgramsRightOrNotAtAll) {
  testing_kernel::RandomBpf random(33);
  unsigned found = 0;
  for (unsigned round = 0; round < rounds(200); ++round) {
    const bpf::Program program = round % 2 == 0 ? random_program(random, {}) : random_decisions(random);
    const Result<prove::Decompiled> decompiled =
        prove::decompile(program, {.arch = Arch::x86_64, .max_steps = 300'000, .max_proof_steps = 300'000});
    if (!decompiled) continue;
    ++found;
    for (int i = 0; i < 100; ++i) {
      const bpf::Input input = random_input(random);
      Call call{input.nr, input.audit_arch, input.instruction_pointer, {}};
      std::copy(std::begin(input.args), std::end(input.args), call.args.begin());
      EXPECT_EQ(policy::evaluate(decompiled->resolved, call).action,
                policy::from_ret(bpf::simulate(program, input, Endian::little).ret))
          << "program " << round;
    }
  }
  EXPECT_GE(found, 5u);
}

}  // namespace
}  // namespace cordon::engines
