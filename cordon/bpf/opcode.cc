#include "cordon/bpf/opcode.h"

namespace cordon::bpf {
namespace {

constexpr OpcodeInfo kOpcodes[] = {
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

}  // namespace

std::span<const OpcodeInfo> opcodes() { return kOpcodes; }

const OpcodeInfo* find_opcode(uint16_t code) {
  // Opcodes fit a byte; the kernel refuses the rest of the field.
  struct Index {
    const OpcodeInfo* by_code[256] = {};
    constexpr Index() {
      for (const OpcodeInfo& info : kOpcodes) by_code[info.code] = &info;
    }
  };
  static constexpr Index kIndex;
  return code < 256 ? kIndex.by_code[code] : nullptr;
}

std::optional<std::string_view> refused_opcode(uint16_t code) {
  switch (code) {
    case 0x28: return "half-word load";
    case 0x30: return "byte load";
    case 0x40:
    case 0x48:
    case 0x50: return "indirect load";
    case 0xb1: return "header length load";
    case 0x94:
    case 0x9c: return "remainder";
    default: return std::nullopt;
  }
}

}  // namespace cordon::bpf
