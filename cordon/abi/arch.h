// The system call ABIs Linux has, as seccomp sees them.
//
//   std::optional<Arch> arch = abi::find_arch("aarch64");   // arm64, by any of its names
//   abi::info(Arch::i386).audit_arch == 0x40000003
//
// An ABI that shares its audit value with another is told apart by its numbers: x32 is x86_64's value
// with numbers from 0x40000000 up.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace cordon {

// In the order of data/audit_arch.csv.
enum class Arch : uint8_t {
  x86_64, x32, i386, arm64, arm, armeb, riscv64, riscv32, ppc, ppc64, ppc64le, s390, s390x,
  mips, mipsel, mips64, mipsel64, mips64n32, mipsel64n32, loongarch64, loongarch32, m68k, parisc,
  parisc64, sh, sheb, sparc, sparc64, alpha, arc,
};

enum class Endian : uint8_t { little, big };

namespace abi {

struct ArchInfo {
  Arch arch;
  std::string_view name;         // cordon's own: "x86_64"
  uint32_t audit_arch;           // seccomp_data.arch
  std::string_view audit_name;   // "AUDIT_ARCH_X86_64"
  uint8_t word_bits;             // 32 or 64: how many bits of an argument register the kernel reads.
                                 // x32 has 64, as its registers do
  Endian endian;
  std::string_view scmp_name;    // "SCMP_ARCH_X86_64", empty where libseccomp has none
  std::string_view systemd_name; // "x86-64"
  std::string_view go_name;      // GOARCH, "amd64"
  std::string_view libseccomp_name;
  std::string_view machine;      // uname -m
  uint8_t column;                // of the number table
};

constexpr std::span<const ArchInfo> arches();
constexpr const ArchInfo& info(Arch arch);
constexpr std::string_view name(Arch arch) ;

// By cordon's name or any alias (libseccomp's, Go's, systemd's, SCMP_ARCH_…, uname's where unambiguous).
constexpr std::optional<Arch> find_arch(std::string_view name);

// The ABI cordon was built for.
constexpr Arch native_arch();

// The ABI a call came in by: the audit value together with the number (x32).
constexpr std::optional<Arch> arch_of_call(uint32_t audit_arch, uint32_t nr);

inline constexpr uint32_t kX32Bit = 0x40000000;

}  // namespace abi
}  // namespace cordon
