// The kernel tells how long a converted program is by when its chain is full: 32768 eBPF instructions,
// four more for each filter already there (seccomp_attach_filter).
#include "cordon/bpf/cost.h"

#include <gtest/gtest.h>

#include "tests/kernel/bpf_kernel.h"
#include "tests/kernel/bpf_random.h"

namespace cordon::testing_kernel {
namespace {

using bpf::Insn;
using Insns = std::vector<Insn>;

constexpr uint32_t kChainLimit = 32768, kPerFilter = 4;
constexpr Insn kAllow{bpf::kRetK, 0, 0, SECCOMP_RET_ALLOW};

// Allows everything at once; `converted` eBPF instructions long: 3 of the prologue, 2 per return.
Insns filler(uint32_t converted) {
  Insns insns{kAllow};
  insns.insert(insns.end(), converted - 7, {bpf::kLdImm, 0, 0, 0});
  insns.push_back(kAllow);
  return insns;
}

// 0 if `insns` can still be installed on a chain that leaves room for `room` eBPF instructions.
int install_with_room(const Insns& insns, uint32_t room) {
  Shared<int> answer(1);
  answer[0] = -1;
  pid_t child = fork();
  if (child == 0) {
    prepare_child();
    uint32_t left = kChainLimit - room;
    while (left > 0) {
      // Never leaves a rest too small for a filter.
      uint32_t take = left > 2 * 4000 ? 4000 : (left > 4000 ? left / 2 : left);
      if (install(filler(take - kPerFilter)) != 0) end_child();
      left -= take;
    }
    answer[0] = install(insns);
    end_child();
  }
  wait_for(child);
  return answer[0];
}

void expect_converted(const char* name, const Insns& insns) {
  Result<bpf::Program> program = bpf::Program::create(insns);
  ASSERT_TRUE(program.has_value()) << name;
  uint32_t converted = bpf::cost(*program).converted_count;
  EXPECT_EQ(install_with_room(insns, converted), 0) << name << " needs more than " << converted;
  EXPECT_EQ(install_with_room(insns, converted - 1), ENOMEM) << name << " needs less than " << converted;
}

TEST(CostAgainstKernel, counts_the_conversion_of_every_opcode) {
  if (std::string reason = missing_seccomp(); !reason.empty()) GTEST_SKIP() << reason;
  for (const bpf::OpcodeInfo& info : bpf::opcodes()) {
    bool is_branch = bpf::is_branch(info.form);
    for (uint8_t jumps = 0; jumps < (is_branch ? 4 : 1); ++jumps) {
      for (uint32_t k : {8u, 0x80000000u}) {
        if (k > 8 && !is_branch) continue;
        Insns insns{kAllow, {bpf::kSt, 0, 0, 8}};
        for (int copy = 0; copy < 3; ++copy) {
          insns.push_back({info.code, static_cast<uint8_t>(jumps & 1), static_cast<uint8_t>(jumps >> 1),
                           info.form == bpf::Form::jump ? 0 : k});
          insns.push_back({bpf::kTax, 0, 0, 0});
        }
        insns.push_back(kAllow);
        expect_converted(std::string(info.mnemonic).c_str(), insns);
      }
    }
  }
}

TEST(CostAgainstKernel, counts_random_programs) {
  if (std::string reason = missing_seccomp(); !reason.empty()) GTEST_SKIP() << reason;
  constexpr uint32_t kConstants[] = {1, 2, 0x7fffffff, 0x80000000, 0xffffffff};
  RandomBpf random(40);
  for (int round = 0; round < 40; ++round) {
    size_t size = 200 + random.below(1500);
    Insns insns{kAllow};
    for (uint32_t cell = 0; cell < bpf::kCellCount; ++cell) insns.push_back({bpf::kSt, 0, 0, cell});
    while (insns.size() + 1 < size) insns.push_back(random.valid(insns.size(), size, kConstants));
    insns.push_back(kAllow);
    expect_converted("random", insns);
  }
}

}  // namespace
}  // namespace cordon::testing_kernel
