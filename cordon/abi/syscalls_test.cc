#include "cordon/abi/syscalls.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string>

namespace cordon {
namespace {

static_assert(abi::number_of("openat", Arch::arm64) == 56);
static_assert(abi::name_of(257, Arch::x86_64) == "openat");
static_assert(abi::since("clone3") == KernelVersion{5, 3});

struct HeaderFile {
  const char* path;
  Arch arch;
  uint32_t base;
};

void PrintTo(const HeaderFile& row, std::ostream* out) { *out << row.path; }

struct HeaderLine {
  std::string name;
  uint32_t number;
};

// The lines "#define __NR_name 12" and "#define __NR_name (__X32_SYSCALL_BIT + 12)" of a unistd header.
std::vector<HeaderLine> numbers_in(const std::string& path, uint32_t base) {
  std::vector<HeaderLine> found;
  std::ifstream file(path);
  const std::string prefix = "#define __NR_";
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(prefix, 0) != 0) continue;
    size_t blank = line.find_first_of(" \t", prefix.size());
    size_t digits = line.find_last_not_of("0123456789)");
    if (blank == std::string::npos || digits == std::string::npos) continue;
    uint32_t number = 0;
    auto [end, error] = std::from_chars(line.data() + digits + 1, line.data() + line.size(), number);
    if (error == std::errc()) found.push_back({line.substr(prefix.size(), blank - prefix.size()), base + number});
  }
  return found;
}

class MachineHeader : public testing::TestWithParam<HeaderFile> {};

TEST_P(MachineHeader, GivesEveryCallTheSameNumber) {
  const HeaderFile& header = GetParam();
  std::vector<HeaderLine> lines = numbers_in(header.path, header.base);
  if (lines.empty()) GTEST_SKIP() << header.path << " is not on this machine";
  EXPECT_GT(lines.size(), 300u);
  for (const HeaderLine& line : lines) {
    EXPECT_EQ(abi::number_of(line.name, header.arch), line.number) << line.name;
    EXPECT_EQ(abi::name_of(line.number, header.arch), line.name) << line.number;
  }
}

INSTANTIATE_TEST_SUITE_P(Of, MachineHeader,
                         testing::Values(HeaderFile{"/usr/include/x86_64-linux-gnu/asm/unistd_64.h", Arch::x86_64, 0},
                                         HeaderFile{"/usr/include/x86_64-linux-gnu/asm/unistd_32.h", Arch::i386, 0},
                                         HeaderFile{"/usr/include/x86_64-linux-gnu/asm/unistd_x32.h", Arch::x32,
                                                    abi::kX32Bit}),
                         [](const auto& test) { return std::string(abi::name(test.param.arch)); });

struct NumberRow {
  std::string_view name;
  Arch arch;
  std::optional<uint32_t> number;
};

TEST(Syscalls, HaveTheNumbersTheKernelSees) {
  const NumberRow rows[] = {
      {"read", Arch::x86_64, 0},
      {"read", Arch::x32, 0x40000000},
      {"execve", Arch::x32, 0x40000000 + 520},
      {"exit", Arch::i386, 1},
      {"openat", Arch::arm64, 56},
      {"openat", Arch::mips, 4288},
      {"openat", Arch::mipsel, 4288},
      {"read", Arch::mips64, 5000},
      {"read", Arch::mips64n32, 6000},
      {"set_tls", Arch::arm, 0xf0005},
      {"set_tls", Arch::armeb, 0xf0005},
      {"memfd_secret", Arch::x86_64, 447},
      {"fchroot", Arch::x86_64, 472},
      {"file_setattr", Arch::s390, 469},
      {"fchroot", Arch::s390, std::nullopt},
      {"open", Arch::arm64, std::nullopt},
      {"accept", Arch::i386, std::nullopt},
      {"renameat", Arch::riscv64, std::nullopt},
      {"getrlimit", Arch::loongarch64, std::nullopt},
      {"arch_prctl", Arch::arm64, std::nullopt},
      {"no_such_call", Arch::x86_64, std::nullopt},
      {"", Arch::x86_64, std::nullopt},
  };
  for (const NumberRow& row : rows)
    EXPECT_EQ(abi::number_of(row.name, row.arch), row.number) << row.name << " on " << abi::name(row.arch);
}

TEST(Syscalls, AreNamedByNumberAndNumberedByName) {
  for (const abi::ArchInfo& info : abi::arches()) {
    ASSERT_GT(abi::syscall_count(info.arch), 300u) << info.name;
    for (size_t i = 0; i < abi::syscall_count(info.arch); ++i) {
      abi::NumberedName call = abi::syscall_at(info.arch, i);
      EXPECT_EQ(abi::name_of(call.number, info.arch), call.name) << info.name;
      EXPECT_EQ(abi::number_of(call.name, info.arch), call.number) << info.name;
      EXPECT_TRUE(i == 0 || abi::syscall_at(info.arch, i - 1).number < call.number) << info.name;
    }
  }
}

