#include "cordon/policy/lint_arguments.h"

#include <gtest/gtest.h>

#include "cordon/policy/resolve.h"
#include "cordon/policy/testing.h"

namespace cordon::policy {

using namespace testing;  // NOLINT: builders only

namespace {

struct ArgumentRow {
  const char* name;
  PolicyFormat format;
  Arch arch;
  std::vector<Rule> rules;
  const char* codes;  // with their severity
  const char* said;   // by the first
};

void PrintTo(const ArgumentRow& row, std::ostream* out) { *out << row.name; }

class UnseenArgumentTest : public ::testing::TestWithParam<ArgumentRow> {};

TEST_P(UnseenArgumentTest, IsToldWhereItIsAndNowhereElse) {
  const ArgumentRow& row = GetParam();
  Policy policy = make_policy({row.arch}, kAllow);
  policy.format = row.format;
  policy.rules = row.rules;
  Result<ResolvedPolicy> resolved = resolve(policy, {});
  ASSERT_TRUE(resolved);
  const Arch arches[] = {row.arch};
  const Diagnostics found = find_unseen_arguments(policy, *resolved, arches);
  std::string text;
  for (const Diagnostic& one : found) {
    text += (text.empty() ? "" : " ") + std::string(one.severity == Severity::note ? "note:" : "") + one.code;
    EXPECT_FALSE(one.hint.empty());
  }
  EXPECT_EQ(text, row.codes);
  if (found.empty()) return;
  EXPECT_NE(found.begin()->message.find(row.said), std::string::npos) << found.begin()->message;
}

constexpr auto kNative = PolicyFormat::cordon;
constexpr auto kOci = PolicyFormat::oci;
constexpr Arch kWide = Arch::x86_64;
constexpr Action kEperm = failing(1);

Condition masked(uint64_t mask, uint64_t value) {
  return test("raw:arg1", CompareOp::eq, {number(value)}, number(mask));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, UnseenArgumentTest,
    ::testing::Values(
        ArgumentRow{"a_deny_rule_is_escaped",
                    kOci,
                    kWide,
                    {on("ioctl", kEperm, equals("raw:arg1", 0x5412))},
                    "wide-comparison",
                    "the kernel reads the low 32 bits of cmd of ioctl, but the rule tests higher ones too: a program "
                    "that sets one escapes the rule"},
        ArgumentRow{"an_allow_rule_is_only_stricter",
                    kOci,
                    kWide,
                    {on("ioctl", kAllow, equals("raw:arg1", 0x5412)), on("ioctl", kEperm)},
                    "note:wide-comparison",
                    "cmd of ioctl"},
        ArgumentRow{"an_allow_rule_with_all_but_one_value",
                    kOci,
                    kWide,
                    {on("ioctl", kAllow, test("raw:arg1", CompareOp::ne, {number(0x5412)})), on("ioctl", kEperm)},
                    "wide-comparison",
                    "gets what the rule allows with any value"},
        ArgumentRow{"a_deny_rule_with_all_but_one_value",
                    kOci,
                    kWide,
                    {on("ioctl", kEperm, test("raw:arg1", CompareOp::ne, {number(0x5412)}))},
                    "note:wide-comparison",
                    "cmd of ioctl"},
        ArgumentRow{"a_deny_rule_below_a_bound",
                    kOci,
                    kWide,
                    {on("ioctl", kEperm, test("raw:arg1", CompareOp::lt, {number(0x6000)}))},
                    "wide-comparison",
                    "escapes the rule"},
        ArgumentRow{
            "a_mask_of_what_the_kernel_reads", kOci, kWide, {on("ioctl", kEperm, masked(0xffffffff, 0x5412))}, "", ""},
        ArgumentRow{"an_argument_of_64_bits", kOci, kWide, {on("mmap", kEperm, equals("raw:arg1", 4096))}, "", ""},
        ArgumentRow{"an_abi_of_32_bits", kOci, Arch::i386, {on("ioctl", kEperm, equals("raw:arg1", 0x5412))}, "", ""},
        ArgumentRow{"minus_one_in_all_bits_allows_nothing_else",
                    kOci,
                    kWide,
                    {on("ioctl", kAllow, equals("raw:arg1", UINT64_MAX)), on("ioctl", kEperm)},
                    "note:wide-comparison",
                    "cmd of ioctl"},
        ArgumentRow{"cordons_own_text_reads_what_the_kernel_reads",
                    kNative,
                    kWide,
                    {on("ioctl", kEperm, equals("cmd", 0x5412))},
                    "",
                    ""},
        ArgumentRow{"cordons_own_text_asks_for_it",
                    kNative,
                    kWide,
                    {on("ioctl", kEperm, equals("raw:arg1", 0x5412))},
                    "wide-comparison",
                    "escapes the rule"},
        ArgumentRow{"cordons_own_text_asks_for_it_to_be_stricter",
                    kNative,
                    kWide,
                    {on("ioctl", kAllow, equals("raw:arg1", 0x5412)), on("ioctl", kEperm)},
                    "",
                    ""},
        ArgumentRow{"two_rules_that_are_only_stricter_are_one_note",
                    kOci,
                    kWide,
                    {on("ioctl", kAllow, equals("raw:arg1", 1)), on("fcntl", kAllow, equals("raw:arg1", 1)),
                     on("ioctl", kEperm), on("fcntl", kEperm)},
                    "note:wide-comparison",
                    "cmd of fcntl and cmd of ioctl"},
        ArgumentRow{"a_pointer_by_number",
                    kNative,
                    kWide,
                    {on_numbers(257, 257, kEperm, equals("arg1", 4096))},
                    "pointer-argument",
                    "arg1 of openat is a pointer"},
        ArgumentRow{
            "a_null_pointer_by_number", kNative, kWide, {on_numbers(257, 257, kEperm, equals("arg1", 0))}, "", ""},
        ArgumentRow{"no_pointer_by_number", kNative, kWide, {on_numbers(257, 257, kEperm, equals("arg2", 0))}, "", ""}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace cordon::policy
