#include "cordon/bpf/verify.h"

#include <gtest/gtest.h>

#include "cordon/bpf/faults.h"
#include "cordon/bpf/opcode.h"
#include "cordon/bpf/program.h"

namespace cordon::bpf {
namespace {

constexpr Insn kAllow{kRetK, 0, 0, 0x7fff0000};

// In constant expressions too.
constexpr Insn kUnwritten[] = {{kLdMem, 0, 0, 3}, kAllow};
static_assert(faults_in({&kAllow, 1}).empty());
static_assert(faults_in(kUnwritten).front().kind == Fault::Kind::unwritten);
static_assert(faults_in({}).front().kind == Fault::Kind::empty);

struct Row {
  const char* name;
  std::vector<Insn> insns;
  std::vector<std::string> messages;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class VerifyTable : public testing::TestWithParam<Row> {};

TEST_P(VerifyTable, names_each_bad_instruction) {
  Diagnostics findings = verify(GetParam().insns);
  std::vector<std::string> messages;
  for (const Diagnostic& finding : findings) {
    EXPECT_EQ(finding.severity, Severity::error);
    messages.push_back(finding.message);
  }
  EXPECT_EQ(messages, GetParam().messages);
  EXPECT_EQ(Program::create(GetParam().insns).has_value(), GetParam().messages.empty());
}

const Row kRows[] = {
    {"one_return", {kAllow}, {}},
    {"return_of_the_accumulator", {{kRetA, 0, 0, 0}}, {}},
    {"last_word", {{kLdAbs, 0, 0, 60}, kAllow}, {}},
    {"past_the_last_word",
     {{kLdAbs, 0, 0, 64}, kAllow},
     {"instruction 0: load of offset 0x40 lies outside struct seccomp_data, expected at most 60"}},
    {"unaligned_load",
     {{kLdAbs, 0, 0, 6}, kAllow},
     {"instruction 0: load of offset 6 is not aligned, expected a multiple of 4"}},
    {"ancillary_load",
     {{kLdAbs, 0, 0, 0xfffff000}, kAllow},
     {"instruction 0: load of offset 0xfffff000 lies outside struct seccomp_data, expected at most 60"}},
    {"byte_load",
     {{0x30, 0, 0, 0}, kAllow},
     {"instruction 0: opcode 0x30 (byte load) is classic BPF that seccomp does not take"}},
    {"remainder",
     {{0x94, 0, 0, 3}, kAllow},
     {"instruction 0: opcode 0x94 (remainder) is classic BPF that seccomp does not take"}},
    {"no_such_opcode", {{0xff, 0, 0, 0}, kAllow}, {"instruction 0: opcode 0xff does not exist in classic BPF"}},
    {"opcode_above_a_byte", {{0x106, 0, 0, 0}, kAllow}, {"instruction 0: opcode 0x106 does not exist in classic BPF"}},
    {"return_of_x",
     {{0x0e, 0, 0, 0}},
     {"instruction 0: opcode 0xe does not exist in classic BPF",
      "instruction 0: the last instruction is not a return"}},
    {"division_by_zero", {{kDivK, 0, 0, 0}, kAllow}, {"instruction 0: division by the constant 0"}},
    {"division_by_x", {{kDivX, 0, 0, 0}, kAllow}, {}},
    {"shift_by_31", {{kLshK, 0, 0, 31}, {kRshK, 0, 0, 31}, kAllow}, {}},
    {"shift_by_32",
     {{kLshK, 0, 0, 32}, {kRshK, 0, 0, 33}, kAllow},
     {"instruction 0: shift by 32, expected 0 to 31", "instruction 1: shift by 33, expected 0 to 31"}},
    {"last_cell", {{kSt, 0, 0, 15}, {kLdMem, 0, 0, 15}, kAllow}, {}},
    {"past_the_last_cell",
     {{kStx, 0, 0, 16}, kAllow},
     {"instruction 0: scratch cell 16 does not exist, expected 0 to 15"}},
    {"jump_to_the_last", {{kJa, 0, 0, 1}, kAllow, kAllow}, {}},
    {"jump_past_the_end",
     {{kJa, 0, 0, 1}, kAllow},
     {"instruction 0: jump to instruction 2 leaves the program, the last one is 1"}},
    {"jump_that_would_wrap",
     {{kJa, 0, 0, 0xffffffff}, kAllow},
     {"instruction 0: jump to instruction 4294967296 leaves the program, the last one is 1"}},
    {"both_branches_past_the_end",
     {{kJeqX, 1, 2, 0}, kAllow},
     {"instruction 0: branch if true to instruction 2 leaves the program, the last one is 1",
      "instruction 0: branch if false to instruction 3 leaves the program, the last one is 1"}},
    {"no_return_at_the_end", {kAllow, {kTax, 0, 0, 0}}, {"instruction 1: the last instruction is not a return"}},
    {"no_instructions", {}, {"the program has no instructions, expected 1 to 4096"}},
    {"longest", std::vector<Insn>(4096, kAllow), {}},
    {"too_long", std::vector<Insn>(4097, kAllow), {"the program has 4097 instructions, expected at most 4096"}},
    {"read_before_write",
     {{kLdMem, 0, 0, 3}, kAllow},
     {"instruction 0: scratch cell 3 is read but not written on every path"}},
    {"written_on_one_branch_only",
     {{kJeqK, 0, 1, 1}, {kSt, 0, 0, 2}, {kLdxMem, 0, 0, 2}, kAllow},
     {"instruction 2: scratch cell 2 is read but not written on every path"}},
    {"written_on_both_branches",
     {{kJeqK, 0, 2, 1}, {kSt, 0, 0, 2}, {kJa, 0, 0, 1}, {kStx, 0, 0, 2}, {kLdMem, 0, 0, 2}, kAllow},
     {}},
    {"unreachable_after_a_jump_may_read", {{kJa, 0, 0, 1}, {kLdMem, 0, 0, 2}, kAllow}, {}},
    {"unreachable_after_a_return_may_not_read",
     {kAllow, {kLdMem, 0, 0, 2}, kAllow},
     {"instruction 1: scratch cell 2 is read but not written on every path"}},
    {"what_was_written_before_a_return_counts_behind_it", {{kSt, 0, 0, 2}, kAllow, {kLdMem, 0, 0, 2}, kAllow}, {}},
    {"unused_fields_do_not_matter", {{kTax, 9, 9, 9}, {kRetA, 1, 2, 3}}, {}},
    {"every_finding_in_one_run",
     {{0x30, 0, 0, 0}, {kDivK, 0, 0, 0}, {kJa, 0, 0, 9}, kAllow},
     {"instruction 0: opcode 0x30 (byte load) is classic BPF that seccomp does not take",
      "instruction 1: division by the constant 0",
      "instruction 2: jump to instruction 12 leaves the program, the last one is 3"}},
};

INSTANTIATE_TEST_SUITE_P(Verify, VerifyTable, testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Verify, takes_every_opcode_of_the_table) {
  for (const OpcodeInfo& info : opcodes()) {
    std::vector<Insn> insns{{kSt, 0, 0, 1}, {info.code, 0, 0, info.form == Form::load ? 4u : 1u}, kAllow, kAllow};
    EXPECT_TRUE(verify(insns).empty()) << info.mnemonic << " " << info.code;
  }
  EXPECT_EQ(opcodes().size(), 41u);
}

}  // namespace
}  // namespace cordon::bpf
