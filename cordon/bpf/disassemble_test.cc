#include "cordon/bpf/disassemble.h"

#include <gtest/gtest.h>

#include "cordon/abi/arch.h"
#include "cordon/abi/syscalls.h"
#include "cordon/bpf/opcode.h"
#include "cordon/bpf/testing.h"

namespace cordon::bpf {
namespace {

using testing::program;

constexpr Insn kArch{kLdAbs, 0, 0, 4};
constexpr Insn kNr{kLdAbs, 0, 0, 0};
constexpr Insn kAllow{kRetK, 0, 0, 0x7fff0000};

TEST(Disassemble, names_what_is_certain_on_every_path) {
  Program filter = program({
      kArch,
      {kJeqK, 2, 0, 0xc000003e},
      {kJeqK, 11, 0, 0x40000003},
      {kRetK, 0, 0, 0x80000000},
      kNr,
      {kJsetK, 0, 1, 0x40000000},
      {kAndK, 0, 0, 0xbfffffff},
      {kJeqK, 0, 3, 0},
      {kLdAbs, 0, 0, 16},
      {kJeqK, 0, 1, 3},
      kAllow,
      {kJgeK, 1, 0, 0x3c},
      {kRetK, 0, 0, 0x00050026},
      {kRetK, 0, 0, 0x00050001},
      kNr,
      {kJeqK, 0, 3, 5},
      {kLdAbs, 0, 0, 24},
      {kJsetK, 0, 1, 3},
      {kRetK, 0, 0, 0x00030007},
      kAllow,
  });
  EXPECT_EQ(disassemble(filter, {}), R"( 0: ld [4]                       ; arch
 1: jeq #0xc000003e, 4, 2        ; x86_64
 2: jeq #0x40000003, 14, 3       ; i386
 3: ret #0x80000000              ; kill_process
 4: ld [0]                       ; nr
 5: jset #0x40000000, 6, 7       ; x32
 6: and #0xbfffffff              ; without the x32 bit
 7: jeq #0x0, 8, 11              ; read
 8: ld [16]                      ; arg0.low
 9: jeq #0x3, 10, 11
10: ret #0x7fff0000              ; allow
11: jge #0x3c, 13, 12
12: ret #0x00050026              ; errno ENOSYS
13: ret #0x00050001              ; errno EPERM
14: ld [0]                       ; nr
15: jeq #0x5, 16, 19             ; open
16: ld [24]                      ; arg1.low, flags of open
17: jset #0x3, 18, 19            ; O_ACCMODE
18: ret #0x00030007              ; trap 7
19: ret #0x7fff0000              ; allow
)");
}

TEST(Disassemble, a_comparison_of_numbers_names_the_range_it_bounds) {
  struct Row {
    uint32_t arch;
    Insn compare;
    const char* comment;
  };
  const Row rows[] = {
      {0xc000003e, {kJgeK, 0, 0, 0x40000000}, "x32"},
      {0xc000003e, {kJgtK, 0, 0, 0x3fffffff}, "x32"},
      {0xc000003e, {kJgeK, 0, 0, 60}, "from exit up"},
      {0xc000003e, {kJgtK, 0, 0, 60}, "above exit"},
      {0xc000003e, {kJeqK, 0, 0, 60}, "exit"},
      {0xc000003e, {kJeqK, 0, 0, 0x40000001}, "x32 write"},
      {0xc000003e, {kJgeK, 0, 0, 0x40000001}, "from x32 write up"},
      {0x40000003, {kJgeK, 0, 0, 1}, "from exit up"},
      {0x40000003, {kJgeK, 0, 0, 0x40000000}, ""},
      {0xc000003e, {kJgeK, 0, 0, 0xffffffff}, ""},
  };
  for (const Row& row : rows) {
    const Program filter = program({kArch, {kJeqK, 0, 2, row.arch}, kNr, row.compare, kAllow});
    std::string listing = disassemble(filter, {});
    for (int line = 0; line < 3; ++line) listing.erase(0, listing.find('\n') + 1);
    listing.resize(listing.find('\n'));
    const size_t comment = listing.find("; ");
    EXPECT_EQ(comment == std::string::npos ? "" : listing.substr(comment + 2), row.comment) << listing;
  }
}

// Constants are listed by x86_64's slots, and these calls have others, or are not there.
TEST(Disassemble, arguments_of_calls_that_one_architecture_has_are_no_trap) {
  for (Arch arch : {Arch::s390, Arch::s390x, Arch::i386, Arch::arm, Arch::mips}) {
    for (const char* name : {"socketcall", "ipc", "clone", "mmap", "mmap2", "arm_fadvise64_64", "fadvise64"}) {
      std::optional<uint32_t> number = abi::number_of(name, arch);
      if (!number) continue;
      for (uint32_t slot = 0; slot < 6; ++slot) {
        const Program filter = program({kArch,
                                        {kJeqK, 0, 4, abi::info(arch).audit_arch},
                                        kNr,
                                        {kJeqK, 0, 2, *number},
                                        {kLdAbs, 0, 0, 16 + 8 * slot},
                                        {kJeqK, 0, 0, 2},
                                        kAllow});
        EXPECT_NE(disassemble(filter, {.endian = abi::info(arch).endian, .comments = true, .annotate = {}}).find(name),
                  std::string::npos);
      }
    }
  }
}

TEST(Disassemble, without_comments_is_bare) {
  EXPECT_EQ(disassemble(program({kArch, {kJeqK, 0, 1, 0xc000003e}, kAllow, {kRetK, 0, 0, 0}}),
                        {.comments = false, .annotate = {}}),
            "0: ld [4]\n1: jeq #0xc000003e, 2, 3\n2: ret #0x7fff0000\n3: ret #0x00000000\n");
}

TEST(Disassemble, appends_what_the_caller_knows) {
  DisassembleOptions options;
  options.annotate = [](size_t pc) { return pc == 1 ? std::string("app.cordon:3\nallow *") : std::string(); };
  Program filter = program({kArch, kAllow});
  EXPECT_EQ(disassemble(filter, options),
            "0: ld [4]                       ; arch\n"
            "1: ret #0x7fff0000              ; allow, app.cordon:3 allow *\n");
  options.comments = false;
  EXPECT_EQ(disassemble(filter, options),
            "0: ld [4]\n"
            "1: ret #0x7fff0000              ; app.cordon:3 allow *\n");
}

TEST(Disassemble, a_number_without_an_arch_has_no_name) {
  EXPECT_EQ(disassemble(program({kNr, {kJeqK, 0, 1, 1}, kAllow, {kRetK, 0, 0, 0}}), {}),
            "0: ld [0]                       ; nr\n"
            "1: jeq #0x1, 2, 3\n"
            "2: ret #0x7fff0000              ; allow\n"
            "3: ret #0x00000000              ; kill_thread\n");
}

TEST(Disassemble, an_arch_is_forgotten_where_paths_meet) {
  Program filter = program(
      {kArch, {kJeqK, 0, 1, 0xc000003e}, {kJa, 0, 0, 1}, {kJeqK, 0, 2, 0x40000003}, kNr, {kJeqK, 0, 0, 1}, kAllow});
  std::string text = disassemble(filter, {});
  EXPECT_NE(text.find("5: jeq #0x1, 6, 6\n"), std::string::npos) << text;
}

TEST(Disassemble, arguments_are_named_by_the_words_of_the_machine) {
  Program filter = program({{kLdAbs, 0, 0, 8}, {kLdAbs, 0, 0, 12}, {kLdAbs, 0, 0, 56}, {kLdAbs, 0, 0, 60}, kAllow});
  EXPECT_EQ(disassemble(filter, {}),
            "0: ld [8]                       ; ip.low\n"
            "1: ld [12]                      ; ip.high\n"
            "2: ld [56]                      ; arg5.low\n"
            "3: ld [60]                      ; arg5.high\n"
            "4: ret #0x7fff0000              ; allow\n");
  EXPECT_EQ(disassemble(filter, {.endian = Endian::big, .comments = true, .annotate = {}}),
            "0: ld [8]                       ; ip.high\n"
            "1: ld [12]                      ; ip.low\n"
            "2: ld [56]                      ; arg5.high\n"
            "3: ld [60]                      ; arg5.low\n"
            "4: ret #0x7fff0000              ; allow\n");
}

TEST(Disassemble, constants_are_named_where_the_call_is_known) {
  Program filter = program({kArch,
                            {kJeqK, 0, 6, 0xc000003e},
                            kNr,
                            {kJeqK, 0, 4, 16},
                            {kLdAbs, 0, 0, 28},
                            {kJeqK, 0, 2, 0x5401},
                            {kLdAbs, 0, 0, 24},
                            {kJeqK, 0, 0, 0x5401},
                            kAllow});
  EXPECT_EQ(disassemble(filter, {}),
            "0: ld [4]                       ; arch\n"
            "1: jeq #0xc000003e, 2, 8        ; x86_64\n"
            "2: ld [0]                       ; nr\n"
            "3: jeq #0x10, 4, 8              ; ioctl\n"
            "4: ld [28]                      ; arg1.high, cmd of ioctl\n"
            "5: jeq #0x5401, 6, 8\n"
            "6: ld [24]                      ; arg1.low, cmd of ioctl\n"
            "7: jeq #0x5401, 8, 8            ; TCGETS\n"
            "8: ret #0x7fff0000              ; allow\n");
}

TEST(Disassemble, says_what_the_kernel_makes_of_a_return) {
  struct Row {
    uint32_t ret;
    const char* comment;
  };
  const Row rows[] = {
      {0x80000000, "kill_process"},
      {0x80000005, "kill_process, si_errno 5"},
      {0x00000000, "kill_thread"},
      {0x00000005, "kill_thread, si_errno 5"},
      {0x0003ffff, "trap 65535"},
      {0x00050000, "errno 0, the call seems to succeed"},
      {0x00050001, "errno EPERM"},
      {0x00050fff, "errno 4095"},
      {0x00051000, "errno 4095, clamped from 4096"},
      {0x7fc00000, "notify"},
      {0x7fc00001, "notify, data 1 has no meaning"},
      {0x7ff00009, "trace 9"},
      {0x7ffc0000, "log"},
      {0x7fff0000, "allow"},
      {0x7fff0001, "allow, data 1 defeats the kernel's bitmap"},
      {0x00010000, "kill_process, as no action has this value"},
      {0x7ffd0000, "kill_process, as no action has this value"},
  };
  for (const Row& row : rows) {
    std::string text = disassemble(program({{kRetK, 0, 0, row.ret}}), {});
    EXPECT_EQ(text.substr(text.find("; ") + 2), std::string(row.comment) + "\n");
  }
}

TEST(Disassemble, errno_names_are_those_of_the_arch) {
  // mips: errno 89 is ENOSYS; 38 is EIDRM's neighbour.
  Program mips = program({kArch, {kJeqK, 0, 1, 0x40000008}, {kRetK, 0, 0, 0x00050059}, kAllow});
  EXPECT_NE(disassemble(mips, {}).find("errno ENOSYS"), std::string::npos);
  // On two arches that differ a number has no one name.
  Program both =
      program({kArch, {kJeqK, 1, 0, 0x40000008}, {kJeqK, 0, 1, 0xc000003e}, {kRetK, 0, 0, 0x00050059}, kAllow});
  EXPECT_NE(disassemble(both, {}).find("errno 89\n"), std::string::npos);
}

TEST(Disassemble, shows_every_opcode) {
  std::vector<Insn> insns{{kSt, 0, 0, 1}};
  for (const OpcodeInfo& info : opcodes()) {
    if (info.code != kRetK)
      insns.push_back({info.code, 0, 0, uses_k(info.form) ? (info.form == Form::jump ? 0u : 8u) : 0u});
    if (info.form == Form::cell) insns.back().k = 1;
  }
  insns.push_back(kAllow);
  EXPECT_EQ(disassemble(program(insns), {.comments = false, .annotate = {}}),
            R"( 0: st M[1]
 1: ld [8]
 2: ld len
 3: ldx len
 4: ld #0x8
 5: ldx #0x8
 6: ld M[1]
 7: ldx M[1]
 8: st M[1]
 9: stx M[1]
10: add #0x8
11: add x
12: sub #0x8
13: sub x
14: mul #0x8
15: mul x
16: div #0x8
17: div x
18: or #0x8
19: or x
20: and #0x8
21: and x
22: lsh #0x8
23: lsh x
24: rsh #0x8
25: rsh x
26: xor #0x8
27: xor x
28: neg
29: ja 30
30: jeq #0x8, 31, 31
31: jeq x, 32, 32
32: jgt #0x8, 33, 33
33: jgt x, 34, 34
34: jge #0x8, 35, 35
35: jge x, 36, 36
36: jset #0x8, 37, 37
37: jset x, 38, 38
38: ret a
39: tax
40: txa
41: ret #0x7fff0000
)");
}

TEST(Disassemble, instructions_with_values_in_unused_fields_are_written_whole) {
  EXPECT_EQ(disassemble(program({{kTax, 1, 2, 3}, {kLdAbs, 0, 7, 0}, {kRetA, 0, 0, 9}}), {}),
            "0: raw 0x07, 1, 2, 0x00000003   ; tax\n"
            "1: raw 0x20, 0, 7, 0x00000000   ; ld [0], nr\n"
            "2: raw 0x16, 0, 0, 0x00000009   ; ret a\n");
}

TEST(Disassemble, says_what_is_never_reached) {
  EXPECT_EQ(disassemble(program({kAllow, {kRetK, 0, 0, 0}}), {}),
            "0: ret #0x7fff0000              ; allow\n"
            "1: ret #0x00000000              ; unreachable\n");
}

}  // namespace
}  // namespace cordon::bpf
