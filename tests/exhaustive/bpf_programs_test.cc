// Every small program: verify() and the kernel must agree. The code under test stands behind a return, so
// the kernel checks it and never runs it.
#include <gtest/gtest.h>

#include "cordon/bpf/opcode.h"
#include "cordon/bpf/verify.h"
#include "tests/kernel/bpf_kernel.h"

namespace cordon::testing_kernel {
namespace {

using bpf::Insn;
using Insns = std::vector<Insn>;

constexpr Insn kAllow{bpf::kRetK, 0, 0, SECCOMP_RET_ALLOW};

class EverySmallProgram : public testing::Test {
 protected:
  void SetUp() override {
    if (std::string reason = missing_seccomp(); !reason.empty()) GTEST_SKIP() << reason;
  }

  void add(Insns insns) { programs_.push_back(std::move(insns)); }

  void expect_agreement() {
    std::vector<int> errors = ask_kernel(programs_);
    ASSERT_EQ(errors.size(), programs_.size()) << "the kernel gave no answer";
    for (size_t i = 0; i < programs_.size(); ++i) {
      bool admitted = bpf::verify(programs_[i]).empty();
      ASSERT_EQ(admitted, errors[i] == 0) << describe(programs_[i]);
      ASSERT_TRUE(errors[i] == 0 || errors[i] == EINVAL) << errors[i];
    }
  }

 private:
  static std::string describe(const Insns& insns) {
    std::string text;
    for (const Insn& insn : insns) {
      text += "{" + std::to_string(insn.code) + ", " + std::to_string(insn.jt) + ", " + std::to_string(insn.jf) + ", " +
              std::to_string(insn.k) + "} ";
    }
    return text;
  }

  std::vector<Insns> programs_;
};

TEST_F(EverySmallProgram, of_one_instruction_with_every_opcode) {
  for (uint32_t code = 0; code <= 0xffff; ++code) {
    Insn insn{static_cast<uint16_t>(code), 0, 0, 0};
    // k = 4 is right for loads, cells and shifts; k = 0 wrong for a division.
    for (uint32_t k : {0u, 4u}) {
      if (code > 0x1ff && k > 0) continue;
      insn.k = k;
      add({kAllow, insn});
      add({kAllow, insn, kAllow});
    }
  }
  expect_agreement();
}

TEST_F(EverySmallProgram, of_one_instruction_with_telling_operands) {
  for (const bpf::OpcodeInfo& info : bpf::opcodes()) {
    for (uint32_t k : {0u,  1u,  2u,  3u,  4u,  15u,         16u,         31u,         32u,         56u,        60u,
                       61u, 62u, 63u, 64u, 68u, 0x7fffffffu, 0x80000000u, 0xfffff000u, 0xfffff040u, 0xffffffffu}) {
      for (auto [jt, jf] : {std::pair{0, 0}, {1, 0}, {0, 1}, {1, 1}, {2, 0}, {0, 2}, {255, 0}, {0, 255}}) {
        add({kAllow, {info.code, static_cast<uint8_t>(jt), static_cast<uint8_t>(jf), k}, kAllow, kAllow});
      }
    }
  }
  expect_agreement();
}

// Loads, stores and every kind of flow between them: which cells count as written, and where.
TEST_F(EverySmallProgram, of_four_instructions_about_two_cells) {
  const Insn alphabet[] = {
      {bpf::kSt, 0, 0, 0}, {bpf::kStx, 0, 0, 1}, {bpf::kLdMem, 0, 0, 0}, {bpf::kLdxMem, 0, 0, 1}, {bpf::kJa, 0, 0, 0},
      {bpf::kJa, 0, 0, 1}, {bpf::kJa, 0, 0, 2},  {bpf::kJeqK, 0, 1, 0},  {bpf::kJsetX, 2, 0, 0},  {bpf::kRetA, 0, 0, 0},
  };
  for (const Insn& first : alphabet) {
    for (const Insn& second : alphabet) {
      for (const Insn& third : alphabet) {
        for (const Insn& fourth : alphabet) add({kAllow, first, second, third, fourth, kAllow});
      }
    }
  }
  expect_agreement();
}

}  // namespace
}  // namespace cordon::testing_kernel
