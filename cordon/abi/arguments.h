// Names, slots and widths of system call arguments, per ABI.
//
//   abi::find_argument("openat", "flags", Arch::x86_64)   // slot 2, 32 bits
//   abi::find_argument("clone", "clone_flags", Arch::s390x)->slot == 1
//   abi::find_argument("mmap", "prot", Arch::i386)        // no slot: i386's mmap takes one pointer
//
// The names are the kernel prototype's; a few aliases that people write ("flags" for clone_flags) are in
// data/ too.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "cordon/abi/arch.h"
#include "cordon/abi/search.h"

namespace cordon::abi {

struct Argument {
  std::string_view name;
  std::string_view type;  // the prototype's, "unsigned int"
  uint8_t slot = 0;       // register 0..5
  uint8_t bits = 64;      // how many low bits the kernel reads: 16, 32 or 64 (32 at most on a 32-bit ABI)
  bool is_pointer = false;
  bool is_signed = false;
};

// Why an argument cannot be tested on an ABI.
enum class ArgumentAbsence : uint8_t {
  unknown_name,  // no prototype of the call has such an argument: a typo
  not_in_slots,  // the call has it, but this ABI passes it in memory or split over two registers: hidden
};

struct ArgumentLookup {
  std::optional<Argument> argument;
  ArgumentAbsence absence = ArgumentAbsence::unknown_name;  // if there is no argument
};

namespace tables {

struct ArgumentEntry {
  uint16_t name;
  uint8_t type;
  uint8_t slot;  // kHiddenSlot: not in a register of its own
  uint8_t bits;
  uint8_t flags;  // 1: pointer, 2: signed
};

struct ArgumentLayout {
  uint16_t begin;
  uint8_t count;
  uint8_t slots;
};

struct Prototype {
  std::string_view syscall;
  uint16_t layout;
  uint16_t names;
  uint8_t name_count;
};

struct SpecialLayout {
  uint16_t prototype;
  Arch arch;
  uint16_t layout;
};

struct ArgumentAlias {
  std::string_view syscall;  // "*": any call
  std::string_view alias;
  std::string_view argument;
};

using namespace std::string_view_literals;
#include "cordon/abi/tables/arguments.inc"

inline constexpr uint8_t kHiddenSlot = 255;

// An index, as sanitizers keep comparisons of pointers with null out of constant expressions.
inline constexpr std::optional<size_t> find_prototype(std::string_view syscall) {
  size_t count = std::size(kPrototypes);
  size_t at =
      first_not_below(count, [syscall](size_t i) { return compare_names(kPrototypes[i].syscall, syscall) < 0; });
  if (at < count && compare_names(kPrototypes[at].syscall, syscall) == 0) return at;
  return std::nullopt;
}

inline constexpr const ArgumentLayout& layout_of(size_t index, Arch arch) {
  size_t count = std::size(kSpecialLayouts);
  size_t at = first_not_below(count, [index, arch](size_t i) {
    const SpecialLayout& one = kSpecialLayouts[i];
    return one.prototype != index ? one.prototype < index : one.arch < arch;
  });
  bool special = at < count && kSpecialLayouts[at].prototype == index && kSpecialLayouts[at].arch == arch;
  return kArgumentLayouts[special ? kSpecialLayouts[at].layout : kPrototypes[index].layout];
}

inline constexpr std::span<const ArgumentEntry> entries_of(size_t prototype, Arch arch) {
  const ArgumentLayout& layout = layout_of(prototype, arch);
  return {kArgumentEntries + layout.begin, layout.count};
}

inline constexpr Argument argument_of(const ArgumentEntry& entry, Arch arch) {
  uint8_t word_bits = info(arch).word_bits;
  return {kArgumentNames[entry.name],
          kArgumentTypes[entry.type],
          entry.slot,
          entry.bits < word_bits ? entry.bits : word_bits,
          (entry.flags & 1) != 0,
          (entry.flags & 2) != 0};
}

inline constexpr ArgumentLookup find_by_name(size_t prototype, std::string_view argument, Arch arch) {
  for (const ArgumentEntry& entry : entries_of(prototype, arch)) {
    if (kArgumentNames[entry.name] != argument) continue;
    if (entry.slot == kHiddenSlot) return {std::nullopt, ArgumentAbsence::not_in_slots};
    return {argument_of(entry, arch), ArgumentAbsence::unknown_name};
  }
  const Prototype& whole = kPrototypes[prototype];
  for (size_t i = 0; i < whole.name_count; ++i)
    if (kPrototypeNames[whole.names + i] == argument) return {std::nullopt, ArgumentAbsence::not_in_slots};
  return {};
}

}  // namespace tables

// A true name of the prototype wins over an alias. A name that only another ABI's form of the call has is
// not_in_slots.
inline constexpr ArgumentLookup find_argument(std::string_view syscall, std::string_view argument, Arch arch) {
  const std::optional<size_t> prototype = tables::find_prototype(syscall);
  if (!prototype) return {};
  auto found = [](const ArgumentLookup& lookup) {
    return lookup.argument.has_value() || lookup.absence == ArgumentAbsence::not_in_slots;
  };
  ArgumentLookup direct = tables::find_by_name(*prototype, argument, arch);
  if (found(direct)) return direct;
  for (std::string_view owner : {syscall, std::string_view("*")}) {
    for (const tables::ArgumentAlias& alias : tables::kArgumentAliases) {
      if (alias.alias != argument || alias.syscall != owner) continue;
      ArgumentLookup aliased = tables::find_by_name(*prototype, alias.argument, arch);
      if (found(aliased)) return aliased;
    }
  }
  return {};
}

// The argument in a register slot of the call on that ABI; no value where the call has fewer, where the
// prototype is not known, and where the register holds half of a 64-bit value.
inline constexpr std::optional<Argument> argument_at(std::string_view syscall, unsigned slot, Arch arch) {
  const std::optional<size_t> prototype = tables::find_prototype(syscall);
  if (!prototype) return std::nullopt;
  for (const tables::ArgumentEntry& entry : tables::entries_of(*prototype, arch))
    if (entry.slot == slot) return tables::argument_of(entry, arch);
  return std::nullopt;
}

// What decides how the kernel reads the register slots 0 to 5 of the call: calls for which this is the same number have
// arguments of the same widths and kinds in the same slots. Never 0.
inline constexpr uint64_t slots_in_one_number(std::string_view syscall, Arch arch) {
  constexpr unsigned kBitsOfSlot = 9;
  constexpr unsigned kSlots = 6;
  uint64_t slots = uint64_t{1} << kSlots * kBitsOfSlot;
  const std::optional<size_t> prototype = tables::find_prototype(syscall);
  if (!prototype) return slots;
  for (const tables::ArgumentEntry& entry : tables::entries_of(*prototype, arch)) {
    if (entry.slot >= kSlots) continue;
    const Argument argument = tables::argument_of(entry, arch);
    const uint64_t one = argument.bits | uint64_t{argument.is_signed} << 7 | uint64_t{argument.is_pointer} << 8;
    slots |= one << entry.slot * kBitsOfSlot;
  }
  return slots;
}

// How many register slots the call uses on that ABI, registers that hold half of a value and those left out
// before an aligned pair included; 6 where the prototype is not known.
inline constexpr unsigned argument_count(std::string_view syscall, Arch arch) {
  const std::optional<size_t> prototype = tables::find_prototype(syscall);
  return prototype ? tables::layout_of(*prototype, arch).slots : 6;
}

// The names of all arguments of a call on any ABI, for messages.
inline constexpr std::span<const std::string_view> argument_names(std::string_view syscall) {
  const std::optional<size_t> prototype = tables::find_prototype(syscall);
  if (!prototype) return {};
  const tables::Prototype& whole = tables::kPrototypes[*prototype];
  return {tables::kPrototypeNames + whole.names, whole.name_count};
}

}  // namespace cordon::abi
