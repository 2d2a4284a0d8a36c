#include "cordon/policy/resolve.h"

#include <gtest/gtest.h>

#include "cordon/abi/syscalls.h"
#include "cordon/policy/evaluate.h"
#include "cordon/policy/testing.h"

namespace cordon::policy {

using namespace testing;  // NOLINT: builders only

namespace {

uint32_t nr(std::string_view call, Arch arch) { return abi::number_of(call, arch).value(); }

// ---- one condition on one call -------------------------------------------------------------------------

struct ConditionRow {
  const char* name;
  Arch arch;
  const char* call;
  Condition condition;
  std::array<uint64_t, 6> args;
  bool holds;
  const char* codes = "";
};

void PrintTo(const ConditionRow& row, std::ostream* out) { *out << row.name; }

class ConditionTest : public ::testing::TestWithParam<ConditionRow> {};

TEST_P(ConditionTest, HoldsAsTheKernelReadsTheArgument) {
  const ConditionRow& row = GetParam();
  Policy policy = make_policy({row.arch}, kKill);
  policy.rules = {on(row.call, kAllow, row.condition)};
  Result<ResolvedPolicy> resolved = resolve(policy, {});
  ASSERT_TRUE(resolved) << codes(resolved.diagnostics());
  EXPECT_EQ(codes(resolved.warnings()), row.codes);
  Call call = call_of(row.arch, nr(row.call, row.arch));
  call.args = row.args;
  call.instruction_pointer = 0x7fff00000000;
  EXPECT_EQ(evaluate(*resolved, call).action, row.holds ? kAllow : kKill);
}

constexpr uint64_t kGarbage = 0x7700000000000000;
using Op = CompareOp;
using Args = std::array<uint64_t, 6>;

INSTANTIATE_TEST_SUITE_P(
    Widths, ConditionTest,
    ::testing::Values(
        ConditionRow{
            "garbage_above_32_bits_is_ignored", Arch::x86_64, "socket", equals("family", 2), {kGarbage | 2}, true},
        ConditionRow{"raw_compares_all_64_bits", Arch::x86_64, "socket", equals("raw:arg0", 2), {kGarbage | 2}, false},
        ConditionRow{"raw_holds_without_garbage", Arch::x86_64, "socket", equals("raw:arg0", 2), {2}, true},
        ConditionRow{
            "raw_is_the_low_word_on_32_bit_abis", Arch::i386, "kill", equals("raw:arg0", 2), {kGarbage | 2}, true},
        ConditionRow{
            "a_mode_has_16_bits", Arch::x86_64, "openat", equals("mode", 0644), {0, 0, 0, 0xabcd0000 | 0644}, true},
        ConditionRow{
            "a_slot_takes_the_prototypes_width", Arch::x86_64, "socket", equals("arg0", 2), {kGarbage | 2}, true},
        ConditionRow{"a_long_has_64_bits", Arch::x86_64, "lseek", equals("offset", 2), {0, kGarbage | 2}, false},
        ConditionRow{
            "a_long_has_32_bits_on_a_32_bit_abi", Arch::i386, "lseek", equals("offset", 2), {0, kGarbage | 2}, true},
        ConditionRow{"clone_flags_are_truncated_by_the_kernel",
                     Arch::x86_64,
                     "clone",
                     equals("clone_flags", 17),
                     {kGarbage | 17},
                     true},
        ConditionRow{
            "clone_flags_are_argument_1_on_s390x", Arch::s390x, "clone", equals("clone_flags", 17), {0, 17}, true},
        ConditionRow{
            "the_instruction_pointer_has_64_bits", Arch::x86_64, "read", equals("ip", 0x7fff00000000), {}, true},
        ConditionRow{"the_instruction_pointer_differs", Arch::x86_64, "read", equals("ip", 0x7fff00000001), {}, false}),
    [](const auto& row) { return std::string(row.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Values, ConditionTest,
    ::testing::Values(
        ConditionRow{"minus_one_is_all_ones_in_the_width",
                     Arch::x86_64,
                     "close",
                     equals("fd", minus(number(1))),
                     {0xffffffff},
                     true},
        ConditionRow{
            "minus_one_is_64_ones_raw", Arch::x86_64, "close", equals("raw:fd", minus(number(1))), {0xffffffff}, false},
        ConditionRow{
            "minus_100_is_AT_FDCWD", Arch::x86_64, "openat", equals("dfd", minus(number(100))), {0xffffff9c}, true},
        ConditionRow{
            "AT_FDCWD_zero_extended", Arch::x86_64, "openat", equals("dfd", name("AT_FDCWD")), {0xffffff9c}, true},
        ConditionRow{
            "AT_FDCWD_sign_extended", Arch::x86_64, "openat", equals("dfd", name("AT_FDCWD")), {~uint64_t{99}}, true},
        ConditionRow{"AT_FDCWD_on_i386", Arch::i386, "openat", equals("dfd", name("AT_FDCWD")), {0xffffff9c}, true},
        ConditionRow{"constants_are_the_abis",
                     Arch::arm64,
                     "openat",
                     equals("flags", name("O_DIRECTORY")),
                     {0, 0, 0x4000},
                     true},
        ConditionRow{"constants_of_another_abi_do_not_count",
                     Arch::x86_64,
                     "openat",
                     equals("flags", name("O_DIRECTORY")),
                     {0, 0, 0x4000},
                     false},
        ConditionRow{"complement_is_in_the_width",
                     Arch::x86_64,
                     "socket",
                     equals("type", complement_of(number(0))),
                     {0, 0xffffffff},
                     true},
        ConditionRow{"masked_bits_are_compared",
                     Arch::x86_64,
                     "openat",
                     test("flags", Op::eq, {number(0)}, name("O_ACCMODE")),
                     {0, 0, 0x80000},
                     true},
        ConditionRow{"masked_bits_differ",
                     Arch::x86_64,
                     "openat",
                     test("flags", Op::eq, {number(0)}, name("O_ACCMODE")),
                     {0, 0, 0x80001},
                     false},
        ConditionRow{"a_complement_as_mask",
                     Arch::x86_64,
                     "socket",
                     test("type", Op::eq, {number(0)}, complement_of(number(0xff))),
                     {0, 0xfe},
                     true},
        ConditionRow{"less_than_is_unsigned",
                     Arch::x86_64,
                     "read",
                     test("count", Op::lt, {number(5)}),
                     {0, 0, UINT64_MAX},
                     false},
        ConditionRow{
            "a_range_includes_its_ends", Arch::x86_64, "close", in_range("fd", number(3), number(5)), {5}, true},
        ConditionRow{
            "a_range_excludes_what_is_beside", Arch::x86_64, "close", in_range("fd", number(3), number(5)), {6}, false},
        ConditionRow{"in_a_set", Arch::x86_64, "close", test("fd", Op::in, {number(3), number(9)}), {9}, true},
        ConditionRow{"not_in_a_set", Arch::x86_64, "close", test("fd", Op::in, {number(3), number(9)}), {4}, false},
        ConditionRow{"negation", Arch::x86_64, "close", joined(Condition::Kind::none, {equals("fd", 3)}), {3}, false},
        ConditionRow{
            "negation_of_a_conjunction",
            Arch::x86_64,
            "read",
            joined(Condition::Kind::none, {joined(Condition::Kind::all, {equals("fd", 3), equals("count", 1)})}),
            {3, 0, 2},
            true},
        ConditionRow{"either",
                     Arch::x86_64,
                     "read",
                     joined(Condition::Kind::any, {equals("fd", 3), equals("count", 1)}),
                     {4, 0, 1},
                     true},
        ConditionRow{"a_pointer_is_null", Arch::x86_64, "openat", equals("filename", 0), {0, 0}, true},
        ConditionRow{"a_pointer_is_not_null",
                     Arch::x86_64,
                     "openat",
                     test("filename", Op::ne, {number(0)}),
                     {0, 1ull << 40},
                     true},
        ConditionRow{"the_least_number_of_the_width",
                     Arch::x86_64,
                     "close",
                     equals("fd", minus(number(0x80000000))),
                     {0x80000000},
                     true},
        ConditionRow{
            "minus_of_a_complement", Arch::x86_64, "close", equals("fd", minus(complement_of(number(4)))), {5}, true},
        ConditionRow{"minus_zero", Arch::x86_64, "close", equals("fd", minus(number(0))), {0}, true},
        ConditionRow{"a_complement_of_many_bits_as_mask",
                     Arch::x86_64,
                     "ioctl",
                     test("cmd", Op::eq, {number(5)}, complement_of(number(0xffffffffffffff00))),
                     {0, 0x1205},
                     true},
        ConditionRow{"a_complement_of_many_bits_as_value",
                     Arch::x86_64,
                     "ioctl",
                     equals("cmd", complement_of(number(0xffffffffffffff00))),
                     {0, 0xff},
                     true},
        ConditionRow{"AT_FDCWD_raw_is_sign_extended",
                     Arch::x86_64,
                     "openat",
                     equals("raw:dfd", name("AT_FDCWD")),
                     {~uint64_t{99}},
                     true},
        ConditionRow{"AT_FDCWD_raw_zero_extended_differs",
                     Arch::x86_64,
                     "openat",
                     equals("raw:dfd", name("AT_FDCWD")),
                     {0xffffff9c},
                     false},
        ConditionRow{
            "AT_FDCWD_raw_on_i386", Arch::i386, "openat", equals("raw:dfd", name("AT_FDCWD")), {0xffffff9c}, true},
        ConditionRow{"KEY_SPEC_raw_is_sign_extended",
                     Arch::x86_64,
                     "keyctl",
                     equals("raw:arg1", name("KEY_SPEC_USER_KEYRING")),
                     {0, ~uint64_t{3}},
                     true},
        ConditionRow{"bit_31_of_an_int_is_its_sign",
                     Arch::x86_64,
                     "mount",
                     equals("raw:arg3", name("MS_NOUSER")),
                     {0, 0, 0, 0xffffffff80000000},
                     true},
        ConditionRow{"bit_31_of_an_unsigned_is_not",
                     Arch::x86_64,
                     "clone",
                     equals("raw:arg0", name("CLONE_IO")),
                     {0x80000000},
                     true},
        ConditionRow{"a_slot_with_a_pointer_is_null", Arch::x86_64, "openat", equals("arg1", 0), {0, 0}, true},
        ConditionRow{
            "a_raw_slot_with_a_pointer_can_be_compared", Arch::x86_64, "openat", equals("raw:arg1", 5), {0, 5}, true}),
    [](const auto& row) { return std::string(row.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Folds, ConditionTest,
    ::testing::Values(ConditionRow{"a_value_too_wide_never_equals",
                                   Arch::x86_64,
                                   "socket",
                                   equals("family", 0x100000002),
                                   {2},
                                   false,
                                   "value-too-wide"},
                      ConditionRow{"a_value_too_wide_always_differs",
                                   Arch::x86_64,
                                   "socket",
                                   test("family", Op::ne, {number(0x100000002)}),
                                   {2},
                                   true,
                                   "value-too-wide"},
                      ConditionRow{"a_value_too_wide_is_greater_than_all",
                                   Arch::x86_64,
                                   "close",
                                   test("fd", Op::lt, {number(0x100000000)}),
                                   {0xffffffff},
                                   true,
                                   "value-too-wide"},
                      ConditionRow{"a_range_reaches_beyond_the_width",
                                   Arch::i386,
                                   "sendfile64",
                                   in_range("count", number(5), number(0x100000000)),
                                   {0, 0, 0, 0xffffffff},
                                   true,
                                   "value-too-wide"},
                      ConditionRow{"a_literal_is_not_taken_as_sign_extended",
                                   Arch::x86_64,
                                   "openat",
                                   equals("dfd", ~uint64_t{99}),
                                   {0xffffff9c},
                                   false,
                                   "value-too-wide"},
                      ConditionRow{"a_negative_number_too_wide_never_equals",
                                   Arch::x86_64,
                                   "personality",
                                   equals("arg0", minus(number(4294967295))),
                                   {1},
                                   false,
                                   "value-too-wide"},
                      ConditionRow{"a_negative_number_too_wide_always_differs",
                                   Arch::x86_64,
                                   "personality",
                                   test("arg0", Op::ne, {minus(number(0x80000001))}),
                                   {0x7fffffff},
                                   true,
                                   "value-too-wide"},
                      ConditionRow{"a_negative_number_too_wide_for_64_bits",
                                   Arch::x86_64,
                                   "lseek",
                                   equals("offset", minus(number(UINT64_MAX))),
                                   {0, 1},
                                   false,
                                   "value-too-wide"},
                      ConditionRow{"a_range_to_a_negative_number_too_wide",
                                   Arch::x86_64,
                                   "lseek",
                                   in_range("offset", number(2), minus(number(UINT64_MAX))),
                                   {0, UINT64_MAX},
                                   true,
                                   "signed-comparison value-too-wide"},
                      ConditionRow{"a_mask_of_a_negative_number_too_wide",
                                   Arch::x86_64,
                                   "personality",
                                   test("arg0", Op::eq, {number(1)}, minus(number(4294967295))),
                                   {3},
                                   true,
                                   "value-too-wide"},
                      ConditionRow{"a_mask_too_wide",
                                   Arch::x86_64,
                                   "socket",
                                   test("type", Op::eq, {number(1)}, number(0xf0000000f)),
                                   {0, 1},
                                   true,
                                   "value-too-wide"},
                      ConditionRow{"a_value_outside_the_mask_is_never_met",
                                   Arch::x86_64,
                                   "socket",
                                   test("type", Op::eq, {number(0x10)}, number(0xf)),
                                   {0, 0x10},
                                   false,
                                   "never-true"},
                      ConditionRow{"a_value_outside_the_mask_always_differs",
                                   Arch::x86_64,
                                   "socket",
                                   test("type", Op::ne, {number(0x10)}, number(0xf)),
                                   {0, 0x10},
                                   true,
                                   "always-true"},
                      ConditionRow{"nothing_under_mask_zero_but_zero",
                                   Arch::x86_64,
                                   "socket",
                                   test("type", Op::eq, {number(0)}, number(0)),
                                   {0, 7},
                                   true,
                                   "always-true"},
                      ConditionRow{"unsigned_is_never_below_zero",
                                   Arch::x86_64,
                                   "close",
                                   test("fd", Op::lt, {number(0)}),
                                   {0},
                                   false,
                                   "never-true"},
                      ConditionRow{"together_never",
                                   Arch::x86_64,
                                   "close",
                                   joined(Condition::Kind::all, {equals("fd", 1), equals("fd", 2)}),
                                   {1},
                                   false,
                                   "never-true"},
                      ConditionRow{"together_always",
                                   Arch::x86_64,
                                   "close",
                                   joined(Condition::Kind::any, {equals("fd", 1), test("fd", Op::ne, {number(1)})}),
                                   {7},
                                   true,
                                   "always-true"},
                      ConditionRow{"order_on_a_signed_parameter",
                                   Arch::x86_64,
                                   "kill",
                                   test("sig", Op::lt, {number(5)}),
                                   {1, 4},
                                   true,
                                   "signed-comparison"},
                      ConditionRow{"a_range_across_the_sign",
                                   Arch::x86_64,
                                   "kill",
                                   in_range("sig", number(1), minus(number(1))),
                                   {1, 0x80000000},
                                   true,
                                   "signed-comparison"},
                      ConditionRow{"a_range_on_one_side_of_the_sign",
                                   Arch::x86_64,
                                   "kill",
                                   in_range("sig", number(1), number(64)),
                                   {1, 9},
                                   true},
                      ConditionRow{"order_on_masked_bits_without_the_sign",
                                   Arch::x86_64,
                                   "openat",
                                   test("flags", Op::lt, {number(2)}, number(3)),
                                   {0, 0, 1},
                                   true},
                      ConditionRow{"a_slot_beyond_the_prototype",
                                   Arch::x86_64,
                                   "close",
                                   equals("arg3", 1),
                                   {0, 0, 0, 1},
                                   true,
                                   "beyond-prototype"}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace cordon::policy
