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
  const char* codes;
};

void PrintTo(const LintRow& row, std::ostream* out) { *out << row.name; }

class LintTest : public ::testing::TestWithParam<LintRow> {};

TEST_P(LintTest, FindsWhatIsThereAndNothingElse) {
  const LintRow& row = GetParam();
  Policy policy = make_policy(row.arches, row.default_action);
  policy.rules = row.rules;
  Result<ResolvedPolicy> resolved = resolve(policy, {});
  ASSERT_TRUE(resolved);
  std::string codes;
  for (const Diagnostic& finding : lint(policy, *resolved)) {
    codes += (codes.empty() ? "" : " ") + finding.code;
    EXPECT_FALSE(finding.hint.empty()) << finding.message;
  }
  EXPECT_EQ(codes, row.codes);
}

const std::vector<Arch> kOne = {Arch::x86_64};
const std::vector<Arch> kSmall = {Arch::i386};

Condition read_only() { return test("flags", CompareOp::eq, {number(0)}, name("O_ACCMODE")); }

INSTANTIATE_TEST_SUITE_P(
    Rows, LintTest,
    ::testing::Values(
        LintRow{"a_twin_door_is_open", kOne, kAllow, {on("mkdir", failing(1))}, "open-door"},
        LintRow{"both_doors_closed", kOne, kAllow, {on("mkdir", failing(1)), on("mkdirat", failing(1))}, "io-uring"},
        LintRow{"the_newest_door",
                kOne,
                kAllow,
                {on("chmod", failing(1)), on("fchmod", failing(1)), on("fchmodat", failing(1))},
                "open-door open-door open-door"},
        LintRow{
            "a_list_of_allowed_calls_closes_all_others", kOne, kKill, {on("openat", kAllow)}, "no-exit no-sigreturn"},
        LintRow{"a_conditional_door_beside_an_open_one",
                kOne,
                kKill,
                {on("openat", kAllow, read_only()), on("openat2", kAllow)},
                "open-door no-exit no-sigreturn"},
        LintRow{"clone3_refused_so_that_libc_falls_back", kOne, kAllow, {on("clone3", failing(38))}, ""},
        LintRow{"openat2_refused_for_its_hidden_flags",
                kOne,
                kAllow,
                {on("openat2", failing(1))},
                "io-uring libc-fallback"},
        LintRow{"a_tracer_writes_what_process_vm_writev_may_not",
                kOne,
                kAllow,
                {on("process_vm_writev", failing(1)), on("process_vm_readv", failing(1))},
                "open-door open-door"},
        LintRow{"no_memory_of_others_is_reached",
                kOne,
                kAllow,
                {on("process_vm_writev", failing(1)), on("process_vm_readv", failing(1)), on("ptrace", failing(1))},
                ""},
        LintRow{"a_whole_register_is_compared",
                kOne,
                kAllow,
                {on("ioctl", failing(1), equals("raw:arg1", 0x5412))},
                "wide-comparison"},
        LintRow{"a_tracer_decides",
                kOne,
                kAllow,
                {on("ptrace", failing(1)), on("mount", kTrace)},
                "open-door open-door no-tracer"},
        LintRow{"clone_restricted_and_clone3_open",
                kOne,
                kAllow,
                {on("clone", failing(1), equals("arg0", 17))},
                "open-door"},
        LintRow{"a_32_bit_twin_stays_open", kSmall, kAllow, {on("setuid", failing(1))}, "open-door"},
        LintRow{"a_32_bit_twin_is_missing", kSmall, kKill, {on("fstat", kAllow)}, "missing-twin no-exit no-sigreturn"},
        LintRow{"a_32_bit_twin_is_there",
                kSmall,
                kKill,
                {on("fstat", kAllow), on("fstat64", kAllow)},
                "no-exit no-sigreturn"},
        LintRow{"no_twins_on_x86_64", kOne, kKill, {on("fstat", kAllow)}, "no-exit no-sigreturn"},
        LintRow{"getpid_gets_an_errno", kOne, kAllow, {on("getpid", failing(1))}, "errno-cannot-fail"},
        LintRow{"getpid_gets_the_default_errno",
                kOne,
                failing(1),
                {on("read", kAllow)},
                "errno-cannot-fail no-exit no-sigreturn"},
        LintRow{"getpid_is_killed", kOne, kAllow, {on("getpid", kKill)}, ""},
        LintRow{"open_can_fail", kOne, kAllow, {on("open", failing(1))}, "open-door"},
        LintRow{"a_ring_opens_what_is_closed", kOne, kAllow, {on("openat", failing(1))}, "open-door io-uring"},
        LintRow{"a_ring_connects",
                kOne,
                kKill,
                {on("io_uring_setup", kAllow), on("io_uring_enter", kAllow)},
                "io-uring no-exit no-sigreturn"},
        LintRow{"no_ring", kOne, kAllow, {on("openat", failing(1)), on("io_uring_setup", failing(1))}, "open-door"},
        LintRow{"no_rules", kOne, kKill, {}, "empty-policy"},
        LintRow{"every_call_is_allowed", kOne, kKill, {on_every(kAllow)}, "confines-nothing"},
        LintRow{
            "every_call_is_allowed_by_numbers", kOne, kKill, {on_numbers(0, UINT32_MAX, kAllow)}, "confines-nothing"},
        LintRow{"a_rule_on_no_call_of_the_abi", kOne, kAllow, {on("mmap2", failing(1))}, "confines-nothing"},
        LintRow{"a_multiplexer_is_open",
                kSmall,
                kKill,
                {on("socketcall", kAllow), on("socket", kAllow, equals("family", 1))},
                "multiplexer-open no-exit no-sigreturn"},
        LintRow{"a_multiplexer_is_open_to_one_call",
                kSmall,
                kKill,
                {on("socketcall", kAllow, equals("call", 1)), on("socket", kAllow, equals("family", 1))},
                "multiplexer-open no-exit no-sigreturn"},
        LintRow{"a_multiplexer_is_open_to_another_call",
                kSmall,
                kKill,
                {on("socketcall", kAllow, equals("call", 3)), on("socket", kAllow, equals("family", 1))},
                "no-exit no-sigreturn"},
        LintRow{"ipc_is_open",
                kSmall,
                kAllow,
                {on("ipc", kAllow), on("shmat", failing(1))},
                "multiplexer-open rule-equals-default"},
        LintRow{"a_multiplexer_is_closed_with_its_call", kSmall, kAllow, {on("shmat", failing(1))}, ""},
        LintRow{"a_multiplexer_is_open_as_are_its_calls",
                kSmall,
                kKill,
                {on("socketcall", kAllow), on("socket", kAllow)},
                "no-exit no-sigreturn"},
        LintRow{"send_without_a_number_does_sendtos_work", kSmall, kAllow, {on("sendto", failing(1))}, "open-door"},
        LintRow{"send_is_closed_too", kSmall, kAllow, {on("sendto", failing(1)), on("send", failing(1))}, ""},
        LintRow{"accept_without_a_number_does_accept4s_work",
                kSmall,
                kAllow,
                {on("accept4", failing(1))},
                "open-door io-uring"},
        LintRow{"no_send_on_x86_64", kOne, kAllow, {on("sendto", failing(1)), on("io_uring_setup", failing(1))}, ""},
        LintRow{"a_ring_goes_round_who_is_asked", kOne, kAllow, {on("openat", kNotify)}, "open-door io-uring"},
        LintRow{"a_newer_call_goes_round_a_tracer", kOne, kAllow, {on("clone", kTrace)}, "open-door no-tracer"},
        LintRow{"a_call_that_is_asked_about_too_is_no_door",
                kOne,
                kAllow,
                {on("clone", failing(1)), on("fork", kNotify), on("vfork", kNotify), on("clone3", kNotify)},
                ""},
        LintRow{"nothing_is_denied", kOne, kAllow, {on("read", kLog)}, "confines-nothing"},
        LintRow{"something_is_denied", kOne, kAllow, {on("read", failing(1))}, ""},
        LintRow{"it_cannot_end_nor_return_from_handlers_and_never_sleeps",
                kOne,
                kKill,
                {on("read", kAllow)},
                "no-exit no-sigreturn"},
        LintRow{"it_can_end", kOne, kKill, {on("exit_group", kAllow)}, "no-sigreturn"},
        LintRow{"sleep_cannot_be_resumed", kOne, kKill, {on("nanosleep", kAllow)}, "no-exit no-sigreturn no-restart"},
        LintRow{"handlers_can_return", kOne, kKill, {on("rt_sigreturn", kAllow)}, "no-exit"},
        LintRow{"the_default_again", kOne, kKill, {on("read", kKill)}, "no-exit no-sigreturn rule-equals-default"},
        LintRow{"the_default_before_a_later_rule",
                kOne,
                kKill,
                {on("execve", kKill), on_group("startup", kAllow)},
                "no-sigreturn no-restart"},
        LintRow{"the_default_before_every", kOne, kKill, {on("execve", kKill), on_every(kAllow)}, "open-door"},
        LintRow{"the_default_of_another_call",
                kOne,
                kKill,
                {on("execve", kKill), on("read", kAllow)},
                "no-exit no-sigreturn rule-equals-default"},
        LintRow{"not_the_default", kOne, kKill, {on("read", failing(1))}, "no-exit no-sigreturn"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(LintTest, WhatARingReachesIsSaidInGrammar) {
  auto said = [](std::vector<Rule> rules) {
    Policy policy = make_policy(kOne, kAllow);
    policy.rules = std::move(rules);
    std::string message;
    for (const Diagnostic& finding : lint(policy, *resolve(policy, {})))
      if (finding.code == "io-uring") message = finding.message;
    return message.substr(std::min(message.size(), message.find("the work")));
  };
  EXPECT_EQ(said({on("mkdirat", failing(1))}), "the work of mkdirat, which is restricted");
  EXPECT_EQ(said({on("mkdirat", failing(1)), on("socket", failing(1))}),
            "the work of socket and mkdirat, which are restricted");
}

TEST(LintTest, ARuleThatKeepsACallFromBeingUnknownIsNeeded) {
  Policy policy = make_policy({Arch::x86_64}, kKill);
  policy.since = KernelVersion{6, 1};
  policy.rules = {on("fchmodat2", kKill)};
  for (const Diagnostic& finding : lint(policy, *resolve(policy, {}))) EXPECT_NE(finding.code, "rule-equals-default");
}

}  // namespace
}  // namespace cordon::policy
