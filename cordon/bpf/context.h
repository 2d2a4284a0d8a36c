// What is certain at an instruction on every path that leads to it: which arch and number the call has,
// and which word of struct seccomp_data lies in A. For comments in listings.
//
//   //  0: ld [4]   1: jeq #0xc000003e, 2, 9   2: ld [0]
//   known_at(program)[2].audit_arch == 0xc000003e
//
// One forward pass, linear in the program. It says less than the truth, never more: values that went
// through X, the cells or arithmetic are forgotten.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "cordon/bpf/program.h"

namespace cordon::bpf {

struct Known {
  bool is_reachable = false;
  std::optional<uint32_t> audit_arch;
  std::optional<uint32_t> nr;
  // Before the instruction: A holds the word at this offset, AND a mask.
  std::optional<uint32_t> loaded_offset;
  uint32_t mask = UINT32_MAX;

  bool operator==(const Known&) const = default;
};

std::vector<Known> known_at(const Program& program);

}  // namespace cordon::bpf
