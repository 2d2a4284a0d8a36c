#include "cordon/abi/constants.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "cordon/abi/arguments.h"

namespace cordon {
namespace {

static_assert(abi::constant("O_DIRECTORY", Arch::arm64) == 0x4000);
static_assert(abi::errno_number("ENOSYS", Arch::mips) == 89);

struct ValueRow {
  std::string_view name;
  Arch arch;
  std::optional<uint64_t> value;
};

TEST(Constants, HaveTheValueOfTheTargetsAbi) {
  const ValueRow rows[] = {
      {"O_RDONLY", Arch::x86_64, 0},
      {"O_DIRECTORY", Arch::x86_64, 0x10000},
      {"O_DIRECTORY", Arch::arm64, 0x4000},
      {"O_DIRECTORY", Arch::arm, 0x4000},
      {"O_DIRECTORY", Arch::armeb, 0x4000},
      {"O_DIRECTORY", Arch::ppc64, 0x4000},
      {"O_DIRECTORY", Arch::m68k, 0x4000},
      {"O_NOFOLLOW", Arch::arm64, 0x8000},
      {"SIGSYS", Arch::x86_64, 31},
      {"SIGSYS", Arch::mipsel64n32, 12},
      {"SIGSYS", Arch::sparc, 12},
      {"SIGSYS", Arch::alpha, 12},
      {"SIG_BLOCK", Arch::x86_64, 0},
      {"SIG_BLOCK", Arch::mips, 1},
      {"SOL_SOCKET", Arch::parisc, 0xffff},
      {"SOCK_STREAM", Arch::x86_64, 1},
      {"SOCK_STREAM", Arch::mips, 2},
      {"SOCK_DGRAM", Arch::mipsel64, 1},
      {"SOCK_NONBLOCK", Arch::x86_64, 0x800},
      {"SOCK_NONBLOCK", Arch::mips, 0x80},
      {"SOCK_NONBLOCK", Arch::alpha, 0x40000000},
      {"SOCK_NONBLOCK", Arch::parisc, 0x40000000},
      {"SOCK_CLOEXEC", Arch::sparc64, 0x400000},
      {"AT_FDCWD", Arch::x86_64, 0xffffff9c},
      {"AT_FDCWD", Arch::arm64, 0xffffff9c},
      {"F_GETLK64", Arch::i386, 12},
      {"F_GETLK64", Arch::x86_64, std::nullopt},
      {"PTRACE_PEEKUSR_AREA", Arch::s390x, 0x5000},
      {"PTRACE_PEEKUSR_AREA", Arch::s390, 0x5000},
      {"MAP_32BIT", Arch::x86_64, 0x40},
      {"MAP_32BIT", Arch::i386, 0x40},
      {"MAP_32BIT", Arch::arm64, std::nullopt},
      {"PR_SET_PTRACER_ANY", Arch::x86_64, UINT64_MAX},
      {"PR_SET_PTRACER_ANY", Arch::i386, UINT32_MAX},
      {"TIOCSTI", Arch::x86_64, 0x5412},
      {"BLKGETSIZE64", Arch::i386, 0x80041272},
      {"BLKGETSIZE64", Arch::riscv32, 0x80041272},
      {"CLONE_NEWTIME", Arch::x86_64, 0x80},
      {"ENOTSUP", Arch::parisc, 252},
      {"POSIX_FADV_NOREUSE", Arch::s390x, 7},
      {"POSIX_FADV_NOREUSE", Arch::s390, 5},
      {"NO_SUCH_CONSTANT", Arch::x86_64, std::nullopt},
  };
  for (const ValueRow& row : rows)
    EXPECT_EQ(abi::constant(row.name, row.arch), row.value) << row.name << " on " << abi::name(row.arch);
}

TEST(Constants, AreSortedAndFoundByName) {
  std::span<const std::string_view> names = abi::constant_names();
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_GT(names.size(), 2500u);
  for (size_t i = 0; i < names.size(); ++i) {
    EXPECT_TRUE(abi::is_constant_name(names[i]));
    EXPECT_EQ(abi::constant_name(static_cast<uint16_t>(i)), names[i]);
  }
  EXPECT_FALSE(abi::is_constant_name("o_rdonly"));
  EXPECT_FALSE(abi::is_constant_name(""));
}

TEST(Errno, DiffersBetweenAbis) {
  struct Row {
    std::string_view name;
    Arch arch;
    std::optional<uint16_t> number;
  };
  const Row rows[] = {
      {"EPERM", Arch::x86_64, 1},
      {"ENOSYS", Arch::x86_64, 38},
      {"ENOSYS", Arch::mips, 89},
      {"ENOSYS", Arch::parisc, 251},
      {"ENOSYS", Arch::sparc64, 90},
      {"ENOSYS", Arch::alpha, 78},
      {"EWOULDBLOCK", Arch::x86_64, 11},
      {"EREMDEV", Arch::x86_64, std::nullopt},
      {"O_RDWR", Arch::x86_64, std::nullopt},
      {"EWHAT", Arch::x86_64, std::nullopt},
  };
  for (const Row& row : rows) EXPECT_EQ(abi::errno_number(row.name, row.arch), row.number) << row.name;
}

TEST(Errno, HasOnePreferredName) {
  EXPECT_EQ(abi::errno_symbol(11, Arch::x86_64), "EAGAIN");
  EXPECT_EQ(abi::errno_symbol(35, Arch::x86_64), "EDEADLK");
  EXPECT_EQ(abi::errno_symbol(74, Arch::x86_64), "EBADMSG");
  EXPECT_EQ(abi::errno_symbol(95, Arch::x86_64), "EOPNOTSUPP");
  EXPECT_EQ(abi::errno_symbol(117, Arch::x86_64), "EUCLEAN");
  EXPECT_EQ(abi::errno_symbol(89, Arch::mips), "ENOSYS");
  EXPECT_EQ(abi::errno_symbol(0, Arch::x86_64), "");
  EXPECT_EQ(abi::errno_symbol(4095, Arch::x86_64), "");
}

struct FitRow {
  std::string_view syscall;
  unsigned slot;
  std::vector<std::string> families;
};

TEST(Families, FitTheArgumentsTheyAreMeantFor) {
  const FitRow rows[] = {
      {"openat", 2, {"open_access", "open"}},
      {"openat", 0, {"at_fd"}},
      {"socket", 0, {"af"}},
      {"socket", 1, {"sock_type", "sock_flag"}},
      {"mmap", 2, {"prot"}},
      {"mmap", 3, {"map_type", "map_flag"}},
      {"clone", 0, {"clone_signal", "clone"}},
      {"unshare", 0, {"unshare", "namespace"}},
      {"fcntl", 1, {"fcntl"}},
      {"seccomp", 1, {"seccomp_flag"}},
      {"read", 0, {}},
      {"openat", 7, {}},
      {"no_such_call", 0, {}},
  };
  for (const FitRow& row : rows) {
    std::vector<std::string> found;
    for (uint8_t index : abi::families_for(row.syscall, row.slot)) found.emplace_back(abi::family(index).name);
    EXPECT_EQ(found, row.families) << row.syscall << " " << row.slot;
  }
  EXPECT_EQ(abi::family(abi::families_for("ioctl", 1)[0]).name, "ioctl_tty");
}

TEST(Families, NameAValueByItsPreferredMember) {
  struct Row {
    std::string_view family;
    uint64_t value;
    Arch arch;
    std::string_view name;
  };
  const Row rows[] = {
      {"af", 1, Arch::x86_64, "AF_UNIX"},
      {"af", 16, Arch::x86_64, "AF_NETLINK"},
      {"open", 0x800, Arch::x86_64, "O_NONBLOCK"},
      {"open", 0x4000, Arch::arm64, "O_DIRECTORY"},
      {"open_access", 3, Arch::x86_64, "O_ACCMODE"},
      {"open_access", 1, Arch::x86_64, "O_WRONLY"},
      {"sock_type", 15, Arch::x86_64, "SOCK_TYPE_MASK"},
      {"clone_signal", 255, Arch::x86_64, "CSIGNAL"},
      {"ioctl_tty", 0x5401, Arch::x86_64, "TCGETS"},
      {"ioctl_tty", 0, Arch::x86_64, ""},
      {"fcntl", 1, Arch::x86_64, "F_GETFD"},
      {"futex_op", 0, Arch::x86_64, "FUTEX_WAIT"},
      {"prctl", 1, Arch::x86_64, "PR_SET_PDEATHSIG"},
      {"prctl", 0x59616d61, Arch::x86_64, "PR_SET_PTRACER"},
      {"keyctl", 1, Arch::x86_64, "KEYCTL_JOIN_SESSION_KEYRING"},
      {"signal", 6, Arch::x86_64, "SIGABRT"},
      {"sock_type", 1, Arch::mips, "SOCK_DGRAM"},
      {"sched_policy", 0, Arch::x86_64, "SCHED_NORMAL"},
      {"wait", 2, Arch::x86_64, "WUNTRACED"},
  };
  for (const Row& row : rows) {
    std::optional<uint8_t> family = abi::find_family(row.family);
    ASSERT_TRUE(family.has_value()) << row.family;
    EXPECT_EQ(abi::constant_for_value(*family, row.value, row.arch), row.name) << row.family << " " << row.value;
  }
  EXPECT_FALSE(abi::find_family("no such family").has_value());
}

TEST(Families, KnowTheFieldsAmongTheirFlags) {
  EXPECT_EQ(abi::family(*abi::find_family("open_access")).field_mask, *abi::constant("O_ACCMODE", Arch::x86_64));
  EXPECT_EQ(abi::family(*abi::find_family("sock_type")).field_mask, *abi::constant("SOCK_TYPE_MASK", Arch::x86_64));
  EXPECT_EQ(abi::family(*abi::find_family("clone_signal")).field_mask, *abi::constant("CSIGNAL", Arch::x86_64));
  EXPECT_EQ(abi::family(*abi::find_family("map_type")).field_mask, *abi::constant("MAP_TYPE", Arch::x86_64));
  EXPECT_EQ(abi::family(*abi::find_family("file_type")).field_mask, *abi::constant("S_IFMT", Arch::x86_64));
  EXPECT_EQ(abi::family(*abi::find_family("open")).use, abi::ConstantUse::flags);
  EXPECT_EQ(abi::family(*abi::find_family("af")).use, abi::ConstantUse::one_of);
}

// A member outside its family's field could never be recognised there.
TEST(Families, HaveOnlyMembersThatFitTheirField) {
  std::set<uint16_t> in_families;
  for (size_t index = 0; index < std::size(abi::tables::kFamilies); ++index) {
    auto id = static_cast<uint8_t>(index);
    const abi::ConstantFamily& family = abi::family(id);
    EXPECT_FALSE(abi::family_members(id).empty()) << family.name;
    for (uint16_t member : abi::family_members(id)) {
      in_families.insert(member);
      if (family.field_mask == 0 || family.use != abi::ConstantUse::one_of) continue;
      std::optional<uint64_t> value = abi::constant_value(member, Arch::x86_64);
      EXPECT_EQ(value.value_or(0) & ~family.field_mask, 0u) << family.name << " " << abi::constant_name(member);
    }
  }
  EXPECT_EQ(in_families.size(), abi::constant_names().size());
}

TEST(Families, FitOnlyArgumentsThatExist) {
  for (const abi::tables::FamilyFit& fit : abi::tables::kFamilyFits) {
    bool somewhere = false;
    for (const abi::ArchInfo& info : abi::arches()) {
      std::optional<abi::Argument> argument = abi::argument_at(fit.syscall, fit.slot, info.arch);
      somewhere = somewhere || (argument && !argument->is_pointer);
    }
    EXPECT_TRUE(somewhere) << fit.syscall << " " << int{fit.slot};
  }
}

TEST(Constants, KnowWhichAreNegativeInts) {
  EXPECT_TRUE(abi::is_negative_int("AT_FDCWD"));
  EXPECT_TRUE(abi::is_negative_int("MS_NOUSER"));
  EXPECT_FALSE(abi::is_negative_int("CLONE_IO"));
  EXPECT_FALSE(abi::is_negative_int("O_RDONLY"));
  EXPECT_FALSE(abi::is_negative_int("NO_SUCH_CONSTANT"));
}

}  // namespace
}  // namespace cordon
