// Bits that change how credentials change, by name: capabilities(7), include/uapi/linux/securebits.h up to Linux 6.18.
//
//   std::optional<uint32_t> bit = abi::find_securebit("noroot_locked");   // 2
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cordon::abi {

struct Securebit {
  std::string_view name;
  uint32_t bit;
};

// Each has a lock beside it, which keeps it as it is for ever.
inline constexpr std::array<Securebit, 12> kSecurebits = {{{"noroot", 1u << 0},
                                                           {"noroot_locked", 1u << 1},
                                                           {"no_setuid_fixup", 1u << 2},
                                                           {"no_setuid_fixup_locked", 1u << 3},
                                                           {"keep_caps", 1u << 4},
                                                           {"keep_caps_locked", 1u << 5},
                                                           {"no_cap_ambient_raise", 1u << 6},
                                                           {"no_cap_ambient_raise_locked", 1u << 7},
                                                           {"exec_restrict_file", 1u << 8},  // these four: 6.14
                                                           {"exec_restrict_file_locked", 1u << 9},
                                                           {"exec_deny_interactive", 1u << 10},
                                                           {"exec_deny_interactive_locked", 1u << 11}}};

constexpr std::optional<uint32_t> find_securebit(std::string_view name) {
  for (const Securebit& known : kSecurebits)
    if (known.name == name) return known.bit;
  return std::nullopt;
}

}  // namespace cordon::abi
