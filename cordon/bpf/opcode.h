// The opcodes seccomp admits, their names and which fields each uses: one table for verify, disassemble
// and whoever reads listings.
//
//   find_opcode(kJgeK)->mnemonic      // "jge"
//   find_opcode(0x30).has_value()     // false: a byte load, seccomp refuses it
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

namespace tables {

inline constexpr OpcodeInfo kOpcodes[] = {
    {kLdAbs, "ld", Form::load},       {kLdLen, "ld", Form::length},      {kLdxLen, "ldx", Form::length},
    {kLdImm, "ld", Form::immediate},  {kLdxImm, "ldx", Form::immediate}, {kLdMem, "ld", Form::cell},
    {kLdxMem, "ldx", Form::cell},     {kSt, "st", Form::cell},           {kStx, "stx", Form::cell},
    {kAddK, "add", Form::alu_k},      {kAddX, "add", Form::alu_x},       {kSubK, "sub", Form::alu_k},
    {kSubX, "sub", Form::alu_x},      {kMulK, "mul", Form::alu_k},       {kMulX, "mul", Form::alu_x},
    {kDivK, "div", Form::alu_k},      {kDivX, "div", Form::alu_x},       {kOrK, "or", Form::alu_k},
    {kOrX, "or", Form::alu_x},        {kAndK, "and", Form::alu_k},       {kAndX, "and", Form::alu_x},
    {kLshK, "lsh", Form::alu_k},      {kLshX, "lsh", Form::alu_x},       {kRshK, "rsh", Form::alu_k},
    {kRshX, "rsh", Form::alu_x},      {kXorK, "xor", Form::alu_k},       {kXorX, "xor", Form::alu_x},
    {kNeg, "neg", Form::plain},       {kJa, "ja", Form::jump},           {kJeqK, "jeq", Form::branch_k},
    {kJeqX, "jeq", Form::branch_x},   {kJgtK, "jgt", Form::branch_k},    {kJgtX, "jgt", Form::branch_x},
    {kJgeK, "jge", Form::branch_k},   {kJgeX, "jge", Form::branch_x},    {kJsetK, "jset", Form::branch_k},
    {kJsetX, "jset", Form::branch_x}, {kRetK, "ret", Form::ret_k},       {kRetA, "ret", Form::ret_a},
    {kTax, "tax", Form::plain},       {kTxa, "txa", Form::plain},
};

// Places in kOpcodes, from one; zero is none. Opcodes fit a byte; the kernel refuses the rest of the field.
struct OpcodeIndex {
  uint8_t by_code[256] = {};
  constexpr OpcodeIndex() {
    uint8_t place = 0;
    for (const OpcodeInfo& info : kOpcodes) by_code[info.code] = ++place;
  }
};
inline constexpr OpcodeIndex kOpcodeIndex;

}  // namespace tables

constexpr std::span<const OpcodeInfo> opcodes() { return tables::kOpcodes; }
// None: seccomp does not take it. By value, not as a pointer: under -fsanitize=undefined g++ 12 does not compare the
// address of an object with null in a constant expression.
constexpr std::optional<OpcodeInfo> find_opcode(uint16_t code) {
  const uint8_t place = code < 256 ? tables::kOpcodeIndex.by_code[code] : 0;
  if (place == 0) return std::nullopt;
  return tables::kOpcodes[place - 1];
}

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
