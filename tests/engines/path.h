// Finds for each instruction of a program a call that executes it, by walking the program itself: it knows
// nothing of the policy or the compiler.
//
//   Paths paths = find_paths(program, 1000);
//   if (paths.calls[pc]) ... simulate(program, *paths.calls[pc], Endian::little) comes by pc
//
// Takes the programs the compiler emits (loads of words, AND, comparisons with constants, jumps, returns);
// anything else counts as impassable.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "cordon/bpf/program.h"
#include "cordon/bpf/simulate.h"

namespace cordon::engines {

struct Paths {
  std::vector<std::optional<bpf::Input>> calls;  // by instruction
  bool complete = true;                          // false: paths were left out, so a missing call proves nothing
};

// So many different ways to each instruction are followed.
Paths find_paths(const bpf::Program& program, size_t max_ways);

}  // namespace cordon::engines
