// What is compiled and decompiled is the policy it was: every one in the tree, and random ones.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "cordon/bpf/simulate.h"
#include "cordon/compile/compile.h"
#include "cordon/formats/cordon_text.h"
#include "cordon/policy/evaluate.h"
#include "cordon/policy/resolve.h"
#include "cordon/prove/compare.h"
#include "cordon/prove/decompile.h"
#include "tests/engines/generate.h"
#include "tests/prover/policies_in_tree.h"
#include "tests/prover/random_programs.h"

namespace cordon::engines {
namespace {

// More with CORDON_ROUNDS=5000.
unsigned rounds(unsigned usual) {
  const char* wanted = std::getenv("CORDON_ROUNDS");
  return wanted == nullptr ? usual : static_cast<unsigned>(std::strtoul(wanted, nullptr, 10));
}

// Empty, or what is wrong with what is made of one program.
std::string fault_of_program(const ResolvedPolicy& policy, const bpf::Program& program) {
  const Result<prove::Decompiled> found = prove::decompile(program, {});
  if (!found) return found.error().begin()->code + ": " + found.error().begin()->message;
  const std::string text = formats::write_cordon(found->policy, {.line_length = 0});
  const prove::Verdict as_found = prove::compare(&policy, &found->resolved, {}).verdict;
  if (as_found != prove::Verdict::equal) return text + std::string(prove::name(as_found));
  // The text is what people keep.
  const Result<Policy> again = formats::read_cordon(text, "decompiled", {});
  if (!again) return text + again.error().begin()->message;
  const Result<ResolvedPolicy> resolved = policy::resolve(*again, {});
  if (!resolved) return text + resolved.error().begin()->message;
  const prove::Verdict as_read = prove::compare(&policy, &*resolved, {}).verdict;
  return as_read == prove::Verdict::equal ? "" : text + "read again: " + std::string(prove::name(as_read));
}

std::string fault_of_round_trip(const ResolvedPolicy& policy) {
  std::optional<bpf::Program> before;
  for (compiler::Optimize goal : {compiler::Optimize::attach, compiler::Optimize::size}) {
    const Result<Filter> filter = compiler::compile(policy, {.optimize = goal});
    if (!filter || (before && filter->program == *before)) continue;  // larger than a filter may be, or known
    before = filter->program;
    if (std::string fault = fault_of_program(policy, filter->program); !fault.empty()) return fault;
  }
  return {};
}

TEST(DecompileRoundTrip, HoldsForEveryPolicyInTheTree) {
  const std::vector<TreePolicy> policies = policies_in_tree();
  for (const TreePolicy& policy : policies) EXPECT_EQ(fault_of_round_trip(policy.resolved), "") << policy.where;
  EXPECT_GE(policies.size(), 150u);
}

TEST(DecompileRoundTrip, HoldsForRandomPoliciesAsPeopleWriteThem) {
  Random random(31);
  unsigned tried = 0;
  for (unsigned round = 0; round < rounds(2000); ++round) {
    const Result<ResolvedPolicy> resolved = policy::resolve(random_policy(random), {});
    if (!resolved) continue;
    ++tried;
    EXPECT_EQ(fault_of_round_trip(*resolved), "") << "policy " << round;
  }
  EXPECT_GE(tried, rounds(2000) / 4);
}

// Some have an architecture that Linux does not have: no policy says what their filters answer to it. A few are beyond
// the bound on work.
TEST(DecompileRoundTrip, HoldsForRandomResolvedPolicies) {
  Random random(32);
  unsigned too_large = 0;
  for (unsigned round = 0; round < rounds(300); ++round) {
    const std::string fault = fault_of_round_trip(random_resolved(random));
    if (fault.starts_with("decompile-unknown-arch")) continue;
    if (fault.starts_with("decompile-too-large") && ++too_large <= rounds(300) / 50) continue;
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
