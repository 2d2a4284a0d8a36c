// For how many values of a call's arguments something holds, exactly.
//
//   ValueCount found = *count_values(manager, below_number, leaf, Endian::little);
//   found.count == 1, found.bits == 32, found.low_of == 1 << 1        one value of arg1's lower half
//
// What is counted are the 32-bit words that matter: a test of a 32-bit argument is told of 2^32 values, whatever the
// upper half and the other arguments.
#pragma once

#include <cstdint>
#include <optional>

#include "cordon/abi/arch.h"
#include "cordon/base/wide_unsigned.h"
#include "cordon/diagram/manager.h"

namespace cordon::prove {

struct ValueCount {
  base::WideUnsigned count;
  unsigned bits = 0;  // of 2^bits
  // The halves of operands that matter: bit 0..5 an argument slot, bit 6 the instruction pointer.
  uint8_t low_of = 0, high_of = 0;

  bool operator==(const ValueCount&) const = default;
};

// Where the function, which asks operands only, has this leaf. None if the manager is exhausted.
std::optional<ValueCount> count_values(diagram::Manager& manager, diagram::Node function, diagram::Node leaf,
                                       Endian endian);

}  // namespace cordon::prove
