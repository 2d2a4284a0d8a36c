// Execution domains and their flags by the names of setarch(8): include/uapi/linux/personality.h.
//
//   std::optional<uint32_t> bits = abi::find_personality("addr-no-randomize");
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cordon::abi {

struct Personality {
  std::string_view name;
  uint32_t bits;
};

inline constexpr std::array<Personality, 12> kPersonalities = {{{"linux32", 0x0008},
                                                                {"uname-2.6", 0x0020000},
                                                                {"addr-no-randomize", 0x0040000},
                                                                {"fdpic-funcptrs", 0x0080000},
                                                                {"mmap-page-zero", 0x0100000},
                                                                {"addr-compat-layout", 0x0200000},
                                                                {"read-implies-exec", 0x0400000},
                                                                {"32bit", 0x0800000},
                                                                {"short-inode", 0x1000000},
                                                                {"whole-seconds", 0x2000000},
                                                                {"sticky-timeouts", 0x4000000},
                                                                {"3gb", 0x8000000}}};

constexpr std::optional<uint32_t> find_personality(std::string_view name) {
  for (const Personality& known : kPersonalities)
    if (known.name == name) return known.bits;
  return std::nullopt;
}

}  // namespace cordon::abi
