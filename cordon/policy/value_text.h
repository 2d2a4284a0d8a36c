// A value of an argument in the names that the call's constants give it.
//
//   openat's flags 0x80000 is "O_RDONLY|O_CLOEXEC", socket's family 2 "AF_INET", a descriptor "3"
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "cordon/abi/arch.h"

namespace cordon::policy {

struct ArgumentPlace {
  std::string_view syscall;  // empty: no table has the number
  unsigned slot = 0;
  Arch arch = Arch::x86_64;
};

// The families of constants the argument takes; none where no table knows it.
std::span<const uint8_t> constant_families(const ArgumentPlace& place);

// The value of the bits that the kernel reads.
std::string value_text(const ArgumentPlace& place, uint64_t value);
// Only names: "PROT_READ|PROT_EXEC", "O_ACCMODE"; hexadecimal for what has none.
std::string mask_text(const ArgumentPlace& place, uint64_t mask);
// A value under a mask: "O_RDONLY" for 0 under O_ACCMODE, plain 0 where no constant fits exactly.
std::string masked_value_text(const ArgumentPlace& place, uint64_t mask, uint64_t value);

}  // namespace cordon::policy
