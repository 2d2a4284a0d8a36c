// What instructions compute and compare, and which registers they read.
//
//   operator_of(bpf::kAddX)             // Operator::add
//   live_before(insn, kLiveA)           // what has to be known before it, so that A is known after it
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "cordon/bpf/program.h"
#include "cordon/prove/expression.h"

namespace cordon::prove {

enum class Relation : uint8_t { eq, gt, ge, set };  // set: left & right != 0

inline constexpr uint32_t kLiveA = 1, kLiveX = 2;

constexpr uint32_t cell_bit(uint32_t cell) { return uint32_t{1} << (2 + cell); }
constexpr unsigned class_of(uint16_t code) { return code & 7; }
constexpr bool reads_x(uint16_t code) { return (code & 8) != 0; }

inline constexpr unsigned kAlu = 4, kJump = 5;  // BPF_ALU, BPF_JMP

constexpr std::optional<Operator> operator_of(uint16_t code) {
  switch (code & 0xf0) {
    case 0x00: return Operator::add;
    case 0x10: return Operator::sub;
    case 0x20: return Operator::mul;
    case 0x30: return Operator::div;
    case 0x40: return Operator::bit_or;
    case 0x50: return Operator::bit_and;
    case 0x60: return Operator::shift_left;
    case 0x70: return Operator::shift_right;
    case 0xa0: return Operator::bit_xor;
    default: return std::nullopt;  // neg
  }
}

constexpr Relation relation_of(uint16_t code) {
  switch (code & 0xf0) {
    case 0x10: return Relation::eq;
    case 0x20: return Relation::gt;
    case 0x30: return Relation::ge;
    default: return Relation::set;
  }
}

// What is live before the instruction, given what is live after it.
constexpr uint32_t live_before(const bpf::Insn& insn, uint32_t after) {
  switch (insn.code) {
    case bpf::kLdAbs:
    case bpf::kLdLen:
    case bpf::kLdImm: return after & ~kLiveA;
    case bpf::kLdxLen:
    case bpf::kLdxImm: return after & ~kLiveX;
    case bpf::kLdMem: return (after & kLiveA) != 0 ? (after & ~kLiveA) | cell_bit(insn.k) : after;
    case bpf::kLdxMem: return (after & kLiveX) != 0 ? (after & ~kLiveX) | cell_bit(insn.k) : after;
    case bpf::kSt: return (after & cell_bit(insn.k)) != 0 ? (after & ~cell_bit(insn.k)) | kLiveA : after;
    case bpf::kStx: return (after & cell_bit(insn.k)) != 0 ? (after & ~cell_bit(insn.k)) | kLiveX : after;
    case bpf::kTax: return (after & kLiveX) != 0 ? (after & ~kLiveX) | kLiveA : after;
    case bpf::kTxa: return (after & kLiveA) != 0 ? (after & ~kLiveA) | kLiveX : after;
    case bpf::kDivX: return after | kLiveX;  // X = 0 ends the program, whoever reads A
    case bpf::kRetK: return 0;
    case bpf::kRetA: return kLiveA;
    default: break;
  }
  if (class_of(insn.code) == kAlu) return (after & kLiveA) != 0 && reads_x(insn.code) ? after | kLiveX : after;
  if (insn.code == bpf::kJa) return after;
  return after | kLiveA | (reads_x(insn.code) ? kLiveX : 0);
}

// What is live before each instruction.
std::vector<uint32_t> live_registers(const bpf::Program& program);

}  // namespace cordon::prove
