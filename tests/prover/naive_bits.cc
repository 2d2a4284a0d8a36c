// What the registers of a program hold in the naive engine: each bit a function of the call.
#include "cordon/bpf/insn.h"
#include "tests/prover/naive_engine.h"

namespace cordon::engines {

using Bits = NaiveEngine::Bits;
using Node = NaiveEngine::Node;

Bits NaiveEngine::word(uint32_t number) {
  Bits bits;
  for (uint32_t bit = 0; bit < 32; ++bit) bits[bit] = make({variables_[number][bit], kFalse, kTrue});
  return bits;
}

Bits NaiveEngine::constant(uint32_t value) const {
  Bits bits;
  for (uint32_t bit = 0; bit < 32; ++bit) bits[bit] = (value >> bit & 1) != 0 ? kTrue : kFalse;
  return bits;
}

void NaiveEngine::move(const bpf::Insn& insn, State& state) {
  switch (insn.code) {
    case bpf::kLdAbs: state.a = word(insn.k / 4); break;
    case bpf::kLdLen: state.a = constant(bpf::kDataSize); break;
    case bpf::kLdxLen: state.x = constant(bpf::kDataSize); break;
    case bpf::kLdImm: state.a = constant(insn.k); break;
    case bpf::kLdxImm: state.x = constant(insn.k); break;
    case bpf::kLdMem: state.a = state.cells[insn.k]; break;
    case bpf::kLdxMem: state.x = state.cells[insn.k]; break;
    case bpf::kSt: state.cells[insn.k] = state.a; break;
    case bpf::kStx: state.cells[insn.k] = state.x; break;
    case bpf::kTax: state.x = state.a; break;
    case bpf::kTxa: state.a = state.x; break;
    default: gave_up_ = true;  // no such instruction is admitted
  }
}

Bits NaiveEngine::compute(uint16_t code, const Bits& a, const Bits& operand) {
  Bits result{};
  switch (code & 0xf0) {
    case 0x00: return sum(a, operand, kFalse);
    case 0x10: return sum(a, each_inverse(operand), kTrue);
    case 0x20: return product(a, operand);
    case 0x30: return quotient(a, operand);
    case 0x40:
      for (uint32_t bit = 0; bit < 32; ++bit) result[bit] = either(a[bit], operand[bit]);
      return result;
    case 0x50:
      for (uint32_t bit = 0; bit < 32; ++bit) result[bit] = both(a[bit], operand[bit]);
      return result;
    case 0x60: return shifted(a, operand, true);
    case 0x70: return shifted(a, operand, false);
    case 0x80: return sum(constant(0), each_inverse(a), kTrue);
    case 0xa0:
      for (uint32_t bit = 0; bit < 32; ++bit) result[bit] = differ(a[bit], operand[bit]);
      return result;
    default: gave_up_ = true; return result;  // no such instruction is admitted
  }
}

Bits NaiveEngine::sum(const Bits& a, const Bits& b, Node carry) {
  Bits result;
  for (uint32_t bit = 0; bit < 32; ++bit) {
    result[bit] = differ(a[bit], differ(b[bit], carry));
    carry = either(both(a[bit], b[bit]), both(carry, either(a[bit], b[bit])));
  }
  return result;
}

Bits NaiveEngine::each_inverse(const Bits& a) {
  Bits result;
  for (uint32_t bit = 0; bit < 32; ++bit) result[bit] = inverse(a[bit]);
  return result;
}

Bits NaiveEngine::select(Node condition, const Bits& yes, const Bits& no) {
  Bits result;
  for (uint32_t bit = 0; bit < 32; ++bit) result[bit] = choose(condition, yes[bit], no[bit]);
  return result;
}

// As written by hand: the first factor, moved, for each bit of the second.
Bits NaiveEngine::product(const Bits& a, const Bits& b) {
  Bits result{}, moved = a;
  for (uint32_t bit = 0; bit < 32 && !gave_up_; ++bit) {
    result = select(b[bit], sum(result, moved, kFalse), result);
    for (uint32_t i = 32; i-- > 1;) moved[i] = moved[i - 1];
    moved[0] = kFalse;
  }
  return result;
}

// As written by hand; the rest is never longer than what was read of the dividend. By 0: any value, as the program has
// ended.
Bits NaiveEngine::quotient(const Bits& a, const Bits& b) {
  Bits result{}, rest{};
  for (uint32_t bit = 32; bit-- > 0 && !gave_up_;) {
    for (uint32_t i = 32; i-- > 1;) rest[i] = rest[i - 1];
    rest[0] = a[bit];
    result[bit] = at_least(rest, b);
    rest = select(result[bit], sum(rest, each_inverse(b), kTrue), rest);
  }
  return result;
}

// By the low five bits of the amount: one stage for each of them.
Bits NaiveEngine::shifted(const Bits& a, const Bits& by, bool is_left) {
  Bits result = a;
  for (uint32_t stage = 0; stage < 5; ++stage) {
    Bits moved{};
    for (uint32_t bit = 0; bit < 32; ++bit) {
      const uint32_t from = is_left ? bit - (1u << stage) : bit + (1u << stage);
      moved[bit] = from < 32 ? result[from] : kFalse;
    }
    result = select(by[stage], moved, result);
  }
  return result;
}

// From the lowest bit up, so that the highest that differs decides.
Node NaiveEngine::at_least(std::span<const Node> a, std::span<const Node> b) {
  Node result = kTrue;
  for (size_t bit = 0; bit < a.size(); ++bit)
    result = either(both(a[bit], inverse(b[bit])), both(inverse(differ(a[bit], b[bit])), result));
  return result;
}

Node NaiveEngine::relates(uint16_t code, const Bits& a, const Bits& operand) {
  Node result = kFalse;
  switch (code & 0xf0) {
    case 0x10:
      for (uint32_t bit = 0; bit < 32; ++bit) result = either(differ(a[bit], operand[bit]), result);
      return inverse(result);
    case 0x20: return inverse(at_least(operand, a));
    case 0x30: return at_least(a, operand);
    default:
      for (uint32_t bit = 0; bit < 32; ++bit) result = either(both(a[bit], operand[bit]), result);
      return result;
  }
}

}  // namespace cordon::engines
