// Conditions as written to tests of registers: for one call on one ABI.
//
//   socket(type & SOCK_TYPE_MASK == SOCK_STREAM)   arg1 & 0xf in {1}   (2 on mips)
//
// Widths are the kernel's (abi/arguments.h). An argument that this ABI passes in memory becomes a test of
// an operand from kFirstHiddenOperand up. resolve_condition.inl.h does it.
#pragma once

#include <cstdint>
#include <string_view>

#include "cordon/abi/arch.h"

namespace cordon::policy {

struct CallContext {
  uint32_t rule = 0;
  Arch arch = Arch::x86_64;
  std::string_view syscall;  // empty: a number without a name
  bool by_number = false;    // the rule names a number, so its arguments have no names
};

}  // namespace cordon::policy
