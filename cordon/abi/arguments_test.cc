#include "cordon/abi/arguments.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "cordon/abi/syscalls.h"

namespace cordon {
namespace {

static_assert(abi::find_argument("openat", "flags", Arch::x86_64).argument->slot == 2);
static_assert(abi::find_argument("clone", "clone_flags", Arch::s390x).argument->slot == 1);
static_assert(!abi::find_argument("mmap", "prot", Arch::i386).argument);
// Alike: a descriptor, a pointer and a size. Not alike: one of them longer, signed, elsewhere or unknown.
static_assert(abi::slots_in_one_number("read", Arch::x86_64) == abi::slots_in_one_number("write", Arch::x86_64));
static_assert(abi::slots_in_one_number("read", Arch::x86_64) != abi::slots_in_one_number("pread64", Arch::x86_64));
static_assert(abi::slots_in_one_number("read", Arch::x86_64) != abi::slots_in_one_number("read", Arch::i386));
static_assert(abi::slots_in_one_number("no_such_call", Arch::x86_64) == abi::slots_in_one_number({}, Arch::arm));
static_assert(abi::slots_in_one_number("no_such_call", Arch::x86_64) != 0);

struct SlotRow {
  std::string_view syscall;
  std::string_view argument;
  Arch arch;
  int slot;  // -1: known, but not in a slot
  int bits;
};

constexpr int kHidden = -1;

void check(const SlotRow& row) {
  abi::ArgumentLookup lookup = abi::find_argument(row.syscall, row.argument, row.arch);
  std::string where = std::string(row.syscall) + "(" + std::string(row.argument) + ") on ";
  where += abi::name(row.arch);
  if (row.slot == kHidden) {
    EXPECT_FALSE(lookup.argument.has_value()) << where;
    EXPECT_EQ(lookup.absence, abi::ArgumentAbsence::not_in_slots) << where;
    return;
  }
  ASSERT_TRUE(lookup.argument.has_value()) << where;
  EXPECT_EQ(lookup.argument->slot, row.slot) << where;
  EXPECT_EQ(lookup.argument->bits, row.bits) << where;
}

TEST(Arguments, AreAsWideAsTheKernelReadsThem) {
  const SlotRow rows[] = {
      {"openat", "dfd", Arch::x86_64, 0, 32},
      {"openat", "filename", Arch::x86_64, 1, 64},
      {"openat", "mode", Arch::x86_64, 3, 16},
      {"read", "count", Arch::x86_64, 2, 64},
      {"read", "count", Arch::i386, 2, 32},
      {"read", "count", Arch::x32, 2, 64},
      {"read", "count", Arch::mips64n32, 2, 64},
      {"openat", "mode", Arch::i386, 3, 16},
      {"ioctl", "cmd", Arch::x86_64, 1, 32},
      {"ioctl", "arg", Arch::x86_64, 2, 64},
      {"fcntl", "cmd", Arch::x86_64, 1, 32},
      {"prctl", "option", Arch::x86_64, 0, 32},
      {"prctl", "arg1", Arch::x86_64, 1, 64},
      {"ptrace", "request", Arch::x86_64, 0, 64},
      {"ptrace", "pid", Arch::x86_64, 1, 32},
      {"clone", "clone_flags", Arch::x86_64, 0, 32},
      {"mmap", "fd", Arch::x86_64, 4, 32},
      {"mmap", "prot", Arch::x86_64, 2, 64},
      {"writev", "fd", Arch::x86_64, 0, 32},
      {"preadv2", "fd", Arch::arm64, 0, 32},
      {"unshare", "unshare_flags", Arch::x86_64, 0, 64},
  };
  for (const SlotRow& row : rows) check(row);
}

TEST(Arguments, OfCallsOnlySomeAbisHave) {
  const SlotRow rows[] = {
      {"socketcall", "call", Arch::i386, 0, 32},
      {"socketcall", "args", Arch::i386, 1, 32},
      {"ipc", "call", Arch::ppc64, 0, 32},
      {"ipc", "ptr", Arch::i386, 4, 32},
      {"ipc", "fifth", Arch::i386, 5, 32},
      {"ipc", "fifth", Arch::s390x, kHidden, 0},
      {"mmap2", "prot", Arch::i386, 2, 32},
      {"mmap2", "prot", Arch::s390, kHidden, 0},
      {"fcntl64", "cmd", Arch::i386, 1, 32},
      {"_llseek", "whence", Arch::i386, 4, 32},
      {"waitpid", "options", Arch::i386, 2, 32},
      {"futex_time64", "op", Arch::arm, 1, 32},
      {"clock_nanosleep_time64", "flags", Arch::i386, 1, 32},
      {"fstatat64", "flag", Arch::arm, 3, 32},
      {"send", "flags", Arch::arm, 3, 32},
      {"riscv_hwprobe", "flags", Arch::riscv64, 4, 32},
  };
  for (const SlotRow& row : rows) check(row);
}

TEST(Arguments, MoveWhereAnAbiOrdersThemDifferently) {
  const SlotRow rows[] = {
      {"clone", "newsp", Arch::x86_64, 1, 64},
      {"clone", "child_tidptr", Arch::x86_64, 3, 64},
      {"clone", "tls", Arch::x86_64, 4, 64},
      {"clone", "newsp", Arch::s390x, 0, 64},
      {"clone", "clone_flags", Arch::s390x, 1, 32},
      {"clone", "clone_flags", Arch::s390, 1, 32},
      {"clone", "child_tidptr", Arch::s390x, 3, 64},
      {"clone", "tls", Arch::i386, 3, 32},
      {"clone", "child_tidptr", Arch::i386, 4, 32},
      {"clone", "tls", Arch::arm64, 3, 64},
      {"clone", "tls", Arch::riscv64, 3, 64},
      {"clone", "tls", Arch::loongarch64, 4, 64},
      {"clone", "tls", Arch::m68k, 4, 32},
      {"clone", "tls", Arch::ppc64le, 3, 64},
      {"rt_sigaction", "sigsetsize", Arch::x86_64, 3, 64},
      {"rt_sigaction", "sigsetsize", Arch::sparc64, 4, 64},
      {"rt_sigaction", "sigsetsize", Arch::alpha, 3, 64},
      {"sync_file_range", "flags", Arch::x86_64, 3, 32},
      {"sync_file_range2", "flags", Arch::ppc, 1, 32},
      {"arm_fadvise64_64", "advice", Arch::arm, 1, 32},
      {"fadvise64_64", "advice", Arch::ppc, 1, 32},
  };
  for (const SlotRow& row : rows) check(row);
}

TEST(Arguments, AreHiddenInMemoryBehindOnePointer) {
  for (Arch arch : {Arch::i386, Arch::s390, Arch::s390x, Arch::m68k}) {
    for (std::string_view name : {"addr", "len", "prot", "flags", "fd", "off"}) check({"mmap", name, arch, kHidden, 0});
    check({"mmap", "args", arch, 0, abi::info(arch).word_bits});
    EXPECT_EQ(abi::argument_count("mmap", arch), 1u);
    EXPECT_TRUE(abi::argument_at("mmap", 0, arch)->is_pointer);
  }
  check({"mmap", "prot", Arch::ppc, 2, 32});
  check({"select", "n", Arch::i386, kHidden, 0});
  check({"select", "n", Arch::x86_64, 0, 32});
  check({"_newselect", "n", Arch::i386, 0, 32});
  check({"mmap", "args", Arch::x86_64, kHidden, 0});
}

TEST(Arguments, AreHiddenWhereAbisSplitThem) {
  const SlotRow rows[] = {
      {"pread64", "pos", Arch::x86_64, 3, 64},         {"pread64", "pos", Arch::x32, 3, 64},
      {"pread64", "pos", Arch::mips64n32, 3, 64},      {"pread64", "pos", Arch::i386, kHidden, 0},
      {"pread64", "count", Arch::i386, 2, 32},         {"truncate64", "length", Arch::arm, kHidden, 0},
      {"readahead", "count", Arch::x86_64, 2, 64},     {"readahead", "count", Arch::i386, 3, 32},
      {"readahead", "count", Arch::mips, 4, 32},       {"readahead", "count", Arch::riscv32, 3, 32},
      {"fadvise64", "len", Arch::i386, 3, 32},         {"fadvise64", "advice", Arch::i386, 4, 32},
      {"fadvise64", "len", Arch::ppc, 4, 32},          {"fadvise64", "advice", Arch::ppc, 5, 32},
      {"fadvise64", "advice", Arch::mips, kHidden, 0}, {"fadvise64", "advice", Arch::mips64, 3, 32},
      {"fadvise64_64", "advice", Arch::i386, 5, 32},   {"fadvise64_64", "advice", Arch::s390, kHidden, 0},
      {"sync_file_range", "flags", Arch::i386, 5, 32}, {"sync_file_range", "flags", Arch::mips, kHidden, 0},
      {"fallocate", "mode", Arch::i386, 1, 32},        {"fallocate", "len", Arch::i386, kHidden, 0},
      {"fanotify_mark", "dfd", Arch::x86_64, 3, 32},   {"fanotify_mark", "dfd", Arch::i386, 4, 32},
      {"fanotify_mark", "dfd", Arch::arm, 4, 32},      {"fanotify_mark", "mask", Arch::arm, kHidden, 0},
      {"preadv", "pos_h", Arch::i386, 4, 32},          {"preadv2", "flags", Arch::i386, 5, 32},
  };
  for (const SlotRow& row : rows) check(row);
  EXPECT_FALSE(abi::argument_at("pread64", 3, Arch::i386).has_value()) << "half of a value is no argument";
  EXPECT_EQ(abi::argument_count("pread64", Arch::x86_64), 4u);
  EXPECT_EQ(abi::argument_count("pread64", Arch::i386), 5u);
  EXPECT_EQ(abi::argument_count("pread64", Arch::arm), 6u);
  EXPECT_EQ(abi::argument_count("pread64", Arch::sh), 6u);
}

TEST(Arguments, OfOldIdCallsHaveSixteenBits) {
  const SlotRow rows[] = {
      {"setuid", "uid", Arch::i386, 0, 16},     {"setuid", "uid", Arch::arm, 0, 16},
      {"setuid", "uid", Arch::x86_64, 0, 32},   {"setuid", "uid", Arch::mips, 0, 32},
      {"setuid32", "uid", Arch::i386, 0, 32},   {"chown", "group", Arch::m68k, 2, 16},
      {"setuid", "uid", Arch::sparc64, 0, 32},  {"setuid", "uid", Arch::s390x, 0, 32},
      {"setresgid", "egid", Arch::s390, 1, 16},
  };
  for (const SlotRow& row : rows) check(row);
}

TEST(Aliases, StandForThePrototypesName) {
  const SlotRow rows[] = {
      {"clone", "flags", Arch::x86_64, 0, 32},       {"clone", "flags", Arch::s390x, 1, 32},
      {"openat", "dirfd", Arch::x86_64, 0, 32},      {"openat", "fd", Arch::x86_64, 0, 32},
      {"openat", "pathname", Arch::x86_64, 1, 64},   {"mkdir", "path", Arch::x86_64, 0, 64},
      {"socket", "domain", Arch::x86_64, 0, 32},     {"bind", "sockfd", Arch::x86_64, 0, 32},
      {"fcntl", "op", Arch::x86_64, 1, 32},          {"ioctl", "request", Arch::x86_64, 1, 32},
      {"unlinkat", "flags", Arch::x86_64, 2, 32},    {"mmap", "length", Arch::x86_64, 1, 64},
      {"mmap", "length", Arch::i386, kHidden, 0},    {"wait4", "pid", Arch::x86_64, 0, 32},
      {"renameat", "olddirfd", Arch::x86_64, 0, 32}, {"fchmodat", "dirfd", Arch::arm64, 0, 32},
  };
  for (const SlotRow& row : rows) check(row);
}

TEST(Arguments, WithAWrongNameAreUnknown) {
  struct Row {
    std::string_view syscall;
    std::string_view argument;
  };
  const Row rows[] = {{"openat", "flag"},    {"openat", ""},         {"openat", "Flags"},     {"getpid", "pid"},
                      {"uselib", "library"}, {"no_such_call", "fd"}, {"pidfd_getfd", "dirfd"}};
  for (const Row& row : rows) {
    abi::ArgumentLookup lookup = abi::find_argument(row.syscall, row.argument, Arch::x86_64);
    EXPECT_FALSE(lookup.argument.has_value()) << row.syscall << " " << row.argument;
    EXPECT_EQ(lookup.absence, abi::ArgumentAbsence::unknown_name) << row.syscall << " " << row.argument;
  }
}

TEST(ArgumentAt, GivesNameTypeAndSign) {
  std::optional<abi::Argument> argument = abi::argument_at("openat", 0, Arch::x86_64);
  ASSERT_TRUE(argument.has_value());
  EXPECT_EQ(argument->name, "dfd");
  EXPECT_EQ(argument->type, "int");
  EXPECT_TRUE(argument->is_signed);
  EXPECT_FALSE(argument->is_pointer);
  EXPECT_TRUE(abi::argument_at("openat", 1, Arch::x86_64)->is_pointer);
  EXPECT_FALSE(abi::argument_at("read", 0, Arch::x86_64)->is_signed);
  EXPECT_TRUE(abi::argument_at("lseek", 1, Arch::x86_64)->is_signed);
  EXPECT_TRUE(abi::argument_at("capset", 0, Arch::x86_64)->is_pointer);
  EXPECT_FALSE(abi::argument_at("openat", 4, Arch::x86_64).has_value());
  EXPECT_FALSE(abi::argument_at("getpid", 0, Arch::x86_64).has_value());
  EXPECT_EQ(abi::argument_at("clone", 1, Arch::s390x)->name, "clone_flags");
}

TEST(ArgumentCount, IsSixWhereThePrototypeIsNotKnown) {
  EXPECT_EQ(abi::argument_count("openat", Arch::x86_64), 4u);
  EXPECT_EQ(abi::argument_count("getpid", Arch::x86_64), 0u);
  EXPECT_EQ(abi::argument_count("uselib", Arch::x86_64), 6u);
  EXPECT_EQ(abi::argument_count("no_such_call", Arch::x86_64), 6u);
}

TEST(ArgumentNames, AreThoseOfEveryAbi) {
  std::span<const std::string_view> names = abi::argument_names("mmap");
  EXPECT_NE(std::find(names.begin(), names.end(), "prot"), names.end());
  EXPECT_NE(std::find(names.begin(), names.end(), "args"), names.end());
  EXPECT_TRUE(abi::argument_names("getpid").empty());
  EXPECT_TRUE(abi::argument_names("no_such_call").empty());
}

// Every argument of every call on every ABI: two never share a register, and names lead back to slots.
TEST(Arguments, AreConsistentEverywhere) {
  for (const abi::ArchInfo& info : abi::arches()) {
    for (std::string_view syscall : abi::syscall_names()) {
      unsigned count = abi::argument_count(syscall, info.arch);
      ASSERT_LE(count, 6u) << syscall;
      for (unsigned slot = 0; slot < 6; ++slot) {
        std::optional<abi::Argument> argument = abi::argument_at(syscall, slot, info.arch);
        if (!argument) continue;
        EXPECT_LT(slot, count) << syscall << " on " << info.name;
        EXPECT_EQ(argument->slot, slot) << syscall << " on " << info.name;
        EXPECT_TRUE(argument->bits == 16 || argument->bits == 32 || argument->bits == 64) << syscall;
        EXPECT_LE(argument->bits, info.word_bits) << syscall << " on " << info.name;
        EXPECT_TRUE(!argument->is_pointer || argument->bits == info.word_bits) << syscall << " on " << info.name;
        abi::ArgumentLookup back = abi::find_argument(syscall, argument->name, info.arch);
        ASSERT_TRUE(back.argument.has_value()) << syscall << " " << argument->name;
        EXPECT_EQ(back.argument->slot, slot) << syscall << " " << argument->name;
      }
    }
  }
}

}  // namespace
}  // namespace cordon
