#include "cordon/bpf/assemble.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "cordon/bpf/assembly_lexer.h"
#include "cordon/bpf/disassemble.h"
#include "cordon/bpf/naming.h"
#include "cordon/bpf/opcode.h"
#include "cordon/bpf/testing.h"
#include "tests/kernel/bpf_random.h"

namespace cordon::bpf {
namespace {

using testing_kernel::RandomBpf;

const AssembleOptions kX86_64{.name = "t.asm", .arch = Arch::x86_64};

std::string told(const Diagnostics& diagnostics) {
  std::string text;
  for (const Diagnostic& found : diagnostics) {
    text += std::to_string(found.place.line) + ":" + std::to_string(found.place.column) + ": " + found.message + " [" +
            found.code + "]";
    text += found.hint.empty() ? "\n" : " (" + found.hint + ")\n";
  }
  return text;
}

// The instructions, or what is wrong, as text that a failing test shows.
std::vector<Insn> assembled(std::string_view text, const AssembleOptions& options = kX86_64) {
  Result<Program> program = assemble(text, options);
  if (!program) {
    ADD_FAILURE() << text << "\n" << told(program.error());
    return {};
  }
  return {program->insns().begin(), program->insns().end()};
}

TEST(Assemble, reads_every_opcode) {
  struct Row {
    const char* text;
    Insn insn;
  };
  const Row rows[] = {
      {"ld [60]", {kLdAbs, 0, 0, 60}},
      {"ld [0x3c]", {kLdAbs, 0, 0, 60}},
      {"ld len", {kLdLen, 0, 0, 0}},
      {"ldx len", {kLdxLen, 0, 0, 0}},
      {"ld #0xffffffff", {kLdImm, 0, 0, 0xffffffff}},
      {"ldx #4294967295", {kLdxImm, 0, 0, 0xffffffff}},
      {"ld M[15]", {kLdMem, 0, 0, 15}},
      {"ldx M[0]", {kLdxMem, 0, 0, 0}},
      {"st M[1]", {kSt, 0, 0, 1}},
      {"stx M[0x2]", {kStx, 0, 0, 2}},
      {"add #8", {kAddK, 0, 0, 8}},
      {"add x", {kAddX, 0, 0, 0}},
      {"sub #8", {kSubK, 0, 0, 8}},
      {"sub x", {kSubX, 0, 0, 0}},
      {"mul #8", {kMulK, 0, 0, 8}},
      {"mul x", {kMulX, 0, 0, 0}},
      {"div #8", {kDivK, 0, 0, 8}},
      {"div x", {kDivX, 0, 0, 0}},
      {"or #8", {kOrK, 0, 0, 8}},
      {"or x", {kOrX, 0, 0, 0}},
      {"and #8", {kAndK, 0, 0, 8}},
      {"and x", {kAndX, 0, 0, 0}},
      {"lsh #31", {kLshK, 0, 0, 31}},
      {"lsh x", {kLshX, 0, 0, 0}},
      {"rsh #0", {kRshK, 0, 0, 0}},
      {"rsh x", {kRshX, 0, 0, 0}},
      {"xor #8", {kXorK, 0, 0, 8}},
      {"xor x", {kXorX, 0, 0, 0}},
      {"neg", {kNeg, 0, 0, 0}},
      {"ja 18", {kJa, 0, 0, 1}},
      {"jeq #5, 17, 18", {kJeqK, 0, 1, 5}},
      {"jeq x, 18, 17", {kJeqX, 1, 0, 0}},
      {"jgt #5, 18, 19", {kJgtK, 1, 2, 5}},
      {"jgt x, 17, 17", {kJgtX, 0, 0, 0}},
      {"jge #5, 17, 18", {kJgeK, 0, 1, 5}},
      {"jge x, 18, 17", {kJgeX, 1, 0, 0}},
      {"jset #5, 0x12, 17", {kJsetK, 1, 0, 5}},
      {"jset x, 17, 18", {kJsetX, 0, 1, 0}},
      {"ret #0x7fff0000", {kRetK, 0, 0, 0x7fff0000}},
      {"ret a", {kRetA, 0, 0, 0}},
      {"tax", {kTax, 0, 0, 0}},
      {"txa", {kTxa, 0, 0, 0}},
  };
  // Sixteen cells written before it, three returns behind it.
  std::string cells;
  for (int cell = 0; cell < 16; ++cell) cells += "st M[" + std::to_string(cell) + "]\n";
  std::vector<uint16_t> seen;
  for (const Row& row : rows) {
    const std::vector<Insn> insns = assembled(cells + row.text + "\nret a\nret a\nret a\n");
    ASSERT_EQ(insns.size(), 20u) << row.text;
    EXPECT_EQ(insns[16], row.insn) << row.text;
    seen.push_back(row.insn.code);
  }
  for (const OpcodeInfo& info : opcodes())
    EXPECT_NE(std::find(seen.begin(), seen.end(), info.code), seen.end()) << "no row has " << info.code;
}

TEST(Assemble, reads_actions_by_name) {
  struct Row {
    const char* text;
    uint32_t ret;
  };
  const Row rows[] = {
      {"ret allow", 0x7fff0000},      {"ret log", 0x7ffc0000},         {"ret trace", 0x7ff00000},
      {"ret trace 9", 0x7ff00009},    {"ret notify", 0x7fc00000},      {"ret errno EPERM", 0x00050001},
      {"ret errno 0", 0x00050000},    {"ret errno 0xfff", 0x00050fff}, {"ret errno ENOSYS", 0x00050026},
      {"ret trap", 0x00030000},       {"ret trap 65535", 0x0003ffff},  {"ret kill_thread", 0},
      {"ret kill_process", 1u << 31}, {"ret #0x0005ffff", 0x0005ffff}, {"ret #7", 7},
  };
  for (const Row& row : rows) EXPECT_EQ(assembled(row.text), (std::vector<Insn>{{kRetK, 0, 0, row.ret}})) << row.text;
  EXPECT_EQ(assembled("ret errno ENOSYS", {.name = "t", .arch = Arch::mips})[0].k, 0x00050059u);
}

TEST(Assemble, names_of_fields_are_those_of_listings) {
  for (Arch arch : {Arch::x86_64, Arch::s390x}) {
    const Endian endian = abi::info(arch).endian;
    for (uint32_t offset = 0; offset < kDataSize; offset += 4) {
      const std::string name = field_name(offset, endian);
      EXPECT_EQ(assembled("ld [" + name + "]\nret a", {.name = "t", .arch = arch})[0].k, offset) << name;
    }
  }
  EXPECT_EQ(assembled("ld [arg1.low]\nret a")[0].k, 24u);
  EXPECT_EQ(assembled("ld [arg1.low]\nret a", {.name = "t", .arch = Arch::s390x})[0].k, 28u);
}

TEST(Assemble, layout_does_not_matter) {
  const std::vector<Insn> wanted = assembled("0: ld [4]\n1: jeq #0x5, 2, 3\n2: ret a\n3: ret #0\n");
  ASSERT_EQ(wanted.size(), 4u);
  for (const char* text : {
           "ld [4]\njeq #5, 2, 3\nret a\nret #0",
           "\n\n  ld\t[ 4 ] ; arch\r\n ; jeq #7, 1, 2\n\tjeq # 5 ,2,3;x\r\nret a\n3:;\n\nret kill_thread\n\n",
           "ld [arch]\njeq #5, yes, no\nyes: ret a\nno: ret #0",
           "start:\nld [arch]\njeq #5, yes, no\n\nyes:\n; here\nyes.too: ret a\nno: not_: ret #0",
           "0: ld [arch]\n1: jeq #5, 2, ret\nret a\n3: ret: ret #0",
       }) {
    EXPECT_EQ(assembled(text), wanted) << text;
  }
}

TEST(Assemble, labels_may_have_the_names_of_registers_and_instructions) {
  EXPECT_EQ(assembled("ja x\nx: jeq x, a, len\na: tax\nlen: ret a"), assembled("ja 1\njeq x, 2, 3\ntax\nret a"));
}

TEST(Assemble, reads_instructions_that_are_written_whole) {
  EXPECT_EQ(assembled("0: raw 0x07, 1, 2, 0x00000003   ; tax\n1: raw 0x06, 0, 255, 0x7fff0000"),
            (std::vector<Insn>{{kTax, 1, 2, 3}, {kRetK, 0, 255, 0x7fff0000}}));
}

TEST(Assemble, a_branch_reaches_255_instructions_further_and_a_jump_4094) {
  auto text = [](const char* jump, size_t between) {
    std::string all = std::string(jump) + "\n";
    for (size_t i = 0; i < between; ++i) all += "txa\n";
    return all + "far: ret allow\n";
  };
  EXPECT_EQ(assembled(text("jeq #1, far, far", 255))[0], (Insn{kJeqK, 255, 255, 1}));
  EXPECT_EQ(assembled(text("ja far", 4094))[0], (Insn{kJa, 0, 0, 4094}));
  EXPECT_EQ(told(assemble(text("jeq #1, 1, far", 256), kX86_64).error()),
            "1:12: a branch passes over at most 255 instructions, and there are 256 before instruction 257 "
            "[asm-target] (branch to a `ja` nearby that leads there)\n");
  EXPECT_EQ(told(assemble(text("ja far", 4095), kX86_64).error()),
            "4097:6: a program has at most 4096 instructions [bpf-too-long] (split the policy into stacked filters)\n");
}

TEST(Assemble, tells_each_mistake_with_its_place_and_the_cure) {
  struct Row {
    const char* text;
    const char* told;
  };
  const Row rows[] = {
      {"", "0:0: the program has no instructions, expected 1 to 4096 [bpf-empty]\n"},
      {"; nothing\n", "0:0: the program has no instructions, expected 1 to 4096 [bpf-empty]\n"},
      {"rat allow", "1:1: no instruction is called 'rat' [asm-mnemonic] (did you mean 'raw' or 'ret'?)\n"},
      {"jne #1, 1, 1\nret a",
       "1:1: no instruction is called 'jne' [asm-mnemonic] (write jeq with the targets swapped)\n"},
      {"RET a", "1:1: no instruction is called 'RET' [asm-mnemonic] (did you mean 'ret'?)\n"},
      {"ret a\n  [4]\nret a",
       "2:3: expected an instruction or a label, not '[' [asm-syntax] (a comment begins with ';')\n"},
      {"ld x\nret a",
       "1:4: 'ld' does not take 'x' [asm-operand] (write ld [OFFSET], ld len, ld #NUMBER or ld M[CELL])\n"},
      {"ld\nret a",
       "1:1: 'ld' lacks its operand [asm-operand] (write ld [OFFSET], ld len, ld #NUMBER or ld M[CELL])\n"},
      {"add 5\nret a", "1:5: 'add' does not take '5' [asm-operand] (write add #NUMBER or add x)\n"},
      {"neg x\nret a", "1:5: 'neg' does not take 'x' [asm-operand] (write neg)\n"},
      {"tax # 1\nret a", "1:5: 'tax' does not take '#' [asm-operand] (write tax)\n"},
      {"ret a a",
       "1:7: 'a' stands behind the whole instruction [asm-operand] (write ret ACTION, ret #NUMBER or ret a; a comment "
       "begins with ';')\n"},
      {"ld [4\nret a",
       "1:6: expected ']', not the end of the line [asm-syntax] (write ld [OFFSET], ld len, ld #NUMBER or ld "
       "M[CELL])\n"},
      {"jeq #1 1, 1\nret a",
       "1:8: expected ',', not '1' [asm-syntax] (write jeq #NUMBER, TARGET, TARGET or jeq x, TARGET, TARGET)\n"},
      {"jeq #1, 1\nret a",
       "1:10: expected ',', not the end of the line [asm-syntax] (write jeq #NUMBER, TARGET, TARGET or jeq x, TARGET, "
       "TARGET)\n"},
      {"ld #010\nret a",
       "1:5: expected a number, not '010' [asm-number] (numbers are decimal without leading zeros, or hexadecimal "
       "with 0x)\n"},
      {"ld #0x\nret a",
       "1:5: expected a number, not '0x' [asm-number] (numbers are decimal without leading zeros, or hexadecimal with "
       "0x)\n"},
      {"ld #-1\nret a",
       "1:5: expected a number, not '-' [asm-number] (numbers are decimal without leading zeros, or hexadecimal with "
       "0x)\n"},
      {"ld #0x100000000\nret a", "1:5: '0x100000000' is too large [asm-number] (expected at most 0xffffffff)\n"},
      {"raw 0x10000, 0, 0, 0\nret a", "1:5: '0x10000' is too large [asm-number] (expected at most 65535)\n"},
      {"raw 6, 256, 0, 0\nret a", "1:8: '256' is too large [asm-number] (expected at most 255)\n"},
      {"raw 0x30, 0, 0, 0\nret a",
       "1:1: opcode 0x30 (byte load) is classic BPF that seccomp does not take [bpf-opcode]\n"},
      {"ld [arg0]\nret a",
       "1:5: struct seccomp_data has no word 'arg0' [asm-field] (nr, arch, ip.low, ip.high, arg0.low, arg0.high to "
       "arg5.high, or an offset in bytes)\n"},
      {"ret alow", "1:5: no action is called 'alow' [asm-action] (did you mean 'allow'?)\n"},
      {"ret kill",
       "1:5: no action is called 'kill' [asm-action] (allow, log, trace, notify, errno, trap, kill_thread, "
       "kill_process, #NUMBER or a)\n"},
      {"ret 5", "1:5: 'ret' does not take '5' [asm-operand] (write ret ACTION, ret #NUMBER or ret a)\n"},
      {"ret errno EPREM",
       "1:11: no errno of x86_64 is called 'EPREM' [asm-errno] (a name as in errno.h, such as EPERM, or a number from "
       "0 to 4095)\n"},
      {"ret errno 4096", "1:11: '4096' is too large [asm-number] (expected at most 4095)\n"},
      {"ret errno",
       "1:10: expected a number, not the end of the line [asm-number] (numbers are decimal without leading zeros, or "
       "hexadecimal with 0x)\n"},
      {"ret trap 65536", "1:10: '65536' is too large [asm-number] (expected at most 65535)\n"},
      {"ret allow 5",
       "1:11: '5' stands behind the whole instruction [asm-operand] (write ret ACTION, ret #NUMBER or ret a; a comment "
       "begins with ';')\n"},
      {"0: tax\n2: ret a",
       "2:1: the line has the number '2', but it is instruction 1 [asm-index] (leave the numbers out, and let jumps "
       "lead to labels)\n"},
      {"ja done\ntax\ndoen: ret a", "1:4: no label is called 'done' [asm-label] (did you mean 'doen'?)\n"},
      {"ja yes\nret a",
       "1:4: no label is called 'yes' [asm-label] (write the label and a ':' in front of an instruction)\n"},
      {"a: tax\na: ret a", "2:1: the label 'a' stands twice [asm-label] (give one of them another name)\n"},
      {"tax\nback: ja back\nret a",
       "2:10: instruction 1 does not come after the jump, which is instruction 1 [asm-target] (jumps lead forward "
       "only)\n"},
      {"ja end\nret a\nend:", "1:4: instruction 2 leaves the program, the last one is 1 [asm-target]\n"},
      {"ja 99999999999\nret a", "1:4: instruction 99999999999 leaves the program, the last one is 1 [asm-target]\n"},
      {"ja 1x\nret a", "1:4: expected a target, not '1x' [asm-target] (the number of an instruction, or a label)\n"},
      {"ld [64]\nret a", "1:1: load of offset 0x40 lies outside struct seccomp_data, expected at most 60 [bpf-load]\n"},
      {"tax\n  x: ld M[3]\nret a",
       "2:6: scratch cell 3 is read but not written on every path [bpf-uninitialised] (store to it first)\n"},
      {"ret a\ntax", "2:1: the last instruction is not a return [bpf-end]\n"},
      {"ret a\n\xc3\xa4 \x1b",
       "2:1: expected an instruction or a label, not '\xc3\xa4' [asm-syntax] (a comment begins "
       "with ';')\n"},
      {"\x1b[31m", "1:1: expected an instruction or a label, not '\\x1b' [asm-syntax] (a comment begins with ';')\n"},
  };
  for (const Row& row : rows) {
    Result<Program> program = assemble(row.text, kX86_64);
    ASSERT_FALSE(program) << row.text;
    EXPECT_EQ(told(program.error()), row.told) << row.text;
  }
}

TEST(Assemble, one_run_tells_the_mistakes_of_all_stages_in_order) {
  Result<Program> program = assemble("ld [63]\njeq #1, nowhere, 9\nadd\nld M[1]\nlsh #32\nja 2\nadd\n", kX86_64);
  ASSERT_FALSE(program);
  EXPECT_EQ(told(program.error()),
            "1:1: load of offset 63 is not aligned, expected a multiple of 4 [bpf-load]\n"
            "2:9: no label is called 'nowhere' [asm-label] (write the label and a ':' in front of an instruction)\n"
            "2:18: instruction 9 leaves the program, the last one is 6 [asm-target]\n"
            "3:1: 'add' lacks its operand [asm-operand] (write add #NUMBER or add x)\n"
            "5:1: shift by 32, expected 0 to 31 [bpf-shift]\n"
            "6:4: instruction 2 does not come after the jump, which is instruction 5 [asm-target] (jumps lead forward "
            "only)\n"
            "7:1: 'add' lacks its operand [asm-operand] (write add #NUMBER or add x)\n");
}

TEST(Assemble, tells_no_more_than_twenty_mistakes) {
  for (const char* line : {"what\n", "ld [3]\n", "ja nowhere\n", "a:\n"}) {
    std::string text = "a: tax\n";
    for (int i = 0; i < 500; ++i) text += line;
    Result<Program> program = assemble(text, kX86_64);
    ASSERT_FALSE(program) << line;
    EXPECT_EQ(program.error().size(), 20u) << line;
    EXPECT_EQ(program.error().begin()->place.line, 2u) << line;
  }
}

TEST(Assemble, labels_are_bounded_on_one_line_too) {
  for (const char* separator : {":", ":\n"}) {
    std::string text, same;
    for (int i = 0; i < 4096; ++i) text += "label" + std::to_string(i) + separator;
    for (int i = 0; i < 5000; ++i) same += std::string("a") + separator;
    EXPECT_EQ(assembled(text + "ret a").size(), 1u);
    Result<Program> program = assemble(text + "z: ret a", kX86_64);
    ASSERT_FALSE(program);
    EXPECT_EQ(program.error().begin()->message, "a program has at most 4096 labels");
    program = assemble(same + "ret a", kX86_64);
    ASSERT_FALSE(program);
    EXPECT_EQ(program.error().size(), 20u);
  }
}

TEST(Assemble, a_label_that_stands_twice_is_told_with_the_first) {
  Result<Program> program = assemble("one: tax\none: ret a", kX86_64);
  ASSERT_FALSE(program);
  const Diagnostic& found = *program.error().begin();
  ASSERT_EQ(found.notes.size(), 1u);
  EXPECT_EQ(found.notes[0].place.line, 1u);
}

TEST(Assemble, very_long_words_and_lines_are_cut_in_messages) {
  const std::string word(1 << 20, 'q');
  for (const std::string& text : {word, "ja " + word, word + ":" + word + ":" + word + ":", "ret " + word,
                                  "ld [" + word + "]", "ld #" + word, "ret errno " + word, word + "," + word}) {
    Result<Program> program = assemble(text, kX86_64);
    ASSERT_FALSE(program);
    for (const Diagnostic& found : program.error()) {
      EXPECT_LT(found.message.size(), 200u);
      EXPECT_LT(found.place.line_text.size(), 2100u);
    }
  }
}

// Random programs that the kernel admits, values in unused fields among them.
std::optional<Program> random_program(RandomBpf& random) {
  static constexpr uint32_t kWords[] = {0, 1, 59, 0x40000000, 0x7fff0000, 0x00050001, 0xc000003e, 0xffffffff};
  std::vector<Insn> insns;
  for (uint32_t cell = 0; cell < 16; ++cell) insns.push_back({kSt, 0, 0, cell});
  const size_t size = insns.size() + 2 + random.below(random.one_in(8) ? 400 : 20);
  while (insns.size() + 1 < size) {
    Insn insn = random.valid(insns.size(), size, kWords);
    if (random.one_in(10)) random.mutate(insn);
    insns.push_back(insn);
  }
  insns.push_back({kRetK, 0, 0, random.pick(kWords)});
  Result<Program> program = Program::create(std::move(insns));
  if (!program) return std::nullopt;
  return std::move(*program);
}

TEST(Assemble, listings_become_the_program_they_list_and_back) {
  RandomBpf random(1);
  size_t programs = 0;
  for (int round = 0; round < 600; ++round) {
    std::optional<Program> program = random_program(random);
    if (!program) continue;
    ++programs;
    for (bool has_comments : {false, true}) {
      const std::string listing =
          disassemble(*program, {.endian = Endian::little, .comments = has_comments, .annotate = {}});
      Result<Program> again = assemble(listing, kX86_64);
      ASSERT_TRUE(again) << listing << told(again.error());
      ASSERT_EQ(*again, *program) << listing;
      ASSERT_EQ(disassemble(*again, {.endian = Endian::little, .comments = has_comments, .annotate = {}}), listing);
    }
  }
  EXPECT_GT(programs, 100u);
}

}  // namespace
}  // namespace cordon::bpf
