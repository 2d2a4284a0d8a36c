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

namespace cordon::abi {

struct Argument {
  std::string_view name;
  std::string_view type;     // the prototype's, "unsigned int"
  uint8_t slot = 0;          // register 0..5
  uint8_t bits = 64;         // how many low bits the kernel reads: 16, 32 or 64 (32 at most on a 32-bit ABI)
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

constexpr ArgumentLookup find_argument(std::string_view syscall, std::string_view argument, Arch arch);

// The argument in a register slot of the call on that ABI; no value where the call has fewer, or where
// the prototype is not known.
constexpr std::optional<Argument> argument_at(std::string_view syscall, unsigned slot, Arch arch);

// How many register slots the call uses on that ABI; 6 where the prototype is not known.
constexpr unsigned argument_count(std::string_view syscall, Arch arch);

// The names of all arguments of a call on any ABI, for messages.
constexpr std::span<const std::string_view> argument_names(std::string_view syscall);

}  // namespace cordon::abi
