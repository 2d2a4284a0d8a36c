// Runs a program as the kernel does, and counts.
#pragma once

#include <cstdint>
#include <vector>

#include "cordon/abi/arch.h"
#include "cordon/bpf/program.h"

namespace cordon::bpf {

// struct seccomp_data by fields; `words` gives it in the byte order the program was made for.
struct Input {
  uint32_t nr = 0;
  uint32_t audit_arch = 0;
  uint64_t instruction_pointer = 0;
  uint64_t args[6] = {};
};

struct Run {
  uint32_t ret = 0;      // the raw return value
  uint32_t steps = 0;    // instructions executed, the return included
  uint32_t last_pc = 0;  // the instruction that returned
};

// Never fails and always ends: a Program jumps only forward. DIV by X = 0 returns 0, shifts by X use the
// low five bits, as the kernel's JITs do.
Run simulate(const Program& program, const Input& input, Endian endian);

// Which instructions were executed, for coverage: one mark per instruction.
Run simulate_marking(const Program& program, const Input& input, Endian endian, std::vector<bool>& executed);

// The answer of stacked filters, newest last: the lowest signed action wins, the newest's data between equals.
uint32_t simulate_stack(std::span<const Program> programs, const Input& input, Endian endian);

}  // namespace cordon::bpf
