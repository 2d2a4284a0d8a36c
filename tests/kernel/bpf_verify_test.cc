// verify() and the running kernel must agree on every program, admitted or not.
#include "cordon/bpf/verify.h"

#include <gtest/gtest.h>

#include <sstream>

#include "tests/kernel/bpf_kernel.h"
#include "tests/kernel/bpf_random.h"

namespace cordon::testing_kernel {
namespace {

using bpf::Insn;
using Insns = std::vector<Insn>;

constexpr Insn kAllow{bpf::kRetK, 0, 0, SECCOMP_RET_ALLOW};
constexpr uint32_t kConstants[] = {0, 1, 2, 3, 7, 31, 0x7fffffff, 0x80000000, 0xffffffff};

// How code that must be checked but never executed is put behind something that allows every call.
enum class Shelter { after_return, behind_a_test_that_fails, after_a_jump };

Insns shelter(Shelter shelter, const Insns& code) {
  Insns insns;
  switch (shelter) {
    case Shelter::after_return: insns = {kAllow}; break;
    case Shelter::behind_a_test_that_fails:
      insns = {{bpf::kLdAbs, 0, 0, 4}, {bpf::kJeqK, 1, 0, 0x12345678}, kAllow};
      break;
    case Shelter::after_a_jump: insns = {{bpf::kJa, 0, 0, static_cast<uint32_t>(code.size())}}; break;
  }
  insns.insert(insns.end(), code.begin(), code.end());
  if (shelter == Shelter::after_a_jump) insns.push_back(kAllow);
  return insns;
}

Insns random_code(RandomBpf& random) {
  size_t size = 1 + random.below(random.one_in(20) ? 600 : 14);
  Insns code;
  for (size_t pc = 0; pc + 1 < size; ++pc) code.push_back(random.valid(pc, size, kConstants));
  code.push_back(random.one_in(2) ? kAllow : Insn{bpf::kRetA, 0, 0, 0});
  // A store in front makes reads of that cell legal on most paths.
  if (random.one_in(2)) code.insert(code.begin(), {{bpf::kSt, 0, 0, 0}, {bpf::kStx, 0, 0, 1}, {bpf::kSt, 0, 0, 2}});
  while (random.one_in(2)) random.mutate(code[random.below(static_cast<uint32_t>(code.size()))]);
  return code;
}

std::string to_string(const Insns& insns) {
  std::ostringstream text;
  for (const Insn& insn : insns) {
    text << "{0x" << std::hex << insn.code << std::dec << ", " << +insn.jt << ", " << +insn.jf << ", 0x" << std::hex
         << insn.k << std::dec << "},\n";
  }
  return text.str();
}

// Returns how many programs the kernel admitted.
size_t expect_agreement(const std::vector<Insns>& programs) {
  std::vector<int> errors = ask_kernel(programs);
  EXPECT_EQ(errors.size(), programs.size()) << "the kernel gave no answer";
  size_t admitted = 0;
  for (size_t i = 0; i < errors.size() && !testing::Test::HasFailure(); ++i) {
    EXPECT_TRUE(errors[i] == 0 || errors[i] == EINVAL) << errors[i];
    EXPECT_EQ(bpf::verify(programs[i]).empty(), errors[i] == 0) << to_string(programs[i]);
    admitted += errors[i] == 0;
  }
  return admitted;
}

class VerifyAgainstKernel : public testing::Test {
 protected:
  void SetUp() override {
    if (std::string reason = missing_seccomp(); !reason.empty()) GTEST_SKIP() << reason;
  }

  static void expect_agreement_on_random_programs(Shelter shelter_kind) {
    constexpr size_t kPrograms = 6000;
    RandomBpf random(20 + static_cast<uint32_t>(shelter_kind));
    std::vector<Insns> programs;
    for (size_t i = 0; i < kPrograms; ++i) programs.push_back(shelter(shelter_kind, random_code(random)));
    size_t admitted = expect_agreement(programs);
    EXPECT_GT(admitted, kPrograms / 5) << "too few valid programs to tell anything";
    EXPECT_LT(admitted, kPrograms * 4 / 5) << "too few invalid programs to tell anything";
  }
};

TEST_F(VerifyAgainstKernel, agrees_on_random_code_after_a_return) {
  expect_agreement_on_random_programs(Shelter::after_return);
}

TEST_F(VerifyAgainstKernel, agrees_on_random_code_behind_a_test_that_fails) {
  expect_agreement_on_random_programs(Shelter::behind_a_test_that_fails);
}

TEST_F(VerifyAgainstKernel, agrees_on_random_code_after_a_jump) {
  expect_agreement_on_random_programs(Shelter::after_a_jump);
}

TEST_F(VerifyAgainstKernel, agrees_on_lengths) {
  std::vector<Insns> programs;
  for (size_t size : {0u, 1u, 2u, 4095u, 4096u, 4097u, 5000u}) programs.push_back(Insns(size, kAllow));
  EXPECT_EQ(expect_agreement(programs), 4u);
}

TEST_F(VerifyAgainstKernel, agrees_on_long_jumps) {
  std::vector<Insns> programs;
  for (uint32_t distance : {0u, 254u, 255u, 256u, 4093u, 4094u, 4095u, 0x7fffffffu, 0xfffffffeu, 0xffffffffu}) {
    Insns jump(4096, kAllow);
    jump[0] = {bpf::kJa, 0, 0, distance};
    programs.push_back(jump);
    for (size_t size : {256u, 257u, 258u}) {
      Insns branch(size, kAllow);
      branch[0] = {bpf::kJeqK, static_cast<uint8_t>(distance), 0, 0};
      programs.push_back(branch);
      branch[0] = {bpf::kJsetX, 0, static_cast<uint8_t>(distance), 0};
      programs.push_back(branch);
    }
  }
  EXPECT_GT(expect_agreement(programs), 10u);
}

}  // namespace
}  // namespace cordon::testing_kernel
