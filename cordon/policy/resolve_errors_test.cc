// Which policies cannot be resolved, and what is said of them.
#include <gtest/gtest.h>

#include "cordon/abi/syscalls.h"
#include "cordon/policy/evaluate.h"
#include "cordon/policy/resolve.h"
#include "cordon/policy/testing.h"

namespace cordon::policy {

using namespace testing;  // NOLINT: builders only

namespace {

using Op = CompareOp;

struct ErrorRow {
  const char* name;
  std::vector<Arch> arches;
  std::vector<Rule> rules;
  const char* codes;
};

void PrintTo(const ErrorRow& row, std::ostream* out) { *out << row.name; }

class ErrorTest : public ::testing::TestWithParam<ErrorRow> {};

TEST_P(ErrorTest, IsReported) {
  Policy policy = make_policy(GetParam().arches, kKill);
  policy.rules = GetParam().rules;
  Result<ResolvedPolicy> resolved = resolve(policy, {});
  EXPECT_FALSE(resolved);
  EXPECT_EQ(codes(resolved.diagnostics()), GetParam().codes);
}

Rule with_errno(const char* name) {
  Rule rule = on("read", failing(0));
  rule.errno_name = name;
  return rule;
}

// 200 commands with an answer each before the rules given.
std::vector<Rule> after_many(Action action, std::vector<Rule> rules) {
  std::vector<Rule> all;
  for (uint64_t cmd = 0; cmd < 200; ++cmd) all.push_back(on("ioctl", action, equals("cmd", cmd)));
  all.insert(all.end(), rules.begin(), rules.end());
  return all;
}

INSTANTIATE_TEST_SUITE_P(
    Rows, ErrorTest,
    ::testing::Values(
        ErrorRow{"arch_twice", {Arch::x86_64, Arch::x86_64}, {}, "duplicate-arch"},
        ErrorRow{"typo", {Arch::x86_64}, {on("opne", kAllow)}, "unknown-syscall"},
        ErrorRow{"group_typo", {Arch::x86_64}, {on_group("no-such-group", kAllow)}, "unknown-group"},
        ErrorRow{"arch_not_listed", {Arch::x86_64}, {on_arch("read", Arch::i386, kAllow)}, "arch-not-listed"},
        ErrorRow{"no_such_argument", {Arch::x86_64}, {on("read", kAllow, equals("flags", 1))}, "no-such-argument"},
        ErrorRow{"said_once_for_all_abis",
                 {Arch::x86_64, Arch::i386},
                 {on("read", kAllow, equals("flags", 1))},
                 "no-such-argument"},
        ErrorRow{"constant_typo",
                 {Arch::x86_64},
                 {on("socket", kAllow, equals("family", name("AF_INETT")))},
                 "unknown-constant"},
        ErrorRow{"pointer_with_an_address",
                 {Arch::x86_64},
                 {on("openat", kAllow, equals("filename", 5))},
                 "pointer-argument"},
        ErrorRow{"pointer_with_order",
                 {Arch::x86_64},
                 {on("openat", kAllow, test("filename", Op::gt, {number(0)}))},
                 "pointer-argument"},
        ErrorRow{"pointer_with_mask",
                 {Arch::x86_64},
                 {on("openat", kAllow, test("filename", Op::eq, {number(0)}, number(4095)))},
                 "pointer-argument"},
        ErrorRow{"pointer_in_a_slot_with_an_address",
                 {Arch::x86_64},
                 {on("openat", kAllow, equals("arg1", 0x7fff1234))},
                 "pointer-argument"},
        ErrorRow{
            "name_on_a_number", {Arch::x86_64}, {on_numbers(0, 0, kAllow, equals("fd", 1))}, "argument-name-on-number"},
        ErrorRow{
            "name_on_every_number", {Arch::x86_64}, {on_every(kAllow, equals("fd", 1))}, "argument-name-on-number"},
        ErrorRow{"backward_range",
                 {Arch::x86_64},
                 {on("close", kAllow, in_range("fd", number(5), number(3)))},
                 "empty-range"},
        ErrorRow{"backward_numbers", {Arch::x86_64}, {on_numbers(5, 3, kAllow)}, "empty-range"},
        ErrorRow{"errno_out_of_range", {Arch::x86_64}, {on("read", failing(4096))}, "bad-errno"},
        ErrorRow{"errno_typo", {Arch::x86_64}, {with_errno("EPREM")}, "bad-errno"},
        ErrorRow{"contradiction", {Arch::x86_64}, {on("read", kAllow), on("read", failing(1))}, "contradiction"},
        ErrorRow{
            "contradiction_in_data", {Arch::x86_64}, {on("read", failing(2)), on("read", failing(1))}, "contradiction"},
        ErrorRow{"contradiction_by_two_halves",
                 {Arch::x86_64},
                 {on("read", kAllow, equals("fd", 0)), on("read", kAllow, test("fd", Op::ne, {number(0)})),
                  on("read", failing(1))},
                 "contradiction"},
        ErrorRow{"contradiction_after_many_others",
                 {Arch::x86_64},
                 after_many(kAllow, {on("ioctl", kAllow), on("ioctl", failing(1), equals("cmd", 5000))}),
                 "contradiction"},
        ErrorRow{"contradiction_after_many_of_its_action",
                 {Arch::x86_64},
                 after_many(failing(1), {on("ioctl", kAllow), on("ioctl", failing(1), equals("cmd", 5000))}),
                 "contradiction"},
        ErrorRow{
            "contradiction_with_every", {Arch::x86_64}, {on_every(kAllow), on("read", failing(1))}, "contradiction"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(ResolveTest, UnknownWithoutSinceIsAnError) {
  Policy policy = make_policy({Arch::x86_64}, kKill);
  policy.unknown = NamedAction{failing(38), "ENOSYS"};
  EXPECT_EQ(codes(resolve(policy, {}).diagnostics()), "unknown-without-since");
}

TEST(ResolveTest, ATypoComesWithTheNearestName) {
  Policy policy = make_policy({Arch::x86_64}, kKill);
  policy.rules = {on("opne", kAllow)};
  EXPECT_NE(resolve(policy, {}).diagnostics().begin()->hint.find("'open'"), std::string::npos);
}

TEST(ResolveTest, AnUnknownNameMayBeLeftOutOnRequest) {
  Policy policy = make_policy({Arch::x86_64}, kKill);
  policy.rules = {on("opne", kAllow), on("read", kAllow)};
  Result<ResolvedPolicy> resolved = resolve(policy, {.allow_unknown = true});
  ASSERT_TRUE(resolved);
  EXPECT_EQ(codes(resolved.warnings()), "unknown-syscall");
  EXPECT_EQ(evaluate(*resolved, call_of(Arch::x86_64, 0)).action, kAllow);
}

TEST(ResolveTest, AnUnknownNameIsNotLeftOutWhereThatLoosens) {
  auto said = [](Action default_action, std::vector<Rule> rules, std::optional<Action> unknown = {}) {
    Policy policy = make_policy({Arch::x86_64}, default_action);
    policy.rules = std::move(rules);
    if (unknown) policy.since = KernelVersion{6, 1};
    if (unknown) policy.unknown = NamedAction{*unknown, ""};
    Result<ResolvedPolicy> result = resolve(policy, {.allow_unknown = true});
    return std::string(result ? "left out: " : "refused: ") + codes(result.diagnostics());
  };
  EXPECT_EQ(said(kAllow, {on("newcall", failing(1))}), "refused: unknown-syscall");
  EXPECT_EQ(said(failing(1), {on("newcall", kKill)}), "refused: unknown-syscall");
  EXPECT_EQ(said(failing(1), {on("newcall", failing(2))}), "left out: unknown-syscall");
  EXPECT_EQ(said(kKill, {on("newcall", failing(1))}), "left out: unknown-syscall");
  EXPECT_EQ(said(kKill, {on("newcall", failing(1)), on_every(kAllow)}), "refused: unknown-syscall");
  EXPECT_EQ(said(kKill, {on_numbers(0, 9, kAllow), on("newcall", failing(1))}), "left out: unknown-syscall");
  EXPECT_EQ(said(kKill, {on("newcall", failing(1))}, kLog), "refused: unknown-syscall");
}

TEST(ResolveTest, OtherFormatsMayCompareAddresses) {
  Policy policy = make_policy({Arch::x86_64}, kKill);
  policy.rules = {on("openat", kAllow, equals("raw:arg1", 5))};
  for (PolicyFormat format : {PolicyFormat::minijail, PolicyFormat::oci}) {
    policy.format = format;
    Result<ResolvedPolicy> result = resolve(policy, {});
    ASSERT_TRUE(result);
    EXPECT_EQ(codes(result.warnings()), "pointer-argument");
  }
}

TEST(ResolveTest, FindingsBeyondACountAreOnlyCounted) {
  Policy policy = make_policy({Arch::x86_64}, kKill);
  SourceId source = policy.sources.add("long", std::string(20000, 'x'));
  for (uint32_t i = 0; i < 5000; ++i) {
    policy.rules.push_back(on("opne", kAllow));
    policy.rules.back().span = {source, i, i + 4};
  }
  Diagnostics said = resolve(policy, {}).diagnostics();
  EXPECT_EQ(said.size(), 201u);
  EXPECT_EQ(std::prev(said.end())->message, "4800 more findings are not shown");
}

TEST(ResolveTest, WhatIsSaidOfSeveralCallsIsSaidTogether) {
  Policy policy = make_policy({Arch::x86_64}, kKill);
  policy.rules = {on_every(kAllow, equals("arg0", uint64_t{1} << 40))};
  Diagnostics said = resolve(policy, {}).diagnostics();
  ASSERT_EQ(said.size(), 1u);
  ASSERT_FALSE(said.begin()->notes.empty());
  EXPECT_NE(said.begin()->notes[0].message.find("likewise: "), std::string::npos);
}

TEST(ResolveTest, ADeeplyNestedConditionIsAnError) {
  Condition condition = equals("fd", 1);
  for (int i = 0; i < 300; ++i) condition = joined(Condition::Kind::none, {std::move(condition)});
  Policy policy = make_policy({Arch::x86_64}, kKill);
  policy.rules = {on("read", kAllow, std::move(condition))};
  EXPECT_EQ(codes(resolve(policy, {}).diagnostics()), "nested-too-deep");
}

}  // namespace
}  // namespace cordon::policy
