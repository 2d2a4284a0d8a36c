#include "cordon/prove/opcodes.h"

namespace cordon::prove {

std::vector<uint32_t> live_registers(const bpf::Program& program) {
  std::vector<uint32_t> live(program.size(), 0);
  for (size_t pc = program.size(); pc-- > 0;) {
    const bpf::Insn& insn = program[pc];
    uint32_t after = 0;
    if (insn.code == bpf::kJa)
      after = live[pc + 1 + insn.k];
    else if (class_of(insn.code) == kJump)
      after = live[pc + 1 + insn.jt] | live[pc + 1 + insn.jf];
    else if (insn.code != bpf::kRetK && insn.code != bpf::kRetA)
      after = live[pc + 1];
    live[pc] = live_before(insn, after);
  }
  return live;
}

}  // namespace cordon::prove
