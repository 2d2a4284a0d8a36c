#include "cordon/bpf/context.h"

#include "cordon/bpf/opcode.h"

namespace cordon::bpf {
namespace {

void join(Known& target, const Known& incoming) {
  if (!target.is_reachable) {
    target = incoming;
    return;
  }
  if (target.audit_arch != incoming.audit_arch) target.audit_arch.reset();
  if (target.nr != incoming.nr) target.nr.reset();
  // A tree entered with and without the x32 bit masked away still compares a number.
  if (target.loaded_offset != incoming.loaded_offset) target.loaded_offset.reset();
  target.mask &= incoming.mask;
}

// What a passed `jeq #k` tells.
Known when_equal(Known known, uint32_t k) {
  if (known.mask != UINT32_MAX) return known;
  if (known.loaded_offset == kOffsetArch) known.audit_arch = k;
  if (known.loaded_offset == kOffsetNr) known.nr = k;
  return known;
}

bool overwrites_a(const Insn& insn) {
  switch (insn.code) {
    case kLdxImm:
    case kLdxLen:
    case kLdxMem:
    case kSt:
    case kStx:
    case kTax: return false;
    default: return true;
  }
}

Known after(Known known, const Insn& insn) {
  if (insn.code == kLdAbs) {
    known.loaded_offset = insn.k;
    known.mask = UINT32_MAX;
  } else if (insn.code == kAndK) {
    known.mask &= insn.k;
  } else if (overwrites_a(insn)) {
    known.loaded_offset.reset();
    known.mask = UINT32_MAX;
  }
  return known;
}

}  // namespace

std::vector<Known> known_at(const Program& program) {
  std::vector<Known> at(program.size());
  at[0].is_reachable = true;
  for (size_t pc = 0; pc < program.size(); ++pc) {
    const Insn& insn = program[pc];
    const Known& here = at[pc];
    if (!here.is_reachable) continue;
    switch (find_opcode(insn.code)->form) {
      case Form::ret_k:
      case Form::ret_a: break;
      case Form::jump: join(at[pc + 1 + insn.k], here); break;
      case Form::branch_k:
        join(at[pc + 1 + insn.jt], insn.code == kJeqK ? when_equal(here, insn.k) : here);
        join(at[pc + 1 + insn.jf], here);
        break;
      case Form::branch_x:
        join(at[pc + 1 + insn.jt], here);
        join(at[pc + 1 + insn.jf], here);
        break;
      default: join(at[pc + 1], after(here, insn)); break;
    }
  }
  return at;
}

}  // namespace cordon::bpf
