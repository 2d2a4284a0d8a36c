// Numbers and names of the system calls of every ABI, and the kernel each came with.
//
//   abi::number_of("openat", Arch::arm64) == 56
//   abi::name_of(257, Arch::x86_64) == "openat"
//
// Constant tables made from data/ by tools/gen_tables.py: nothing is built at run time, look-ups are
// binary searches and usable in constant expressions. Numbers are those of seccomp_data.nr (x32 with its
// bit, mips with its offset).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "cordon/abi/arch.h"
#include "cordon/abi/kernel_version.h"

namespace cordon::abi {

struct NumberedName {
  uint32_t number;
  std::string_view name;
};

constexpr std::optional<uint32_t> number_of(std::string_view name, Arch arch);
constexpr std::string_view name_of(uint32_t number, Arch arch);  // empty where the table has none
constexpr bool is_syscall_name(std::string_view name);           // on any ABI
constexpr std::span<const std::string_view> syscall_names();     // all, sorted

// The calls of one ABI in order of number: size and element.
constexpr size_t syscall_count(Arch arch);
constexpr NumberedName syscall_at(Arch arch, size_t index);

// One above the highest number of the ABI's ordinary table (arm's private numbers and the like not
// counted); a number from here up that no table entry has is "newer than cordon knows".
constexpr uint32_t table_end(Arch arch);

// The first kernel with the call on any ABI; no value where that is not known (never implemented).
constexpr std::optional<KernelVersion> since(std::string_view name);
constexpr std::optional<KernelVersion> removed_in(std::string_view name);
// The newest kernel whose calls the tables hold.
constexpr KernelVersion newest_kernel();

}  // namespace cordon::abi
