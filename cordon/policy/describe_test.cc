#include "cordon/policy/describe.h"

#include <gtest/gtest.h>

#include "cordon/abi/syscalls.h"
#include "cordon/policy/condition_algebra.h"
#include "cordon/policy/intervals.h"
#include "cordon/policy/testing.h"

namespace cordon::policy {

using namespace testing;  // NOLINT: builders only

namespace {

struct CallRow {
  const char* name;
  Arch arch;
  const char* call;
  std::array<uint64_t, 6> args;
  const char* expected;
};

void PrintTo(const CallRow& row, std::ostream* out) { *out << row.name; }

class DescribeCallTest : public ::testing::TestWithParam<CallRow> {};

TEST_P(DescribeCallTest, NamesArgumentsAndConstants) {
  const CallRow& row = GetParam();
  Call call = call_of(row.arch, abi::number_of(row.call, row.arch).value());
  call.args = row.args;
  std::string expected = row.expected;
  if (row.arch != abi::native_arch()) {
    expected.insert(expected.find('('), "@" + std::string(abi::name(row.arch)));
  }
  EXPECT_EQ(describe_call(call), expected);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, DescribeCallTest,
    ::testing::Values(
        CallRow{"flags_and_access_mode",
                Arch::x86_64,
                "openat",
                {0xffffff9c, 0x7fff1000, 0x80000, 0},
                "openat(dfd=AT_FDCWD, filename=0x7fff1000, flags=O_RDONLY|O_CLOEXEC, mode=0)"},
        CallRow{"zero_is_an_access_mode",
                Arch::x86_64,
                "openat",
                {3, 0, 0, 0644},
                "openat(dfd=3, filename=NULL, flags=O_RDONLY, mode=0644)"},
        CallRow{"garbage_above_the_width_is_not_shown",
                Arch::x86_64,
                "socket",
                {0x770000000000000a, 0x80001, 0},
                "socket(family=AF_INET6, type=SOCK_STREAM|SOCK_CLOEXEC, protocol=IPPROTO_IP)"},
        CallRow{"an_ioctl_command", Arch::x86_64, "ioctl", {1, 0x5401, 0x10}, "ioctl(fd=1, cmd=TCGETS, arg=16)"},
        CallRow{"a_negative_descriptor", Arch::x86_64, "close", {0xffffffff}, "close(fd=-1)"},
        CallRow{"a_foreign_abi", Arch::i386, "close", {3}, "close(fd=3)"},
        CallRow{"a_union_of_flags",
                Arch::x86_64,
                "mprotect",
                {0x1000, 8, 5},
                "mprotect(start=0x1000, len=8, prot=PROT_READ|PROT_EXEC)"},
        CallRow{
            "all_ones_are_no_union", Arch::x86_64, "personality", {0xffffffff}, "personality(personality=0xffffffff)"},
        CallRow{"flags_of_other_calls_at_zero",
                Arch::x86_64,
                "unlinkat",
                {0xffffff9c, 0x7000, 0},
                "unlinkat(dfd=AT_FDCWD, pathname=0x7000, flag=0)"},
        CallRow{"no_flags", Arch::x86_64, "mprotect", {0x2000, 8, 0}, "mprotect(start=0x2000, len=8, prot=PROT_NONE)"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(DescribeCallTest, NumbersWithoutNamesShowAllRegisters) {
  EXPECT_EQ(describe_call(call_of(Arch::x86_64, 9999, {1, 0x10})),
            "syscall_9999(arg0=0x1, arg1=0x10, arg2=0x0, arg3=0x0, arg4=0x0, arg5=0x0)");
  Call call;
  call.nr = 7;
  call.audit_arch = 0x12345678;
  EXPECT_EQ(describe_syscall(call), "syscall_7@0x12345678");
}

TEST(DescribeCallTest, OfAWholeCallNoRegisterIsLeftOut) {
  Call call = call_of(Arch::x86_64, *abi::number_of("close", Arch::x86_64), {0x100000003, 0, 0, 7});
  EXPECT_EQ(describe_call(call), "close(fd=3)");
  EXPECT_EQ(describe_whole_call(call), "close(raw(fd)=0x100000003, raw(arg3)=0x7)");
  call.args = {3};
  EXPECT_EQ(describe_whole_call(call), "close(fd=3)");
  call.instruction_pointer = 0x401000;
  EXPECT_EQ(describe_whole_call(call), "close(fd=3, ip=0x401000)");
}

struct ConditionRow {
  const char* name;
  const char* call;
  ResolvedCondition condition;
  const char* expected;
};

void PrintTo(const ConditionRow& row, std::ostream* out) { *out << row.name; }

ResolvedCondition in(uint8_t operand, uint64_t mask, std::vector<Interval> allowed) {
  return make_test(operand, mask, canonical(std::move(allowed), mask));
}

class DescribeConditionTest : public ::testing::TestWithParam<ConditionRow> {};

TEST_P(DescribeConditionTest, ReadsLikeThePolicyLanguage) {
  uint32_t number = abi::number_of(GetParam().call, Arch::x86_64).value();
  EXPECT_EQ(describe_condition(GetParam().condition, number, Arch::x86_64), GetParam().expected);
}

constexpr uint64_t kWord = 0xffffffff;

INSTANTIATE_TEST_SUITE_P(
    Rows, DescribeConditionTest,
    ::testing::Values(
        ConditionRow{"nothing_to_ask", "read", always(), "always"},
        ConditionRow{"nothing_to_hope", "read", never(), "never"},
        ConditionRow{"one_constant", "socket", in(0, kWord, {{2, 2}}), "family == AF_INET"},
        ConditionRow{"all_but_one", "socket", in(0, kWord, {{0, 37}, {39, kWord}}), "family != AF_ALG"},
        ConditionRow{"a_field", "openat", in(2, 3, {{0, 0}}), "flags & O_ACCMODE == O_RDONLY"},
        ConditionRow{"a_flag", "mprotect", in(2, 4, {{0, 0}}), "prot & PROT_EXEC == 0"},
        ConditionRow{"a_mask_of_two", "mprotect", in(2, 6, {{0, 0}}), "prot & (PROT_WRITE|PROT_EXEC) == 0"},
        ConditionRow{"all_bits", "socket", in(0, UINT64_MAX, {{2, 2}}), "raw(family) == AF_INET"},
        ConditionRow{"a_word_of_more_than_the_kernel_reads", "close", in(0, UINT64_MAX, {{kWord, kWord}}),
                     "raw(fd) == 0xffffffff"},
        ConditionRow{"a_negative_register", "close", in(0, UINT64_MAX, {{UINT64_MAX, UINT64_MAX}}), "raw(fd) == -1"},
        ConditionRow{"bits_above_what_is_read", "close", in(0, UINT64_MAX, {{0x180000000, 0x180000000}}),
                     "raw(fd) == 0x180000000"},
        ConditionRow{"no_more_than_what_is_read", "openat", in(0, UINT64_MAX, {{0, kWord}}), "raw(dfd) <= 0xffffffff"},
        ConditionRow{"the_working_directory_unextended", "openat", in(0, UINT64_MAX, {{0xffffff9c, 0xffffff9c}}),
                     "raw(dfd) == 0xffffff9c"},
        ConditionRow{"part_of_a_register", "lseek", in(2, 0x1ffffffff, {{1, 1}}),
                     "raw(whence) & ~(0xfffffffe00000000) == 0x1"},
        ConditionRow{"an_address", "read", in(1, UINT64_MAX, {{0, 7}}), "raw(arg1) <= 0x7"},
        ConditionRow{"bits_of_an_address", "read", in(1, 3, {{0, 0}}), "raw(arg1) & 0x3 == 0"},
        ConditionRow{"a_null_pointer", "read", in(1, UINT64_MAX, {{0, 0}}), "buf == NULL"},
        ConditionRow{"any_address", "read", in(1, UINT64_MAX, {{1, UINT64_MAX}}), "buf != NULL"},
        ConditionRow{"a_set", "close", in(0, kWord, {{1, 1}, {5, 7}}), "fd in {1, 5..7}"},
        ConditionRow{"below", "close", in(0, kWord, {{0, 7}}), "fd <= 7"},
        ConditionRow{"above", "close", in(0, kWord, {{3, kWord}}), "fd >= 3"},
        ConditionRow{"between", "close", in(0, kWord, {{3, 7}}), "fd in 3..7"},
        ConditionRow{"the_instruction_pointer", "close", in(6, UINT64_MAX, {{0x1000, 0x1000}}), "ip == 0x1000"},
        ConditionRow{"nested", "read",
                     any_of({in(0, kWord, {{1, 1}}), all_of({in(0, kWord, {{2, 2}}), in(2, UINT64_MAX, {{5, 5}})})}),
                     "fd == 1 || (fd == 2 && count == 5)"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(ActionTest, WordsComeAndGo) {
  for (ActionKind kind : {ActionKind::kill_process, ActionKind::kill_thread, ActionKind::trap, ActionKind::errno_,
                          ActionKind::notify, ActionKind::trace, ActionKind::log, ActionKind::allow})
    EXPECT_EQ(find_action_kind(keyword(kind)), kind);
  EXPECT_EQ(find_action_kind("kill"), std::nullopt);
  EXPECT_EQ(to_string(failing(1), Arch::x86_64), "errno EPERM");
  EXPECT_EQ(to_string(failing(89), Arch::mips), "errno ENOSYS");
  EXPECT_EQ(to_string(failing(0), Arch::x86_64), "errno 0");
  EXPECT_EQ(to_string({ActionKind::trap, 7}, Arch::x86_64), "trap 7");
  EXPECT_EQ(to_string({ActionKind::trace, 0}, Arch::x86_64), "trace");
}

struct RetRow {
  const char* name;
  uint32_t ret;
  Action action;
};

void PrintTo(const RetRow& row, std::ostream* out) { *out << row.name; }

class RetTest : public ::testing::TestWithParam<RetRow> {};

TEST_P(RetTest, MeansWhatTheKernelDoes) { EXPECT_EQ(from_ret(GetParam().ret), GetParam().action); }

INSTANTIATE_TEST_SUITE_P(Rows, RetTest,
                         ::testing::Values(RetRow{"errno_is_clamped", 0x0005ffff, failing(4095)},
                                           RetRow{"data_of_allow_is_dropped", 0x7fff0001, kAllow},
                                           RetRow{"data_of_trap_is_kept", 0x0003ffff, {ActionKind::trap, 0xffff}},
                                           RetRow{"unknown_below_trap_kills", 0x00010000, kKill},
                                           RetRow{"unknown_below_allow_kills", 0x7ffd0000, kKill},
                                           RetRow{"all_ones_kill", 0xffffffff, kKill},
                                           RetRow{"zero_kills_the_thread", 0, {ActionKind::kill_thread, 0}}),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace cordon::policy
