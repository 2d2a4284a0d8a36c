// Admits exactly the programs the kernel admits for seccomp: bpf_check_classic, check_load_and_stores and
// seccomp_check_filter (net/core/filter.c, kernel/seccomp.c).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cordon/base/diagnostic.h"
#include "cordon/bpf/insn.h"

namespace cordon::bpf {

// Empty: the kernel takes it. Each finding names the instruction.
Diagnostics verify(std::span<const Insn> insns);

// The same for who tells the place in other words than the number of the instruction.
struct Finding {
  std::optional<size_t> pc;  // none: about the program
  std::string code;
  std::string message;
  std::string hint;
};
std::vector<Finding> findings_in(std::span<const Insn> insns);

}  // namespace cordon::bpf
