// Filters as policies: the text that comes out, row by row.
#include <gtest/gtest.h>

#include "cordon/bpf/insn.h"
#include "tests/prover/decompile_testing.h"

namespace cordon::engines {
namespace {

struct Row {
  const char* name;
  const char* policy;    // compiled, then decompiled
  const char* expected;  // without header lines it is the policy's own
};

constexpr Row kRows[] = {
    {"calls of one action share a line", "arch x86_64; default errno EPERM; allow write read; allow close",
     "arch      x86_64\ndefault   errno EPERM\n\nallow     read write close\n"},
    {"a mask is read from its bits", "arch x86_64; default errno EPERM; allow openat(flags & O_ACCMODE == O_RDONLY)",
     "arch      x86_64\ndefault   errno EPERM\n\nallow     openat(flags & O_ACCMODE == O_RDONLY)\n"},
    {"all subsets of some flags are one mask",
     "arch x86_64; default errno EPERM; allow openat(flags in {0, 0x800, 0x8000, 0x8800, 0x80000, 0x80800, 0x88000, "
     "0x88800})",
     "arch      x86_64\ndefault   errno EPERM\n\n"
     "allow     openat(flags & ~(O_NONBLOCK|O_LARGEFILE|O_CLOEXEC) == O_RDONLY)\n"},
    {"an exception is the first match",
     "arch x86_64; default errno EPERM; errno EINVAL openat(flags & O_CREAT == O_CREAT); allow openat",
     "arch      x86_64\ndefault   errno EPERM\n\nerrno EINVAL  openat(flags & O_CREAT == O_CREAT)\nallow     openat\n"},
    {"a set is written negated when that is shorter",
     "arch x86_64; default errno EPERM; allow socket(family != AF_VSOCK)",
     "arch      x86_64\ndefault   errno EPERM\n\nallow     socket(family != AF_VSOCK)\n"},
    {"several arguments are one condition",
     "arch x86_64; default errno EPERM; allow socket(family in {AF_UNIX, AF_INET}, type & SOCK_TYPE_MASK == "
     "SOCK_STREAM)",
     "arch      x86_64\ndefault   errno EPERM\n\n"
     "allow     socket(family in {AF_UNIX, AF_INET}, type & SOCK_TYPE_MASK == SOCK_STREAM)\n"},
    {"alternatives are rules", "arch x86_64; default errno EPERM; allow lseek(offset in 0..4095 || whence == SEEK_CUR)",
     "arch      x86_64\ndefault   errno EPERM\n\nallow     lseek(offset <= 4095)\nallow     lseek(whence == "
     "SEEK_CUR)\n"},
    {"full width is told", "arch x86_64; default errno EPERM; allow personality(raw(arg0) in {0, 8})",
     "arch      x86_64\ndefault   errno EPERM\n\nallow     personality(raw(personality) in {PER_LINUX, "
     "PER_LINUX32})\n"},
    {"numbers without a name are ranges",
     "arch x86_64; default errno EPERM; allow read; kill_process syscall_1000..2000",
     "arch      x86_64\ndefault   errno EPERM\n\nallow     read\nkill_process syscall_1000..2000\n"},
    {"calls newer than a kernel are unknown",
     "arch x86_64; default errno EPERM; since 5.10; unknown errno ENOSYS; allow read",
     "arch      x86_64\ndefault   errno EPERM\nsince     5.10\nunknown   errno ENOSYS\n\nallow     read\n"},
    {"what holds on every architecture is named once",
     "arch x86_64 i386; default errno EPERM; allow read write; allow open@i386",
     "arch      x86_64 i386\ndefault   errno EPERM\n\nallow     read write open@i386\n"},
    {"whole registers are told once for 64 and 32 bits",
     "arch x86_64 i386; default errno EPERM; allow socket@x86_64(raw(family) == AF_UNIX) socket@i386(family == "
     "AF_UNIX); "
     "errno EPERM socketcall@i386",
     "arch      x86_64 i386\ndefault   errno EPERM\n\nallow     socket(raw(family) == AF_UNIX)\n"},
    {"an architecture with another default has a last rule",
     "arch x86_64 i386; default errno EPERM; allow read write; kill_process *@i386",
     "arch      x86_64 i386\ndefault   errno EPERM\n\nallow     read write\nkill_process *@i386\n"},
    {"writable and executable at once is one exception",
     "arch x86_64; default errno EPERM; allow mmap(prot & (PROT_WRITE|PROT_EXEC) != (PROT_WRITE|PROT_EXEC)) "
     "mprotect(prot in 0..5)",
     "arch      x86_64\ndefault   errno EPERM\n\nallow     mmap(prot & (PROT_WRITE|PROT_EXEC) != "
     "PROT_WRITE|PROT_EXEC)\nallow     mprotect(prot <= 5)\n"},
    {"all but one value are not a range", "arch x86_64; default errno EPERM; allow read(buf != 0)",
     "arch      x86_64\ndefault   errno EPERM\n\nallow     read(buf != 0)\n"},
    {"ranges under a mask beside plain ranges",
     "arch x86_64; default errno EPERM; allow lseek(offset & 0xff in 3..9 || offset <= 0x7fffffff)",
     "arch      x86_64\ndefault   errno EPERM\n\nallow     lseek(offset <= 0x7fffffff || offset & 0xff in 3..9)\n"},
    {"an action for every call of an architecture", "arch x86_64 arm64; default errno EPERM; allow *@arm64; allow read",
     "arch      x86_64 arm64\ndefault   errno EPERM\n\nallow     *@arm64 read\n"},
    {"many calls with the same conditions are ranges of numbers",
     "arch x86_64; default errno EPERM; allow *(raw(arg0) == 7)",
     "arch      x86_64\ndefault   errno EPERM\n\nallow     *(raw(arg0) == 7)\n"},
    {"x32 that is answered by one action has a line of its own",
     "arch x86_64 x32; default errno EPERM; errno EPERM *@x32; allow read",
     "arch      x86_64 x32\ndefault   errno EPERM\n\nerrno EPERM  *@x32\nallow     read\n"},
    {"the instruction pointer is an operand", "arch x86_64; default errno EPERM; allow read(ip in 0x400000..0x4fffff)",
     "arch      x86_64\ndefault   errno EPERM\n\nallow     read(ip in 0x400000..0x4fffff)\n"},
    {"a pointer is asked for null", "arch x86_64; default errno EPERM; allow read(buf == 0)",
     "arch      x86_64\ndefault   errno EPERM\n\nallow     read(buf == 0)\n"},
    {"big-endian words are read the right way round",
     "arch s390x; default errno EPERM; allow lseek(offset in 5..0x100000005)",
     "arch      s390x\ndefault   errno EPERM\n\nallow     lseek(offset in 5..0x100000005)\n"},
};

TEST(Decompile, WritesWhatAPersonWouldWrite) {
  for (const Row& row : kRows) EXPECT_EQ(decompiled_text(compiled(row.policy)), row.expected) << row.name;
}

// Each of twenty bits of an argument, in no order, adds one of a cell: 2^20 states, which are run forwards together.
TEST(Decompile, ReadsProgramsOfAMillionStates) {
  constexpr uint32_t kBits = 20, kArg0 = 16;
  std::vector<bpf::Insn> insns = {{bpf::kLdAbs, 0, 0, bpf::kOffsetArch},
                                  {bpf::kJeqK, 1, 0, 0xc000003e},
                                  {bpf::kRetK, 0, 0, 0x80000000},
                                  {bpf::kLdImm, 0, 0, 0},
                                  {bpf::kSt, 0, 0, 0}};
  for (uint32_t i = 0; i < kBits; ++i) {
    const uint32_t bit = uint32_t{1} << 7 * i % kBits;
    insns.push_back({bpf::kLdAbs, 0, 0, kArg0});
    insns.push_back({bpf::kJsetK, 0, 3, bit});
    insns.push_back({bpf::kLdMem, 0, 0, 0});
    insns.push_back({bpf::kOrK, 0, 0, bit});
    insns.push_back({bpf::kSt, 0, 0, 0});
  }
  insns.push_back({bpf::kLdMem, 0, 0, 0});
  insns.push_back({bpf::kJeqK, 0, 1, (uint32_t{1} << kBits) - 1});
  insns.push_back({bpf::kRetK, 0, 0, 0x7fff0000});
  insns.push_back({bpf::kRetK, 0, 0, 0x00050001});
  const std::string text = decompiled_text(*bpf::Program::create(insns));
  EXPECT_NE(text.find("raw(arg0) & 0xfffff == 0xfffff"), std::string::npos) << text;
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 12) << text;
}

}  // namespace
}  // namespace cordon::engines
