#include "cordon/bpf/cost.h"

#include <gtest/gtest.h>

#include "cordon/bpf/testing.h"

namespace cordon::bpf {
namespace {

using testing::program;

constexpr uint32_t kX8664 = 0xc000003e;
constexpr Insn kAllow{kRetK, 0, 0, 0x7fff0000};
constexpr Insn kNr{kLdAbs, 0, 0, 0};

struct ConstRow {
  const char* name;
  std::vector<Insn> insns;
  bool answer;
  uint32_t steps;
};

void PrintTo(const ConstRow& row, std::ostream* out) { *out << row.name; }

class ConstAllowTable : public ::testing::TestWithParam<ConstRow> {};

TEST_P(ConstAllowTable, answers_for_getppid) {
  ConstAllow found = is_const_allow(program(GetParam().insns), kX8664, 110);
  EXPECT_EQ(found.answer, GetParam().answer);
  EXPECT_EQ(found.steps, GetParam().steps);
}

const ConstRow kConstRows[] = {
    {"no_load_at_all", {kAllow}, true, 1},
    {"nr", {kNr, kAllow}, true, 2},
    {"arch", {{kLdAbs, 0, 0, 4}, {kJeqK, 0, 1, kX8664}, kAllow, {kRetK, 0, 0, 0}}, true, 3},
    {"ja", {{kJa, 0, 0, 1}, {kRetK, 0, 0, 0}, kAllow}, true, 2},
    {"jset", {kNr, {kJsetK, 1, 0, 0x40000000}, kAllow, {kRetK, 0, 0, 0}}, true, 3},
    {"jgt", {kNr, {kJgtK, 0, 1, 109}, kAllow, {kRetK, 0, 0, 0}}, true, 3},
    {"jge", {kNr, {kJgeK, 0, 1, 110}, kAllow, {kRetK, 0, 0, 0}}, true, 3},
    {"and", {kNr, {kAndK, 0, 0, 6}, {kJeqK, 0, 1, 6}, kAllow, {kRetK, 0, 0, 0}}, true, 4},
    {"jeq_before_any_load_sees_zero", {{kJeqK, 0, 1, 0}, kAllow, {kRetK, 0, 0, 0}}, true, 2},
    {"allow_with_data", {{kRetK, 0, 0, 0x7fff0001}}, false, 1},
    {"log", {{kRetK, 0, 0, 0x7ffc0000}}, false, 1},
    {"ret_a", {{kRetA, 0, 0, 0}}, false, 1},
    {"ldx_imm", {{kLdxImm, 0, 0, 0}, kAllow}, false, 1},
    {"ld_imm", {{kLdImm, 0, 0, 0}, kAllow}, false, 1},
    {"st", {{kSt, 0, 0, 0}, kAllow}, false, 1},
    {"tax", {{kTax, 0, 0, 0}, kAllow}, false, 1},
    {"or", {{kOrK, 0, 0, 0}, kAllow}, false, 1},
    {"add", {{kAddK, 0, 0, 0}, kAllow}, false, 1},
    {"rsh_by_0", {{kRshK, 0, 0, 0}, kAllow}, false, 1},
    {"and_x", {{kAndX, 0, 0, 0}, kAllow}, false, 1},
    {"ld_len", {{kLdLen, 0, 0, 0}, kAllow}, false, 1},
    {"ld_ip", {{kLdAbs, 0, 0, 8}, kAllow}, false, 1},
    {"ld_argument", {{kLdAbs, 0, 0, 16}, kAllow}, false, 1},
    {"jeq_x", {{kJeqX, 0, 0, 0}, kAllow}, false, 1},
    {"argument_on_another_path", {kNr, {kJeqK, 1, 0, 1}, kAllow, {kLdAbs, 0, 0, 16}, kAllow}, true, 3},
};

INSTANTIATE_TEST_SUITE_P(Cost, ConstAllowTable, ::testing::ValuesIn(kConstRows),
                         [](const auto& row) { return std::string(row.param.name); });

struct ConvertedRow {
  const char* name;
  Insn insn;
  uint32_t converted;
};

TEST(Cost, counts_converted_instructions) {
  const ConvertedRow rows[] = {
      {"ld", kNr, 1},
      {"ld len", {kLdLen, 0, 0, 0}, 1},
      {"st", {kSt, 0, 0, 0}, 1},
      {"tax", {kTax, 0, 0, 0}, 1},
      {"neg", {kNeg, 0, 0, 0}, 1},
      {"and with the top bit", {kAndK, 0, 0, 0xbfffffff}, 1},
      {"div by a constant", {kDivK, 0, 0, 3}, 1},
      {"div by x", {kDivX, 0, 0, 0}, 5},
      {"ja", {kJa, 0, 0, 0}, 1},
      {"ret k", kAllow, 2},
      {"ret a", {kRetA, 0, 0, 0}, 1},
      {"jeq, neither side jumps", {kJeqK, 0, 0, 1}, 1},
      {"jeq, false falls through", {kJeqK, 1, 0, 1}, 1},
      {"jeq, true falls through", {kJeqK, 0, 1, 1}, 1},
      {"jgt x, true falls through", {kJgtX, 0, 1, 1}, 1},
      {"jge, both jump", {kJgeK, 1, 2, 1}, 2},
      {"jset, false falls through", {kJsetK, 1, 0, 1}, 1},
      {"jset, true falls through", {kJsetK, 0, 1, 1}, 2},
      {"jset x, true falls through", {kJsetX, 0, 1, 1}, 2},
      {"jeq with the top bit", {kJeqK, 1, 0, 0x80000000}, 2},
      {"jset with the top bit, both jump", {kJsetK, 1, 2, 0x80000000}, 3},
      {"jeq x ignores its constant", {kJeqX, 1, 0, 0x80000000}, 1},
  };
  // 3 of the prologue, 3 returns of 2 each.
  for (const ConvertedRow& row : rows) {
    EXPECT_EQ(cost(program({row.insn, kAllow, kAllow, kAllow})).converted_count, 9 + row.converted) << row.name;
  }
}

TEST(Cost, knows_the_numbers_without_a_place_in_a_bitmap) {
  const std::pair<Arch, uint32_t> with[] = {{Arch::x86_64, 0}, {Arch::i386, 466}, {Arch::arm, 3}, {Arch::s390x, 1}};
  const std::pair<Arch, uint32_t> without[] = {{Arch::x32, abi::kX32Bit}, {Arch::arm, 0xf0002}, {Arch::mips, 4003},
                                               {Arch::mips64, 5000},      {Arch::sparc, 3},     {Arch::sparc64, 3}};
  for (const auto& [arch, nr] : with) EXPECT_TRUE(has_bitmap_place(abi::info(arch).audit_arch, nr)) << abi::name(arch);
  for (const auto& [arch, nr] : without)
    EXPECT_FALSE(has_bitmap_place(abi::info(arch).audit_arch, nr)) << abi::name(arch);
}

TEST(Cost, measures_the_longest_path) {
  EXPECT_EQ(cost(program({kAllow})).longest_path, 1u);
  EXPECT_EQ(cost(program({kAllow, kNr, kAllow})).longest_path, 1u);
  EXPECT_EQ(cost(program({{kJa, 0, 0, 1}, kNr, kAllow})).longest_path, 2u);
  EXPECT_EQ(cost(program({{kJeqK, 3, 0, 1}, {kJeqK, 0, 1, 2}, kNr, kAllow, kAllow})).longest_path, 4u);
  EXPECT_EQ(cost(program({{kJeqK, 1, 0, 1}, kAllow, kNr, kAllow})).insn_count, 4u);
}

}  // namespace
}  // namespace cordon::bpf
