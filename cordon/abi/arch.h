// The system call ABIs Linux has, as seccomp sees them.
//
//   std::optional<Arch> arch = abi::find_arch("aarch64");   // arm64, by any of its names
//   abi::info(Arch::i386).audit_arch == 0x40000003
//
// An ABI that shares its audit value with another is told apart by its numbers: x32 is x86_64's value
// with numbers from 0x40000000 up.
#pragma once

#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>

#include "cordon/abi/search.h"

namespace cordon {

// In the order of data/arches.csv.
enum class Arch : uint8_t {
  x86_64,
  x32,
  i386,
  arm64,
  arm,
  armeb,
  riscv64,
  riscv32,
  ppc,
  ppc64,
  ppc64le,
  s390,
  s390x,
  mips,
  mipsel,
  mips64,
  mipsel64,
  mips64n32,
  mipsel64n32,
  loongarch64,
  loongarch32,
  m68k,
  parisc,
  parisc64,
  sh,
  sheb,
  sparc,
  sparc64,
  alpha,
  arc,
};

enum class Endian : uint8_t { little, big };

namespace abi {

struct ArchInfo {
  Arch arch;
  std::string_view name;        // cordon's own: "x86_64"
  uint32_t audit_arch;          // seccomp_data.arch
  std::string_view audit_name;  // "AUDIT_ARCH_X86_64"
  uint8_t word_bits;            // 32 or 64: how many bits of an argument register the kernel reads.
                                // x32 has 64, as its registers do
  Endian endian;
  std::string_view scmp_name;     // "SCMP_ARCH_X86_64", empty where libseccomp has none
  std::string_view systemd_name;  // "x86-64"
  std::string_view go_name;       // GOARCH, "amd64"
  std::string_view libseccomp_name;
  std::string_view machine;  // uname -m
  uint8_t column;            // of the number table
};

namespace tables {

struct ArchAlias {
  std::string_view alias;
  Arch arch;
};

using namespace std::string_view_literals;
#include "cordon/abi/tables/arches.inc"

}  // namespace tables

inline constexpr uint32_t kX32Bit = 0x40000000;

inline constexpr std::span<const ArchInfo> arches() { return tables::kArches; }
inline constexpr const ArchInfo& info(Arch arch) { return tables::kArches[static_cast<size_t>(arch)]; }
inline constexpr std::string_view name(Arch arch) { return info(arch).name; }

// By cordon's name or any alias (libseccomp's, Go's, systemd's, SCMP_ARCH_…, AUDIT_ARCH_…, uname's). A name
// that several ABIs share stands for the obvious one: "x86_64" is not x32, "mips" is big-endian o32.
inline constexpr std::optional<Arch> find_arch(std::string_view name) {
  using tables::kArchAliases;
  size_t count = std::size(kArchAliases);
  size_t at = tables::first_not_below(count, [name](size_t i) { return kArchAliases[i].alias < name; });
  if (at == count || kArchAliases[at].alias != name) return std::nullopt;
  return kArchAliases[at].arch;
}

// The ABI cordon was built for.
inline constexpr Arch native_arch() {
#if defined(__x86_64__) && defined(__ILP32__)
  return Arch::x32;
#elif defined(__x86_64__)
  return Arch::x86_64;
#elif defined(__i386__)
  return Arch::i386;
#elif defined(__aarch64__)
  return Arch::arm64;
#elif defined(__arm__) && defined(__ARMEB__)
  return Arch::armeb;
#elif defined(__arm__)
  return Arch::arm;
#elif defined(__riscv) && __riscv_xlen == 64
  return Arch::riscv64;
#elif defined(__riscv)
  return Arch::riscv32;
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
  return Arch::ppc64le;
#elif defined(__powerpc64__)
  return Arch::ppc64;
#elif defined(__powerpc__)
  return Arch::ppc;
#elif defined(__s390x__)
  return Arch::s390x;
#elif defined(__s390__)
  return Arch::s390;
#elif defined(__loongarch_lp64)
  return Arch::loongarch64;
#elif defined(__mips__) && _MIPS_SIM == _ABI64 && defined(__MIPSEL__)
  return Arch::mipsel64;
#elif defined(__mips__) && _MIPS_SIM == _ABI64
  return Arch::mips64;
#elif defined(__mips__) && _MIPS_SIM == _ABIN32 && defined(__MIPSEL__)
  return Arch::mipsel64n32;
#elif defined(__mips__) && _MIPS_SIM == _ABIN32
  return Arch::mips64n32;
#elif defined(__mips__) && defined(__MIPSEL__)
  return Arch::mipsel;
#elif defined(__mips__)
  return Arch::mips;
#elif defined(__m68k__)
  return Arch::m68k;
#elif defined(__hppa__)
  return Arch::parisc;
#elif defined(__sh__) && defined(__LITTLE_ENDIAN__)
  return Arch::sh;
#elif defined(__sh__)
  return Arch::sheb;
#elif defined(__sparc__) && defined(__arch64__)
  return Arch::sparc64;
#elif defined(__sparc__)
  return Arch::sparc;
#elif defined(__alpha__)
  return Arch::alpha;
#elif defined(__arc__)
  return Arch::arc;
#else
#error "cordon has no table of system calls for this processor"
#endif
}

// The ABI a call came in by: the audit value together with the number. On x86_64's value a number from
// 0x40000000 up is x32's, except -1 (a tracer's "skip"), which is x86_64's.
inline constexpr std::optional<Arch> arch_of_call(uint32_t audit_arch, uint32_t nr) {
  for (const ArchInfo& one : tables::kArches) {
    if (one.audit_arch != audit_arch) continue;
    if (one.arch == Arch::x86_64 && nr >= kX32Bit && nr != UINT32_MAX) return Arch::x32;
    return one.arch;
  }
  return std::nullopt;
}

}  // namespace abi
}  // namespace cordon
