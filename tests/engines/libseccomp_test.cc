// Policies libseccomp can express too: one comparison for each argument, one rule for a call, values below
// 2^32 (above, libseccomp 2.5 and 2.6 combine comparisons wrongly).
#include <gtest/gtest.h>
#include <seccomp.h>

#include <algorithm>

#include "cordon/bpf/disassemble.h"
#include "cordon/compile/compile.h"
#include "cordon/policy/evaluate.h"
#include "generate.h"
#include "scmp.h"

namespace cordon::engines {
namespace {

constexpr uint32_t kValues[] = {0, 1, 2, 5, 8, 0x5412, 0x20000, 0x7fffffff, 0x80000000, 0xfffffffe};

std::vector<ScmpRule> random_rules(Random& random) {
  std::vector<ScmpRule> rules;
  for (uint32_t nr = 0; nr < 450; ++nr) {
    if (!random.chance(random.chance(50) ? 5 : 20)) continue;
    ScmpRule rule{nr, {random.chance(80) ? ActionKind::allow : ActionKind::trap, 0}, {}};
    for (unsigned arg = 0; arg < 6; ++arg) {
      if (!random.chance(8)) continue;
      constexpr scmp_compare kOps[] = {SCMP_CMP_EQ, SCMP_CMP_NE, SCMP_CMP_LE, SCMP_CMP_GT, SCMP_CMP_MASKED_EQ};
      scmp_arg_cmp compare{arg, random.pick(kOps), random.pick(kValues), 0};
      if (compare.op == SCMP_CMP_MASKED_EQ) {
        compare.datum_a |= 1;
        compare.datum_b = compare.datum_a & random.pick(kValues);
      }
      rule.compares.push_back(compare);
    }
    rules.push_back(rule);
  }
  return rules;
}

TEST(Libseccomp, AgreesOnPoliciesItCanExpress) {
  for (uint64_t seed = 1; seed <= 200 && !HasFatalFailure(); ++seed) {
    Random random(seed);
    ScmpPolicy simple;
    simple.default_action = random.chance(50) ? Action{ActionKind::errno_, 1} : Action{ActionKind::kill_process, 0};
    simple.rules = random_rules(random);
    ResolvedPolicy policy = meaning_of(simple);
    Result<Filter> filter = compiler::compile(policy, {.optimize = compiler::Optimize::size, .dump = nullptr});
    ASSERT_TRUE(filter);
    Result<bpf::Program> theirs = exported(simple);
    ASSERT_TRUE(theirs);
    for (const Call& call : boundary_calls(policy, random)) {
      uint32_t expected = policy::to_ret(policy::evaluate(policy, call).action);
      ASSERT_EQ(bpf::simulate(filter->program, input_of(call), Endian::little).ret, expected)
          << "cordon, seed " << seed << " " << text_of(call);
      ASSERT_EQ(bpf::simulate(*theirs, input_of(call), Endian::little).ret, expected)
          << "libseccomp, seed " << seed << " " << text_of(call);
    }
    EXPECT_LE(filter->program.size(), theirs->size()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace cordon::engines
