// One system call as a filter sees it: struct seccomp_data.
#pragma once

#include <array>
#include <cstdint>

#include "cordon/abi/arch.h"

namespace cordon {

struct Call {
  uint32_t nr = 0;
  uint32_t audit_arch = 0;
  uint64_t instruction_pointer = 0;
  std::array<uint64_t, 6> args{};

  bool operator==(const Call&) const = default;
};

}  // namespace cordon
