// Random classic BPF of which a good share is valid: mostly admitted opcodes and small operands, then a few
// mutations that make some of it wrong.
#pragma once

#include <random>
#include <vector>

#include "cordon/bpf/insn.h"
#include "cordon/bpf/opcode.h"

namespace cordon::testing_kernel {

class RandomBpf {
 public:
  explicit RandomBpf(uint32_t seed) : engine_(seed) {}

  uint32_t below(uint32_t limit) { return std::uniform_int_distribution<uint32_t>(0, limit - 1)(engine_); }
  bool one_in(uint32_t n) { return below(n) == 0; }
  template <class Range>
  auto pick(const Range& range) {
    return range[below(static_cast<uint32_t>(std::size(range)))];
  }
  uint64_t bits64() { return std::uniform_int_distribution<uint64_t>()(engine_); }

  // An instruction at `pc` of a program of `size` (pc < size - 1) that stays inside and has legal operands.
  // `constants` is what comparisons and arithmetic use.
  bpf::Insn valid(size_t pc, size_t size, std::span<const uint32_t> constants) {
    const bpf::OpcodeInfo& info = pick(bpf::opcodes());
    bpf::Insn insn{info.code, 0, 0, pick(constants)};
    uint32_t room = static_cast<uint32_t>(size - pc - 1);  // jumps 0 .. room - 1
    auto distance = [&] { return below(one_in(4) ? std::min(room, 255u) : std::min(room, 4u)); };
    switch (info.form) {
      case bpf::Form::load: insn.k = 4 * below(16); break;
      case bpf::Form::cell: insn.k = below(one_in(8) ? 16 : 3); break;
      case bpf::Form::jump: insn.k = distance(); break;
      case bpf::Form::branch_k:
      case bpf::Form::branch_x:
        insn.jt = static_cast<uint8_t>(distance());
        insn.jf = static_cast<uint8_t>(distance());
        break;
      case bpf::Form::alu_k:
        if (insn.code == bpf::kLshK || insn.code == bpf::kRshK) insn.k = below(32);
        if (insn.code == bpf::kDivK && insn.k == 0) insn.k = 3;
        break;
      default: break;
    }
    return insn;
  }

  // Changes one field to something that may or may not be admitted.
  void mutate(bpf::Insn& insn) {
    static constexpr uint32_t kOdd[] = {
        0,  1,  2,  3,   4,   15,         16,         17,         31,         32,         33,         60,        61,
        63, 64, 65, 255, 256, 0x7fffffff, 0x80000000, 0xfffff000, 0xfffff004, 0xffffff00, 0xfffffffe, 0xffffffff};
    switch (below(5)) {
      case 0: insn.code = static_cast<uint16_t>(below(one_in(8) ? 0x10000 : 0x100)); break;
      case 1: insn.jt = static_cast<uint8_t>(one_in(2) ? below(4) : below(256)); break;
      case 2: insn.jf = static_cast<uint8_t>(one_in(2) ? below(4) : below(256)); break;
      case 3: insn.k = pick(kOdd); break;
      default: insn.k = below(20); break;
    }
  }

 private:
  std::mt19937 engine_;
};

}  // namespace cordon::testing_kernel
