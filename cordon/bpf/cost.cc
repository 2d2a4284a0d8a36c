#include "cordon/bpf/cost.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "cordon/bpf/opcode.h"

namespace cordon::bpf {
namespace {

// What bpf_convert_filter (net/core/filter.c) makes of one instruction, in eBPF instructions.
uint32_t converted(const Insn& insn) {
  switch (find_opcode(insn.code)->form) {
    case Form::ret_k: return 2;  // mov, exit
    case Form::branch_k:
    case Form::branch_x: {
      // eBPF immediates are signed: a constant with the top bit goes through a register.
      bool is_constant = find_opcode(insn.code)->form == Form::branch_k;
      uint32_t load = is_constant && insn.k >= 0x80000000 ? 1 : 0;
      bool has_inverse = insn.code != kJsetK && insn.code != kJsetX;
      bool falls_through = insn.jf == 0 || (insn.jt == 0 && has_inverse);
      return load + (falls_through ? 1 : 2);
    }
    case Form::alu_x: return insn.code == kDivX ? 5 : 1;  // with the test for zero
    default: return 1;
  }
}

uint32_t longest_path(const Program& program) {
  std::vector<uint32_t> length(program.size(), 0);
  for (size_t pc = program.size(); pc-- > 0;) {
    const Insn& insn = program[pc];
    switch (find_opcode(insn.code)->form) {
      case Form::ret_k:
      case Form::ret_a: length[pc] = 1; break;
      case Form::jump: length[pc] = 1 + length[pc + 1 + insn.k]; break;
      case Form::branch_k:
      case Form::branch_x: length[pc] = 1 + std::max(length[pc + 1 + insn.jt], length[pc + 1 + insn.jf]); break;
      default: length[pc] = 1 + length[pc + 1]; break;
    }
  }
  return length[0];
}

}  // namespace

ConstAllow is_const_allow(const Program& program, uint32_t audit_arch, uint32_t nr) {
  constexpr uint32_t kAllow = 0x7fff0000;
  uint32_t a = 0;
  uint32_t steps = 0;
  for (size_t pc = 0;; ++pc) {
    const Insn& insn = program[pc];
    ++steps;
    auto branch = [&](bool holds) { pc += holds ? insn.jt : insn.jf; };
    switch (insn.code) {
      case kLdAbs:
        if (insn.k != kOffsetNr && insn.k != kOffsetArch) return {false, steps};
        a = insn.k == kOffsetNr ? nr : audit_arch;
        break;
      case kRetK: return {insn.k == kAllow, steps};
      case kJa: pc += insn.k; break;
      case kJeqK: branch(a == insn.k); break;
      case kJgeK: branch(a >= insn.k); break;
      case kJgtK: branch(a > insn.k); break;
      case kJsetK: branch((a & insn.k) != 0); break;
      case kAndK: a &= insn.k; break;
      default: return {false, steps};
    }
  }
}

bool has_bitmap_place(uint32_t audit_arch, uint32_t nr) {
  constexpr uint32_t kEnd = 1024;  // above all tables; mips's begin at 4000
  if (nr >= kEnd) return false;
  const std::optional<Arch> arch = abi::arch_of_call(audit_arch, nr);
  return arch != Arch::sparc && arch != Arch::sparc64;
}

Cost cost(const Program& program) {
  constexpr uint32_t kPrologue = 3;  // clears A and X, keeps the context
  Cost cost{static_cast<uint32_t>(program.size()), kPrologue, longest_path(program)};
  for (const Insn& insn : program.insns()) cost.converted_count += converted(insn);
  return cost;
}

}  // namespace cordon::bpf
