// What a program costs: converted instructions, paths, and what the kernel answers from its bitmap.
#pragma once

#include <cstdint>

#include "cordon/abi/arch.h"
#include "cordon/bpf/program.h"

namespace cordon::bpf {

// Follows seccomp_is_const_allow (5.11): knowing only arch and number, does the program end at
// RET K with exactly 0x7fff0000? `steps` is what the kernel's emulator did to find out.
struct ConstAllow {
  bool answer = false;
  uint32_t steps = 0;
};
ConstAllow is_const_allow(const Program& program, uint32_t audit_arch, uint32_t nr);

// May a kernel have a bit for the number? It has bits for the table of each of its architectures, but none for x32's
// calls, arm's private ones, and those of mips and sparc: the filter runs for all of them.
bool has_bitmap_place(uint32_t audit_arch, uint32_t nr);

struct Cost {
  uint32_t insn_count = 0;
  uint32_t converted_count = 0;  // eBPF instructions after the kernel's conversion, its limit's unit
  uint32_t longest_path = 0;
};
Cost cost(const Program& program);

}  // namespace cordon::bpf
