// Values as written to numbers: constants of the target's ABI, |, ~ and unary minus in the width of what
// they are compared with.
//
//   -1 in 32 bits is 0xffffffff, ~0xff is 0xffffff00, AT_FDCWD is 0xffffff9c
//   -1 in 64 bits is 64 ones, AT_FDCWD is 0xffffffffffffff9c
//   -0x100000000 is no value of 32 bits; ~0xffffffffffffff00 is one, 0xff
#pragma once

#include <cstdint>
#include <optional>

#include "cordon/abi/arch.h"
#include "cordon/policy/condition.h"

namespace cordon::policy {

// A number and whether it can be a value of the width. One that cannot equals none and counts as greater than
// all that can, whatever its bits; as a mask its bits count.
struct WidthValue {
  uint64_t bits = 0;  // the low 64 of the exact result
  bool fits = true;
};

struct ValueContext {
  uint32_t rule = 0;  // for messages
  Arch arch = Arch::x86_64;
  unsigned width = 64;
};

// No value: a name that is no constant, or none of this ABI. resolve() tells which.
std::optional<WidthValue> resolve_value(const Value& value, const ValueContext& context);

}  // namespace cordon::policy
