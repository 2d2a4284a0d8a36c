// Where the words of struct seccomp_data stand, and in which order a diagram asks them.
//
// Word i is the 32 bits at offset 4 i, so that a program's loads are words whatever the byte order; which
// word of an argument is the high one depends on the machine.
#pragma once

#include <array>
#include <optional>

#include "cordon/abi/arch.h"
#include "cordon/bpf/insn.h"
#include "cordon/diagram/order.h"
#include "cordon/diagram/sets.h"
#include "cordon/diagram/walk.h"
#include "cordon/policy/call.h"
#include "cordon/policy/resolved_policy.h"

namespace cordon::prove {

inline constexpr diagram::Word kNrWord = bpf::kOffsetNr / 4;
inline constexpr diagram::Word kArchWord = bpf::kOffsetArch / 4;

// The words of an argument slot 0..5 or of ResolvedTest::kInstructionPointer.
constexpr diagram::Operand words_of(uint8_t operand, Endian endian) {
  const uint32_t offset =
      operand == ResolvedTest::kInstructionPointer ? bpf::kOffsetIp : bpf::kOffsetArgs + 8u * operand;
  const auto first = static_cast<diagram::Word>(offset / 4);
  const auto second = static_cast<diagram::Word>(first + 1);
  return endian == Endian::little ? diagram::Operand{second, first} : diagram::Operand{first, second};
}

// Bit w: word w is the upper half of an argument or of the instruction pointer.
constexpr uint16_t upper_words(Endian endian) {
  uint16_t words = 0;
  for (uint8_t operand = 0; operand <= ResolvedTest::kInstructionPointer; ++operand)
    words |= static_cast<uint16_t>(1u << *words_of(operand, endian).high);
  return words;
}

// The call whose words these are.
inline Call call_at(const diagram::Point& point, Endian endian) {
  auto value = [&](uint8_t operand) {
    const diagram::Operand words = words_of(operand, endian);
    return uint64_t{point[*words.high]} << 32 | point[words.low];
  };
  Call call{point[kNrWord], point[kArchWord], value(ResolvedTest::kInstructionPointer), {}};
  for (uint8_t slot = 0; slot < 6; ++slot) call.args[slot] = value(slot);
  return call;
}

}  // namespace cordon::prove
