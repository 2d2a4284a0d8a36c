#include "cordon/policy/lint_outcomes.h"

#include <gtest/gtest.h>

#include "cordon/policy/lint.h"
#include "cordon/policy/resolve.h"
#include "cordon/policy/testing.h"

namespace cordon::policy {

using namespace testing;  // NOLINT: builders only

namespace {

struct OutcomeRow {
  const char* name;
  std::vector<Arch> arches;
  Action default_action;
  Action bad_arch;
  std::vector<Rule> rules;
  const char* codes;
  const char* said;  // by the first
};

void PrintTo(const OutcomeRow& row, std::ostream* out) { *out << row.name; }

class OutcomeTest : public ::testing::TestWithParam<OutcomeRow> {};

TEST_P(OutcomeTest, IsToldWhereItIsAndNowhereElse) {
  const OutcomeRow& row = GetParam();
  Policy policy = make_policy(row.arches, row.default_action);
  policy.bad_arch.action = row.bad_arch;
  policy.rules = row.rules;
  Result<ResolvedPolicy> resolved = resolve(policy, {});
  ASSERT_TRUE(resolved);
  const Diagnostics found = find_odd_outcomes(policy, Verdicts(*resolved), row.arches);
  EXPECT_EQ(codes(found), row.codes);
  if (found.empty()) return;
  EXPECT_NE(found.begin()->message.find(row.said), std::string::npos) << found.begin()->message;
  EXPECT_FALSE(found.begin()->hint.empty());
}

const std::vector<Arch> kOne = {Arch::x86_64}, kTwo = {Arch::x86_64, Arch::i386};
constexpr Action kTrace{ActionKind::trace, 1};
constexpr Action kEperm = failing(1), kEnosys = failing(38);

INSTANTIATE_TEST_SUITE_P(
    Rows, OutcomeTest,
    ::testing::Values(
        OutcomeRow{"foreign_calls_are_let_through",
                   kOne,
                   kKill,
                   kAllow,
                   {on("read", kAllow)},
                   "open-badarch",
                   "those of i386 and x32 among them"},
        OutcomeRow{"foreign_calls_but_i386s_are_let_through",
                   kTwo,
                   kKill,
                   kLog,
                   {on("read", kAllow)},
                   "open-badarch",
                   "those of x32 among them"},
        OutcomeRow{"foreign_calls_are_let_through_on_arm64",
                   {Arch::arm64},
                   kKill,
                   kAllow,
                   {on("read", kAllow)},
                   "open-badarch",
                   "whatever the rules say"},
        OutcomeRow{"foreign_calls_are_killed", kOne, kKill, kKill, {on("read", kAllow)}, "", ""},
        OutcomeRow{"everything_is_let_through", kOne, kAllow, kAllow, {}, "", ""},
        OutcomeRow{"a_rule_for_one_arch_of_two",
                   kTwo,
                   kAllow,
                   kKill,
                   {on_arch("mount", Arch::x86_64, kEperm), on_arch("reboot", Arch::i386, kEperm)},
                   "open-arch open-arch",
                   "mount is restricted on x86_64, but allowed on i386"},
        OutcomeRow{"a_group_for_one_arch_is_one_finding",
                   kTwo,
                   kAllow,
                   kKill,
                   {[] {
                     Rule rule = on_group("debug", kEperm);
                     rule.target.arch = Arch::x86_64;
                     return rule;
                   }()},
                   "open-arch",
                   "are restricted on x86_64, but allowed on i386"},
        OutcomeRow{"a_rule_for_each_arch_of_two",
                   kTwo,
                   kAllow,
                   kKill,
                   {on_arch("mount", Arch::x86_64, kEperm), on_arch("mount", Arch::i386, kEnosys)},
                   "",
                   ""},
        OutcomeRow{"a_rule_for_both_arches",
                   kTwo,
                   kAllow,
                   kKill,
                   {on("mount", kEperm), on_arch("reboot", Arch::x86_64, kEnosys)},
                   "",
                   ""},
        OutcomeRow{
            "a_call_only_one_arch_has",
            kTwo,
            kAllow,
            kKill,
            {on_arch("arch_prctl", Arch::x86_64, kEperm, equals("arg0", 1)), on_arch("arch_prctl", Arch::i386, kEperm)},
            "",
            ""},
        OutcomeRow{"clone3_gets_eperm",
                   kOne,
                   kAllow,
                   kKill,
                   {on("clone3", kEperm)},
                   "libc-fallback",
                   "'clone3' gets 'errno EPERM': C libraries take clone for it"},
        OutcomeRow{"clone3_gets_enosys", kOne, kAllow, kKill, {on("clone3", kEnosys)}, "", ""},
        OutcomeRow{"clone3_is_killed", kOne, kAllow, kKill, {on("clone3", kKill)}, "", ""},
        OutcomeRow{"clone_is_refused_too", kOne, kAllow, kKill, {on("clone3", kEperm), on("clone", kEperm)}, "", ""},
        OutcomeRow{"statx_can_run", kOne, kAllow, kKill, {on("statx", kEperm, equals("flags", 1))}, "", ""},
        OutcomeRow{"the_default_gives_eperm",
                   kOne,
                   kEperm,
                   kKill,
                   {on("clone", kAllow), on("newfstatat", kAllow), on("stat", kAllow), on("faccessat", kAllow)},
                   "libc-fallback",
                   "the default answers 'errno EPERM' to clone3, faccessat2 and statx:"},
        OutcomeRow{"the_default_gives_enosys", kOne, kEnosys, kKill, {on("clone", kAllow)}, "", ""},
        OutcomeRow{"a_time64_twin_gets_eperm",
                   {Arch::i386},
                   kAllow,
                   kKill,
                   {on("clock_gettime64", kEperm)},
                   "libc-fallback",
                   "C libraries take clock_gettime for it"},
        OutcomeRow{
            "a_tracer_is_asked", kOne, kAllow, kKill, {on("mount", kTrace)}, "no-tracer", "'trace' asks a tracer"},
        OutcomeRow{"a_tracer_is_asked_by_default", kOne, kTrace, kKill, {}, "no-tracer", "'trace' asks a tracer"},
        OutcomeRow{"nobody_is_asked", kOne, kKill, kKill, {on("mount", kLog)}, "", ""}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace cordon::policy
