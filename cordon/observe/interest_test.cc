#include "cordon/observe/interest.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "cordon/abi/arguments.h"
#include "cordon/abi/syscalls.h"

namespace cordon::observe {
namespace {

uint32_t number(std::string_view name, Arch arch) { return abi::number_of(name, arch).value_or(0xfffffff0); }

TEST(Interest, EveryLineNamesAnArgumentThatSomeAbiHas) {
  for (const InterestingArgument& line : interesting_arguments()) {
    EXPECT_TRUE(abi::is_syscall_name(line.syscall)) << line.syscall;
    bool found = false;
    for (const abi::ArchInfo& arch : abi::arches()) {
      found = found || (abi::number_of(line.syscall, arch.arch) &&
                        abi::find_argument(line.syscall, line.argument, arch.arch).argument);
    }
    EXPECT_TRUE(found) << line.syscall << " " << line.argument;
    EXPECT_FALSE(line.reason.empty()) << line.syscall;
  }
}

TEST(Interest, NoLineIsAboutAPointer) {
  for (const InterestingArgument& line : interesting_arguments()) {
    auto found = abi::find_argument(line.syscall, line.argument, Arch::x86_64);
    if (found.argument) {
      EXPECT_FALSE(found.argument->is_pointer) << line.syscall << " " << line.argument;
    }
  }
}

TEST(Interest, NoCallHasMoreLinesThanARecordingKeeps) {
  std::map<std::string_view, size_t> lines;
  for (const InterestingArgument& line : interesting_arguments()) ++lines[line.syscall];
  for (auto [name, count] : lines) EXPECT_LE(count, kMaxWatched) << name;
}

TEST(Interest, WatchesAsManyBitsAsTheKernelReads) {
  struct Row {
    std::string_view name;
    Arch arch;
    uint8_t count;
    uint8_t slot;
    uint64_t mask;
  };
  const Row rows[] = {
      {"ioctl", Arch::x86_64, 1, 1, 0xffffffff},    {"ioctl", Arch::x32, 1, 1, 0xffffffff},
      {"socket", Arch::x86_64, 3, 0, 0xffffffff},   {"mmap", Arch::x86_64, 2, 2, ~uint64_t{0}},
      {"mmap2", Arch::i386, 2, 2, 0xffffffff},      {"clone", Arch::s390x, 1, 1, 0},
      {"socketcall", Arch::i386, 1, 0, 0xffffffff},
  };
  for (const Row& row : rows) {
    WatchedCall watched = watched_arguments(row.arch, number(row.name, row.arch));
    ASSERT_EQ(watched.count, row.count) << row.name;
    EXPECT_EQ(watched.items[0].slot, row.slot) << row.name;
    if (row.mask != 0) {
      EXPECT_EQ(watched.items[0].mask, row.mask) << row.name;
    }
  }
}

TEST(Interest, WatchesNothingOfCallsItHasNoLineFor) {
  EXPECT_EQ(watched_arguments(Arch::x86_64, number("read", Arch::x86_64)).count, 0);
  EXPECT_EQ(watched_arguments(Arch::x86_64, number("kill", Arch::x86_64)).count, 0);
  EXPECT_EQ(watched_arguments(Arch::x86_64, 9999).count, 0);
}

TEST(Interest, I386MmapTakesAPointerAndIsNotWatched) {
  EXPECT_EQ(watched_arguments(Arch::i386, number("mmap", Arch::i386)).count, 0);
}

}  // namespace
}  // namespace cordon::observe
