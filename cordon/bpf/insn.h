// Classic BPF as seccomp admits it: struct sock_filter and the opcodes.
#pragma once

#include <cstdint>

namespace cordon::bpf {

struct Insn {
  uint16_t code = 0;
  uint8_t jt = 0;
  uint8_t jf = 0;
  uint32_t k = 0;

  bool operator==(const Insn&) const = default;
};
static_assert(sizeof(Insn) == 8);

inline constexpr unsigned kMaxInsns = 4096;
// Of all filters of a process, converted (bpf/cost.h); an earlier filter counts so much more than its length.
inline constexpr unsigned kMaxInsnsPerPath = 32768;
inline constexpr unsigned kInsnsPerEarlierFilter = 4;

// Opcodes seccomp_check_filter admits (kernel/seccomp.c), by the disassembler's names.
enum Opcode : uint16_t {
  kLdAbs = 0x20,
  kLdLen = 0x80,
  kLdxLen = 0x81,
  kLdImm = 0x00,
  kLdxImm = 0x01,
  kLdMem = 0x60,
  kLdxMem = 0x61,
  kSt = 0x02,
  kStx = 0x03,
  kAddK = 0x04,
  kAddX = 0x0c,
  kSubK = 0x14,
  kSubX = 0x1c,
  kMulK = 0x24,
  kMulX = 0x2c,
  kDivK = 0x34,
  kDivX = 0x3c,
  kOrK = 0x44,
  kOrX = 0x4c,
  kAndK = 0x54,
  kAndX = 0x5c,
  kLshK = 0x64,
  kLshX = 0x6c,
  kRshK = 0x74,
  kRshX = 0x7c,
  kNeg = 0x84,
  kXorK = 0xa4,
  kXorX = 0xac,
  kJa = 0x05,
  kJeqK = 0x15,
  kJeqX = 0x1d,
  kJgtK = 0x25,
  kJgtX = 0x2d,
  kJgeK = 0x35,
  kJgeX = 0x3d,
  kJsetK = 0x45,
  kJsetX = 0x4d,
  kRetK = 0x06,
  kRetA = 0x16,
  kTax = 0x07,
  kTxa = 0x87,
};

// Offsets into struct seccomp_data. The words of a 64-bit field lie in machine order: on a little-endian
// machine the low word of argument i is at kArgs + 8 i, on a big-endian one at kArgs + 8 i + 4.
inline constexpr uint32_t kOffsetNr = 0, kOffsetArch = 4, kOffsetIp = 8, kOffsetArgs = 16, kDataSize = 64;

}  // namespace cordon::bpf
