// The opcodes seccomp admits, their names and which fields each uses: one table for verify, disassemble
// and whoever reads listings.
//
//   const OpcodeInfo* info = find_opcode(kJgeK);   // "jge", Form::branch_k
//   find_opcode(0x30) == nullptr                   // a byte load: seccomp refuses it
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "cordon/bpf/insn.h"

namespace cordon::bpf {

inline constexpr uint32_t kCellCount = 16;  // scratch cells, BPF_MEMWORDS

// How an instruction is written, and so which of jt, jf and k it uses.
enum class Form : uint8_t {
  load,       // ld [k]
  length,     // ld len
  immediate,  // ld #k
  cell,       // ld M[k], st M[k]
  alu_k,      // add #k
  alu_x,      // add x
  plain,      // neg, tax, txa
  jump,       // ja TARGET                by k
  branch_k,   // jeq #k, TARGET, TARGET   by jt and jf
  branch_x,   // jeq x, TARGET, TARGET
  ret_k,      // ret #k
  ret_a,      // ret a
};

struct OpcodeInfo {
  uint16_t code;
  std::string_view mnemonic;
  Form form;
};

std::span<const OpcodeInfo> opcodes();
const OpcodeInfo* find_opcode(uint16_t code);  // null: seccomp does not take it

constexpr bool uses_k(Form form) {
  switch (form) {
    case Form::length:
    case Form::alu_x:
    case Form::plain:
    case Form::branch_x:
    case Form::ret_a: return false;
    default: return true;
  }
}
constexpr bool is_branch(Form form) { return form == Form::branch_k || form == Form::branch_x; }

// What a classic BPF opcode that socket filters may use and seccomp may not is for; empty for opcodes
// that classic BPF does not have either.
std::optional<std::string_view> refused_opcode(uint16_t code);

}  // namespace cordon::bpf
