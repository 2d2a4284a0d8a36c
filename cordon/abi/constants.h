// Named constants (O_RDONLY, TCGETS, EPERM …) with the value each ABI gives them.
//
//   abi::constant("O_DIRECTORY", Arch::arm64) == 0x4000
//   abi::families_for("ioctl", 1)       // what fits ioctl's cmd, for printing and learning
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "cordon/abi/arch.h"
#include "cordon/abi/search.h"

namespace cordon::abi {

// How the constants of one family are used.
enum class ConstantUse : uint8_t {
  one_of,  // the argument holds exactly one of them: AF_UNIX, TCGETS
  flags,   // the argument is a union of them: MAP_FIXED | MAP_NORESERVE. A field among flags is a family of
           // its own that fits the same argument: MAP_SHARED, O_RDWR, SOCK_STREAM
};

struct ConstantFamily {
  std::string_view name;  // "prot"
  ConstantUse use;
  uint64_t field_mask;  // bits of a "one of" sub-field among flags (O_ACCMODE, 0xf of socket types); 0: none.
                        // The name of the whole field, where there is one, is the last member
};

namespace tables {

struct TableSpan {
  uint16_t begin;
  uint16_t count;
};

struct ConstantDifference {
  uint16_t constant;
  uint64_t value;
};

struct FamilyRow {
  ConstantFamily family;
  uint16_t begin;
  uint16_t count;
};

struct FamilyFit {
  std::string_view syscall;
  uint8_t slot;
  uint16_t begin;
  uint8_t count;
};

inline constexpr uint8_t kNoDifferences = 255;
inline constexpr uint64_t kAbsent = UINT64_MAX - 1;  // no constant has this value

using namespace std::string_view_literals;
#include "cordon/abi/tables/constants.inc"

inline constexpr size_t kNoConstant = std::size(kConstantNames);

inline constexpr std::optional<uint64_t> present(uint64_t value) {
  return value == kAbsent ? std::nullopt : std::optional(value);
}

inline constexpr size_t constant_index(std::string_view name) {
  size_t count = std::size(kConstantNames);
  size_t at = first_not_below(count, [name](size_t i) { return compare_names(kConstantNames[i], name) < 0; });
  return at < count && compare_names(kConstantNames[at], name) == 0 ? at : kNoConstant;
}

}  // namespace tables

// All, sorted.
inline constexpr std::span<const std::string_view> constant_names() { return tables::kConstantNames; }
inline constexpr std::string_view constant_name(uint16_t index) { return tables::kConstantNames[index]; }
inline constexpr bool is_constant_name(std::string_view name) {
  return tables::constant_index(name) != tables::kNoConstant;
}

// A negative number of C's int, of which the tables hold 32 bits: AT_FDCWD, MS_NOUSER (1 << 31). In 64 bits it
// is sign-extended.
inline constexpr bool is_negative_int(std::string_view name) {
  size_t index = tables::constant_index(name);
  size_t count = std::size(tables::kNegativeConstants);
  size_t at = tables::first_not_below(count, [index](size_t i) { return tables::kNegativeConstants[i] < index; });
  return at < count && tables::kNegativeConstants[at] == index;
}

// No value where the ABI has no such constant.
inline constexpr std::optional<uint64_t> constant_value(uint16_t index, Arch arch) {
  uint8_t row = tables::kDifferencesOf[static_cast<size_t>(arch)];
  if (row != tables::kNoDifferences) {
    tables::TableSpan span = tables::kDifferences[row];
    const tables::ConstantDifference* own = tables::kConstantDifferences + span.begin;
    size_t at = tables::first_not_below(span.count, [own, index](size_t i) { return own[i].constant < index; });
    if (at < span.count && own[at].constant == index) return tables::present(own[at].value);
  }
  return tables::present(tables::kConstantValues[index]);
}

inline constexpr std::optional<uint64_t> constant(std::string_view name, Arch arch) {
  size_t index = tables::constant_index(name);
  if (index == tables::kNoConstant) return std::nullopt;
  return constant_value(static_cast<uint16_t>(index), arch);
}

// The families whose constants fit an argument (slot numbers of x86_64's prototype), most specific
// first; empty where the argument is no set of constants.
inline constexpr std::span<const uint8_t> families_for(std::string_view syscall, unsigned slot) {
  size_t count = std::size(tables::kFamilyFits);
  size_t at = tables::first_not_below(count, [syscall, slot](size_t i) {
    const tables::FamilyFit& fit = tables::kFamilyFits[i];
    return fit.syscall != syscall ? fit.syscall < syscall : fit.slot < slot;
  });
  if (at == count || tables::kFamilyFits[at].syscall != syscall || tables::kFamilyFits[at].slot != slot) return {};
  return {tables::kFittingFamilies + tables::kFamilyFits[at].begin, tables::kFamilyFits[at].count};
}

inline constexpr const ConstantFamily& family(uint8_t index) { return tables::kFamilies[index].family; }

inline constexpr std::optional<uint8_t> find_family(std::string_view name) {
  for (size_t i = 0; i < std::size(tables::kFamilies); ++i)
    if (tables::kFamilies[i].family.name == name) return static_cast<uint8_t>(i);
  return std::nullopt;
}

// The members of a family by index, in order of the data file.
inline constexpr std::span<const uint16_t> family_members(uint8_t family) {
  const tables::FamilyRow& row = tables::kFamilies[family];
  return {tables::kFamilyMembers + row.begin, row.count};
}

// The name for a value among the members of a family, the first in the data file's order where several
// have it; empty where none is exact.
inline constexpr std::string_view constant_for_value(uint8_t family, uint64_t value, Arch arch) {
  for (uint16_t member : family_members(family))
    if (constant_value(member, arch) == value) return constant_name(member);
  return {};
}

namespace tables {
inline constexpr uint8_t kErrnoFamily = *find_family("errno");
}

// errno names are constants of the family "errno": the number for an ABI, and the preferred name back.
inline constexpr std::optional<uint16_t> errno_number(std::string_view name, Arch arch) {
  const size_t index = tables::constant_index(name);
  for (uint16_t member : family_members(tables::kErrnoFamily)) {
    if (member != index) continue;
    std::optional<uint64_t> value = constant_value(member, arch);
    return value ? std::optional(static_cast<uint16_t>(*value)) : std::nullopt;
  }
  return std::nullopt;
}

inline constexpr std::string_view errno_symbol(uint16_t number, Arch arch) {
  return constant_for_value(tables::kErrnoFamily, number, arch);
}

}  // namespace cordon::abi
