// Named constants (O_RDONLY, TCGETS, EPERM …) with the value each ABI gives them.
//
//   abi::constant("O_DIRECTORY", Arch::arm64) == 0x4000
//   abi::constants_for("ioctl", 1)      // what fits ioctl's cmd, for printing and learning
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "cordon/abi/arch.h"

namespace cordon::abi {

constexpr std::optional<uint64_t> constant(std::string_view name, Arch arch);
constexpr bool is_constant_name(std::string_view name);
constexpr std::span<const std::string_view> constant_names();  // all, sorted

// How the constants of one family are used.
enum class ConstantUse : uint8_t {
  one_of,  // the argument holds exactly one of them: AF_UNIX, TCGETS
  flags,   // the argument is a union of them: MAP_SHARED | MAP_FIXED; a family may also hold a sub-field
           // with its own mask (O_ACCMODE, SOCK_TYPE_MASK)
};

struct ConstantFamily {
  std::string_view name;  // "prot"
  ConstantUse use;
  uint64_t field_mask;    // bits of a "one of" sub-field among flags (O_ACCMODE, 0xf of socket types); 0: none
};

// The families whose constants fit an argument (slot numbers of x86_64's prototype), most specific
// first; empty where the argument is no set of constants.
constexpr std::span<const uint8_t> families_for(std::string_view syscall, unsigned slot);
constexpr const ConstantFamily& family(uint8_t index);
constexpr std::optional<uint8_t> find_family(std::string_view name);

// The members of a family by index, in order of the data file.
constexpr std::span<const uint16_t> family_members(uint8_t family);
constexpr std::string_view constant_name(uint16_t index);
constexpr std::optional<uint64_t> constant_value(uint16_t index, Arch arch);

// errno names are constants of the family "errno": the number for an ABI, and the preferred name back.
constexpr std::optional<uint16_t> errno_number(std::string_view name, Arch arch);
constexpr std::string_view errno_symbol(uint16_t number, Arch arch);

// The name for a value among the families that fit an argument; empty where none is exact.
constexpr std::string_view constant_for_value(uint8_t family, uint64_t value, Arch arch);

}  // namespace cordon::abi