TEST(Syscalls, HaveNoNameInAHole) {
  EXPECT_EQ(abi::name_of(337, Arch::x86_64), "");
  EXPECT_EQ(abi::name_of(0xffffffff, Arch::x86_64), "");
  EXPECT_EQ(abi::name_of(0, Arch::mips), "");
  EXPECT_EQ(abi::name_of(0x40000000, Arch::x86_64), "");
}

TEST(SyscallNames, AreSortedAndKnown) {
  std::span<const std::string_view> names = abi::syscall_names();
  EXPECT_EQ(names.size(), 651u);
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  for (std::string_view name : names) EXPECT_TRUE(abi::is_syscall_name(name)) << name;
  EXPECT_FALSE(abi::is_syscall_name("opne"));
  EXPECT_TRUE(abi::is_syscall_name("_llseek"));
}

TEST(TableEnd, LeavesPrivateNumbersOut) {
  struct Row {
    Arch arch;
    uint32_t end;
  };
  const Row rows[] = {{Arch::x86_64, 473},  {Arch::x32, 0x40000000 + 548}, {Arch::arm, 473},  {Arch::mips, 4473},
                      {Arch::mips64, 5473}, {Arch::mips64n32, 6473},       {Arch::s390, 470}, {Arch::alpha, 583}};
  for (const Row& row : rows) EXPECT_EQ(abi::table_end(row.arch), row.end) << abi::name(row.arch);
}

TEST(Since, NamesTheFirstKernelWithTheCall) {
  struct Row {
    std::string_view name;
    std::optional<KernelVersion> since;
    std::optional<KernelVersion> removed;
  };
  const Row rows[] = {
      {"read", KernelVersion{1, 0}, std::nullopt},           {"seccomp", KernelVersion{3, 17}, std::nullopt},
      {"accept4", KernelVersion{2, 6}, std::nullopt},        {"clone3", KernelVersion{5, 3}, std::nullopt},
      {"listns", KernelVersion{6, 19}, std::nullopt},        {"fchroot", KernelVersion{7, 3}, std::nullopt},
      {"_sysctl", KernelVersion{2, 0}, KernelVersion{5, 5}}, {"tuxcall", std::nullopt, std::nullopt},
      {"no_such_call", std::nullopt, std::nullopt},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(abi::since(row.name), row.since) << row.name;
    EXPECT_EQ(abi::removed_in(row.name), row.removed) << row.name;
  }
  EXPECT_EQ(abi::newest_kernel(), (KernelVersion{7, 3}));
}

TEST(KernelVersion, IsReadAsUnamePrintsIt) {
  EXPECT_EQ(abi::parse_kernel_version("6.1"), (KernelVersion{6, 1}));
  EXPECT_EQ(abi::parse_kernel_version("6.1.0-13-amd64"), (KernelVersion{6, 1}));
  EXPECT_EQ(abi::parse_kernel_version("6.18.44+"), (KernelVersion{6, 18}));
  for (std::string_view text : {"", "6", "6.", ".1", "six.one", "6.1x", "70000.1", "6.123456"})
    EXPECT_FALSE(abi::parse_kernel_version(text).has_value()) << text;
  EXPECT_EQ(abi::to_string({6, 1}), "6.1");
}

TEST(Since, MayBeLaterOnAnAbi) {
  EXPECT_EQ(abi::since("socket"), (KernelVersion{2, 0}));
  EXPECT_EQ(abi::since("socket", Arch::x86_64), (KernelVersion{2, 0}));
  EXPECT_EQ(abi::since("socket", Arch::i386), (KernelVersion{4, 3}));
  EXPECT_EQ(abi::since("accept4", Arch::s390x), (KernelVersion{4, 3}));
  EXPECT_EQ(abi::since("socket", Arch::mips), (KernelVersion{2, 0}));
  EXPECT_EQ(abi::since("shmat", Arch::i386), (KernelVersion{5, 1}));
  EXPECT_EQ(abi::since("semget", Arch::mipsel), (KernelVersion{5, 1}));
  EXPECT_EQ(abi::since("shmat", Arch::x86_64), abi::since("shmat"));
  EXPECT_EQ(abi::since("no_such_call", Arch::i386), std::nullopt);
}

TEST(Since, IsTheSameByNameAndByPlace) {
  for (const abi::ArchInfo& one : abi::arches())
    for (size_t i = 0; i < abi::syscall_count(one.arch); ++i)
      EXPECT_EQ(abi::since_at(one.arch, i), abi::since(abi::syscall_at(one.arch, i).name, one.arch)) << one.name << i;
}

}  // namespace
}  // namespace cordon
