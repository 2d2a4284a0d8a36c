#include "cordon/bpf/simulate.h"

#include <gtest/gtest.h>

#include "cordon/bpf/testing.h"

namespace cordon::bpf {
namespace {

using testing::program;

constexpr Insn kReturnA{kRetA, 0, 0, 0};

// A = first operand, X = second, then the instruction: what A holds behind it.
uint32_t result_of(Insn insn, uint32_t a, uint32_t x) {
  return simulate(program({{kLdxImm, 0, 0, x}, {kLdImm, 0, 0, a}, insn, kReturnA}), {}, Endian::little).ret;
}

struct Arithmetic {
  const char* name;
  uint16_t with_k, with_x;
  uint32_t a, operand, expected;
};

void PrintTo(const Arithmetic& row, std::ostream* out) { *out << row.name; }

class SimulateArithmetic : public ::testing::TestWithParam<Arithmetic> {};

TEST_P(SimulateArithmetic, is_the_same_by_constant_and_by_x) {
  const Arithmetic& row = GetParam();
  EXPECT_EQ(result_of({row.with_k, 0, 0, row.operand}, row.a, 77), row.expected);
  EXPECT_EQ(result_of({row.with_x, 0, 0, 0}, row.a, row.operand), row.expected);
}

INSTANTIATE_TEST_SUITE_P(Simulate, SimulateArithmetic,
                         ::testing::Values(Arithmetic{"add_wraps", kAddK, kAddX, 0xffffffff, 2, 1},
                                           Arithmetic{"sub_wraps", kSubK, kSubX, 1, 2, 0xffffffff},
                                           Arithmetic{"mul_wraps", kMulK, kMulX, 0x10001, 0x10001, 0x20001},
                                           Arithmetic{"div_is_unsigned", kDivK, kDivX, 0xfffffffe, 2, 0x7fffffff},
                                           Arithmetic{"or", kOrK, kOrX, 0x0f, 0xf0, 0xff},
                                           Arithmetic{"and", kAndK, kAndX, 0x3c, 0x0f, 0x0c},
                                           Arithmetic{"xor", kXorK, kXorX, 0x3c, 0x0f, 0x33},
                                           Arithmetic{"lsh_drops_high_bits", kLshK, kLshX, 3, 31, 0x80000000},
                                           Arithmetic{"rsh_fills_with_zeros", kRshK, kRshX, 0x80000000, 31, 1}),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Simulate, shifts_by_x_use_the_low_five_bits) {
  EXPECT_EQ(result_of({kLshX, 0, 0, 0}, 1, 33), 2u);
  EXPECT_EQ(result_of({kRshX, 0, 0, 0}, 4, 0xffffffe1), 2u);
}

TEST(Simulate, division_by_an_x_of_zero_ends_with_kill_thread) {
  Program by_zero = program({{kLdImm, 0, 0, 5}, {kDivX, 0, 0, 0}, {kRetK, 0, 0, 0x7fff0000}});
  auto run = simulate(by_zero, {}, Endian::little);
  EXPECT_EQ(run.ret, 0u);
  EXPECT_EQ(run.last_pc, 1u);
  EXPECT_EQ(run.steps, 2u);
}

TEST(Simulate, moves_and_negation) {
  EXPECT_EQ(result_of({kNeg, 0, 0, 0}, 1, 0), 0xffffffffu);
  EXPECT_EQ(result_of({kNeg, 0, 0, 0}, 0x80000000, 0), 0x80000000u);
  EXPECT_EQ(result_of({kTxa, 0, 0, 0}, 1, 9), 9u);
  EXPECT_EQ(result_of({kLdLen, 0, 0, 0}, 1, 9), 64u);
  Program through_cells = program({{kLdImm, 0, 0, 5},
                                   {kSt, 0, 0, 0},
                                   {kTax, 0, 0, 0},
                                   {kStx, 0, 0, 15},
                                   {kLdxLen, 0, 0, 0},
                                   {kLdMem, 0, 0, 15},
                                   {kAddX, 0, 0, 0},
                                   {kLdxMem, 0, 0, 0},
                                   {kAddX, 0, 0, 0},
                                   kReturnA});
  EXPECT_EQ(simulate(through_cells, {}, Endian::little).ret, 5u + 64 + 5);
}

TEST(Simulate, everything_starts_at_zero) {
  EXPECT_EQ(simulate(program({{kAddX, 0, 0, 0}, kReturnA}), {}, Endian::little).ret, 0u);
}

struct Comparison {
  uint16_t code_k, code_x;
  uint32_t a, operand;
  bool holds;
};

TEST(Simulate, comparisons_are_unsigned) {
  const Comparison rows[] = {
      {kJeqK, kJeqX, 5, 5, true},   {kJeqK, kJeqX, 5, 6, false},   {kJgtK, kJgtX, 0x80000000, 1, true},
      {kJgtK, kJgtX, 5, 5, false},  {kJgeK, kJgeX, 5, 5, true},    {kJgeK, kJgeX, 1, 0x80000000, false},
      {kJsetK, kJsetX, 6, 2, true}, {kJsetK, kJsetX, 6, 9, false},
  };
  for (const Comparison& row : rows) {
    for (uint16_t code : {row.code_k, row.code_x}) {
      Program choose = program({{kLdxImm, 0, 0, row.operand},
                                {kLdImm, 0, 0, row.a},
                                {code, 1, 0, row.operand},
                                {kRetK, 0, 0, 1},
                                {kRetK, 0, 0, 2}});
      EXPECT_EQ(simulate(choose, {}, Endian::little).ret, row.holds ? 2u : 1u) << code << " " << row.a;
    }
  }
}

TEST(Simulate, words_lie_in_machine_order) {
  Input input{.nr = 0x11, .audit_arch = 0x22, .instruction_pointer = 0x3333333344444444, .args = {}};
  for (uint32_t i = 0; i < 6; ++i) input.args[i] = 0x5000000060000000 + 0x0000000100000001u * i;
  auto word = [&](uint32_t offset, Endian endian) {
    return simulate(program({{kLdAbs, 0, 0, offset}, kReturnA}), input, endian).ret;
  };
  for (Endian endian : {Endian::little, Endian::big}) {
    EXPECT_EQ(word(0, endian), 0x11u);
    EXPECT_EQ(word(4, endian), 0x22u);
  }
  EXPECT_EQ(word(8, Endian::little), 0x44444444u);
  EXPECT_EQ(word(12, Endian::little), 0x33333333u);
  EXPECT_EQ(word(8, Endian::big), 0x33333333u);
  EXPECT_EQ(word(12, Endian::big), 0x44444444u);
  for (uint32_t i = 0; i < 6; ++i) {
    EXPECT_EQ(word(16 + 8 * i, Endian::little), 0x60000000u + i);
    EXPECT_EQ(word(20 + 8 * i, Endian::little), 0x50000000u + i);
    EXPECT_EQ(word(16 + 8 * i, Endian::big), 0x50000000u + i);
    EXPECT_EQ(word(20 + 8 * i, Endian::big), 0x60000000u + i);
  }
}

TEST(Simulate, marks_what_was_executed_and_keeps_earlier_marks) {
  Program branches = program(
      {{kLdAbs, 0, 0, 0}, {kJeqK, 0, 1, 7}, {kRetK, 0, 0, 1}, {kJa, 0, 0, 1}, {kRetK, 0, 0, 2}, {kRetK, 0, 0, 3}});
  std::vector<bool> executed;
  auto run = simulate_marking(branches, {.nr = 7}, Endian::little, executed);
  EXPECT_EQ(run.ret, 1u);
  EXPECT_EQ(run.steps, 3u);
  EXPECT_EQ(executed, (std::vector<bool>{true, true, true, false, false, false}));
  run = simulate_marking(branches, {.nr = 8}, Endian::little, executed);
  EXPECT_EQ(run.ret, 3u);
  EXPECT_EQ(run.steps, 4u);
  EXPECT_EQ(run.last_pc, 5u);
  EXPECT_EQ(executed, (std::vector<bool>{true, true, true, true, false, true}));
}

TEST(Simulate, a_stack_takes_the_lowest_signed_action) {
  struct Row {
    const char* name;
    std::vector<uint32_t> oldest_first;
    uint32_t verdict;
  };
  const Row rows[] = {
      {"no filter allows", {}, 0x7fff0000},
      {"one", {0x00050001}, 0x00050001},
      {"the stricter, older", {0x00050001, 0x7fff0000}, 0x00050001},
      {"the stricter, newer", {0x7ffc0000, 0x00030007}, 0x00030007},
      {"between equals the newest", {0x00050001, 0x00050002}, 0x00050002},
      {"kill_process is below kill_thread", {0x80000000, 0x00000000}, 0x80000000},
      {"an unknown action sorts by its value", {0xffff0000, 0x80000000}, 0x80000000},
      {"an unknown action below kill_thread", {0xffff0000, 0x00000000}, 0xffff0000},
      {"data of allow is not asked for", {0x7fff0001}, 0x7fff0000},
  };
  for (const Row& row : rows) {
    std::vector<Program> stack;
    for (uint32_t ret : row.oldest_first) stack.push_back(program({{kRetK, 0, 0, ret}}));
    EXPECT_EQ(simulate_stack(stack, {}, Endian::little), row.verdict) << row.name;
  }
}

}  // namespace
}  // namespace cordon::bpf
