// The interpreter of net/core/filter.c as it stands after conversion: A, X and the scratch cells are 32-bit
// words that start at 0, arithmetic wraps, compares are unsigned.
#include "cordon/bpf/simulate.h"

#include "cordon/base/assert.h"
#include "cordon/bpf/opcode.h"

namespace cordon::bpf {
namespace {

uint32_t half(uint64_t value, bool high) { return static_cast<uint32_t>(high ? value >> 32 : value); }

// The word at an offset of struct seccomp_data.
uint32_t word(const Input& input, uint32_t offset, Endian endian) {
  if (offset == kOffsetNr) return input.nr;
  if (offset == kOffsetArch) return input.audit_arch;
  bool is_high = (offset % 8 == 4) == (endian == Endian::little);
  if (offset < kOffsetArgs) return half(input.instruction_pointer, is_high);
  return half(input.args[(offset - kOffsetArgs) / 8], is_high);
}

struct Machine {
  uint32_t a = 0;
  uint32_t x = 0;
  uint32_t cells[kCellCount] = {};
};

// `operand` is X or K. Division by zero is the caller's case: it ends the program.
uint32_t compute(uint16_t code, uint32_t a, uint32_t operand) {
  switch (code & 0xf0) {
    case 0x00: return a + operand;
    case 0x10: return a - operand;
    case 0x20: return a * operand;
    case 0x30: return a / operand;
    case 0x40: return a | operand;
    case 0x50: return a & operand;
    case 0x60: return a << (operand & 31);
    case 0x70: return a >> (operand & 31);
    case 0xa0: return a ^ operand;
    default: CORDON_ASSERT(false, "verify admits no other operation"); return 0;
  }
}

bool holds(uint16_t code, uint32_t a, uint32_t operand) {
  switch (code & 0xf0) {
    case 0x10: return a == operand;
    case 0x20: return a > operand;
    case 0x30: return a >= operand;
    case 0x40: return (a & operand) != 0;
    default: CORDON_ASSERT(false, "verify admits no other comparison"); return false;
  }
}

void move(const Insn& insn, Machine& machine, const Input& input, Endian endian) {
  switch (insn.code) {
    case kLdAbs: machine.a = word(input, insn.k, endian); return;
    case kLdLen: machine.a = kDataSize; return;
    case kLdxLen: machine.x = kDataSize; return;
    case kLdImm: machine.a = insn.k; return;
    case kLdxImm: machine.x = insn.k; return;
    case kLdMem: machine.a = machine.cells[insn.k]; return;
    case kLdxMem: machine.x = machine.cells[insn.k]; return;
    case kSt: machine.cells[insn.k] = machine.a; return;
    case kStx: machine.cells[insn.k] = machine.x; return;
    case kTax: machine.x = machine.a; return;
    case kTxa: machine.a = machine.x; return;
    case kNeg: machine.a = 0u - machine.a; return;
    default: CORDON_ASSERT(false, "every other opcode is arithmetic, a jump or a return");
  }
}

template <class Mark>
Run run(const Program& program, const Input& input, Endian endian, Mark mark) {
  Machine machine;
  uint32_t pc = 0;
  for (uint32_t steps = 1;; ++steps, ++pc) {
    CORDON_ASSERT(pc < program.size(), "a program ends with a return and jumps stay inside");
    mark(pc);
    const Insn& insn = program[pc];
    switch (find_opcode(insn.code)->form) {
      case Form::ret_k: return {insn.k, steps, pc};
      case Form::ret_a: return {machine.a, steps, pc};
      case Form::jump: pc += insn.k; break;
      case Form::branch_k: pc += holds(insn.code, machine.a, insn.k) ? insn.jt : insn.jf; break;
      case Form::branch_x: pc += holds(insn.code, machine.a, machine.x) ? insn.jt : insn.jf; break;
      case Form::alu_k: machine.a = compute(insn.code, machine.a, insn.k); break;
      case Form::alu_x:
        if (insn.code == kDivX && machine.x == 0) return {0, steps, pc};
        machine.a = compute(insn.code, machine.a, machine.x);
        break;
      default: move(insn, machine, input, endian); break;
    }
  }
}

}  // namespace

Run simulate(const Program& program, const Input& input, Endian endian) {
  return run(program, input, endian, [](uint32_t) {});
}

Run simulate_marking(const Program& program, const Input& input, Endian endian, std::vector<bool>& executed) {
  executed.resize(program.size());
  return run(program, input, endian, [&](uint32_t pc) { executed[pc] = true; });
}

uint32_t simulate_stack(std::span<const Program> programs, const Input& input, Endian endian) {
  // seccomp_run_filters starts from ALLOW and asks the newest first; only a strictly lower action replaces.
  constexpr uint32_t kAllow = 0x7fff0000, kActionMask = 0xffff0000;
  uint32_t verdict = kAllow;
  for (size_t i = programs.size(); i-- > 0;) {
    uint32_t ret = simulate(programs[i], input, endian).ret;
    if (static_cast<int32_t>(ret & kActionMask) < static_cast<int32_t>(verdict & kActionMask)) verdict = ret;
  }
  return verdict;
}

}  // namespace cordon::bpf
