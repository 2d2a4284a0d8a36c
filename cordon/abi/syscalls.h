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
#include <iterator>
#include <optional>
#include <span>
#include <string_view>

#include "cordon/abi/arch.h"
#include "cordon/abi/kernel_version.h"
#include "cordon/abi/search.h"

namespace cordon::abi {

struct NumberedName {
  uint32_t number;
  std::string_view name;
};

namespace tables {

// One ABI's part of kByNumber, and one above its highest ordinary number.
struct NumberColumn {
  uint16_t begin;
  uint16_t count;
  uint32_t end;
};

struct SinceOverride {
  uint16_t name;
  uint8_t column;
  uint16_t version;  // as in kSince
};

using namespace std::string_view_literals;
#include "cordon/abi/tables/syscalls.inc"

inline constexpr size_t kSyscallNameCount = std::size(kSyscallNames);
inline constexpr size_t kNoSyscall = kSyscallNameCount;

inline constexpr size_t syscall_index(std::string_view name) {
  size_t at =
      first_not_below(kSyscallNameCount, [name](size_t i) { return compare_names(kSyscallNames[i], name) < 0; });
  return at < kSyscallNameCount && compare_names(kSyscallNames[at], name) == 0 ? at : kNoSyscall;
}

inline constexpr int32_t number_in_column(uint8_t column, size_t name) {
  return kNumbers[column * kSyscallNameCount + name];
}

inline constexpr std::optional<KernelVersion> unpack_version(uint16_t packed) {
  if (packed == 0) return std::nullopt;
  return KernelVersion{static_cast<uint16_t>(packed / 256), static_cast<uint16_t>(packed % 256)};
}

inline constexpr std::optional<KernelVersion> since_of(size_t name, uint8_t column) {
  const size_t count = std::size(kSinceOverrides);
  const size_t at = first_not_below(count, [name, column](size_t i) {
    const SinceOverride& one = kSinceOverrides[i];
    return one.name != name ? one.name < name : one.column < column;
  });
  const bool is_own = at < count && kSinceOverrides[at].name == name && kSinceOverrides[at].column == column;
  if (is_own) return unpack_version(kSinceOverrides[at].version);
  return name == kNoSyscall ? std::nullopt : unpack_version(kSince[name]);
}

}  // namespace tables

inline constexpr std::optional<uint32_t> number_of(std::string_view name, Arch arch) {
  size_t index = tables::syscall_index(name);
  if (index == tables::kNoSyscall) return std::nullopt;
  int32_t number = tables::number_in_column(info(arch).column, index);
  if (number < 0) return std::nullopt;
  return static_cast<uint32_t>(number);
}

// The calls of one ABI in order of number: size and element.
inline constexpr size_t syscall_count(Arch arch) { return tables::kNumberSpans[info(arch).column].count; }

// index must be below syscall_count(arch).
inline constexpr NumberedName syscall_at(Arch arch, size_t index) {
  uint8_t column = info(arch).column;
  size_t at = tables::kByNumber[tables::kNumberSpans[column].begin + index];
  return {static_cast<uint32_t>(tables::number_in_column(column, at)), tables::kSyscallNames[at]};
}

// Empty where the table has none.
inline constexpr std::string_view name_of(uint32_t number, Arch arch) {
  size_t count = syscall_count(arch);
  size_t at = tables::first_not_below(count, [&](size_t i) { return syscall_at(arch, i).number < number; });
  if (at == count) return {};
  NumberedName found = syscall_at(arch, at);
  return found.number == number ? found.name : std::string_view();
}

// Of a call as a filter sees it; empty where no table has it.
inline constexpr std::string_view name_of_call(uint32_t audit_arch, uint32_t nr) {
  const std::optional<Arch> arch = arch_of_call(audit_arch, nr);
  return arch ? name_of(nr, *arch) : std::string_view();
}

// The place of a name in syscall_names(); their number for a name that is none.
inline constexpr size_t syscall_index(std::string_view name) { return tables::syscall_index(name); }

// On any ABI.
inline constexpr bool is_syscall_name(std::string_view name) {
  return tables::syscall_index(name) != tables::kNoSyscall;
}

// All, sorted.
inline constexpr std::span<const std::string_view> syscall_names() { return tables::kSyscallNames; }

// One above the highest number of the ABI's ordinary table (arm's private numbers and the like not
// counted); a number from here up that no table entry has is "newer than cordon knows".
inline constexpr uint32_t table_end(Arch arch) { return tables::kNumberSpans[info(arch).column].end; }

// The first kernel with the call on any ABI; no value where that is not known (never implemented).
inline constexpr std::optional<KernelVersion> since(std::string_view name) {
  size_t index = tables::syscall_index(name);
  return index == tables::kNoSyscall ? std::nullopt : tables::unpack_version(tables::kSince[index]);
}

// The first kernel with the call's number on that ABI, where it came there later than elsewhere (i386's socket);
// otherwise as above.
inline constexpr std::optional<KernelVersion> since(std::string_view name, Arch arch) {
  return tables::since_of(tables::syscall_index(name), info(arch).column);
}

// The same of syscall_at(arch, index), without a search for the name.
inline constexpr std::optional<KernelVersion> since_at(Arch arch, size_t index) {
  const uint8_t column = info(arch).column;
  return tables::since_of(tables::kByNumber[tables::kNumberSpans[column].begin + index], column);
}

// The first kernel without it again.
inline constexpr std::optional<KernelVersion> removed_in(std::string_view name) {
  size_t index = tables::syscall_index(name);
  return index == tables::kNoSyscall ? std::nullopt : tables::unpack_version(tables::kRemovedIn[index]);
}

// The newest kernel whose calls the tables hold.
inline constexpr KernelVersion newest_kernel() { return *tables::unpack_version(tables::kNewestKernel); }

}  // namespace cordon::abi
