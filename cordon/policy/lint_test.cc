#include "cordon/policy/lint.h"

#include <gtest/gtest.h>

#include "cordon/policy/resolve.h"
#include "cordon/policy/testing.h"

namespace cordon::policy {

using namespace testing;  // NOLINT: builders only

namespace {

struct LintRow {
  const char* name;
  std::vector<Arch> arches;
  Action default_action;
  std::vector<Rule> rules;
  const char* code;
  bool found;
};

class LintTest : public ::testing::TestWithParam<LintRow> {};

TEST_P(LintTest, FindsWhatIsThereAndNothingElse) {
  const LintRow& row = GetParam();
  Policy policy = make_policy(row.arches, row.default_action);
  policy.rules = row.rules;
  Result<ResolvedPolicy> resolved = resolve(policy, {});
  ASSERT_TRUE(resolved);
  bool found = false;
  for (const Diagnostic& finding : lint(policy, *resolved)) {
    found = found || finding.code == row.code;
    EXPECT_FALSE(finding.hint.empty()) << finding.message;
  }
  EXPECT_EQ(found, row.found);
}

const std::vector<Arch> kOne = {Arch::x86_64};
const std::vector<Arch> kSmall = {Arch::i386};

Condition read_only() { return test("flags", CompareOp::eq, {number(0)}, name("O_ACCMODE")); }

INSTANTIATE_TEST_SUITE_P(
    Rows, LintTest,
    ::testing::Values(
        LintRow{"a_twin_door_is_open", kOne, kAllow, {on("mkdir", failing(1))}, "open-door", true},
        LintRow{"both_doors_closed", kOne, kAllow, {on("mkdir", failing(1)), on("mkdirat", failing(1))}, "open-door", false},
        LintRow{"the_newest_door", kOne, kAllow, {on("chmod", failing(1)), on("fchmod", failing(1)), on("fchmodat", failing(1))}, "open-door", true},
        LintRow{"a_list_of_allowed_calls_closes_all_others", kOne, kKill, {on("openat", kAllow)}, "open-door", false},
        LintRow{"a_conditional_door_beside_an_open_one", kOne, kKill, {on("openat", kAllow, read_only()), on("openat2", kAllow)}, "open-door", true},
        LintRow{"clone3_refused_so_that_libc_falls_back", kOne, kAllow, {on("clone3", failing(38))}, "open-door", false},
        LintRow{"openat2_refused_for_its_hidden_flags", kOne, kAllow, {on("openat2", failing(1))}, "open-door", false},
        LintRow{"clone_restricted_and_clone3_open", kOne, kAllow, {on("clone", failing(1), equals("arg0", 17))}, "open-door", true},
        LintRow{"a_32_bit_twin_stays_open", kSmall, kAllow, {on("setuid", failing(1))}, "open-door", true},
        LintRow{"a_32_bit_twin_is_missing", kSmall, kKill, {on("fstat", kAllow)}, "missing-twin", true},
        LintRow{"a_32_bit_twin_is_there", kSmall, kKill, {on("fstat", kAllow), on("fstat64", kAllow)}, "missing-twin", false},
        LintRow{"no_twins_on_x86_64", kOne, kKill, {on("fstat", kAllow)}, "missing-twin", false},
        LintRow{"getpid_gets_an_errno", kOne, kAllow, {on("getpid", failing(1))}, "errno-cannot-fail", true},
        LintRow{"getpid_gets_the_default_errno", kOne, failing(1), {on("read", kAllow)}, "errno-cannot-fail", true},
        LintRow{"getpid_is_killed", kOne, kAllow, {on("getpid", kKill)}, "errno-cannot-fail", false},
        LintRow{"open_can_fail", kOne, kAllow, {on("open", failing(1))}, "errno-cannot-fail", false},
        LintRow{"a_ring_opens_what_is_closed", kOne, kAllow, {on("openat", failing(1))}, "io-uring", true},
        LintRow{"a_ring_connects", kOne, kKill, {on("io_uring_setup", kAllow), on("io_uring_enter", kAllow)}, "io-uring", true},
        LintRow{"no_ring", kOne, kAllow, {on("openat", failing(1)), on("io_uring_setup", failing(1))}, "io-uring", false},
        LintRow{"no_rules", kOne, kKill, {}, "empty-policy", true},
        LintRow{"some_rules", kOne, kKill, {on("read", kAllow)}, "empty-policy", false},
        LintRow{"nothing_is_denied", kOne, kAllow, {on("read", kLog)}, "confines-nothing", true},
        LintRow{"something_is_denied", kOne, kAllow, {on("read", failing(1))}, "confines-nothing", false},
        LintRow{"it_cannot_end", kOne, kKill, {on("read", kAllow)}, "no-exit", true},
        LintRow{"it_can_end", kOne, kKill, {on("exit_group", kAllow)}, "no-exit", false},
        LintRow{"sleep_cannot_be_resumed", kOne, kKill, {on("nanosleep", kAllow)}, "no-restart", true},
        LintRow{"nothing_sleeps", kOne, kKill, {on("read", kAllow)}, "no-restart", false},
        LintRow{"handlers_cannot_return", kOne, kKill, {on("read", kAllow)}, "no-sigreturn", true},
        LintRow{"handlers_can_return", kOne, kKill, {on("rt_sigreturn", kAllow)}, "no-sigreturn", false},
        LintRow{"the_default_again", kOne, kKill, {on("read", kKill)}, "rule-equals-default", true},
        LintRow{"the_default_before_a_later_rule", kOne, kKill, {on("execve", kKill), on_group("startup", kAllow)}, "rule-equals-default", false},
        LintRow{"the_default_before_every", kOne, kKill, {on("execve", kKill), on_every(kAllow)}, "rule-equals-default", false},
        LintRow{"the_default_of_another_call", kOne, kKill, {on("execve", kKill), on("read", kAllow)}, "rule-equals-default", true},
        LintRow{"not_the_default", kOne, kKill, {on("read", failing(1))}, "rule-equals-default", false}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(LintTest, ARuleThatKeepsACallFromBeingUnknownIsNeeded) {
  Policy policy = make_policy({Arch::x86_64}, kKill);
  policy.since = KernelVersion{6, 1};
  policy.rules = {on("fchmodat2", kKill)};
  for (const Diagnostic& finding : lint(policy, *resolve(policy, {}))) EXPECT_NE(finding.code, "rule-equals-default");
}

}  // namespace
}  // namespace cordon::policy
