// Admits exactly the programs the kernel admits for seccomp: bpf_check_classic, check_load_and_stores and
// seccomp_check_filter (net/core/filter.c, kernel/seccomp.c).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cordon/base/diagnostic.h"
#include "cordon/bpf/insn.h"

namespace cordon::bpf {

// Empty: the kernel takes it. Each finding names the instruction.
Diagnostics verify(std::span<const Insn> insns);

}  // namespace cordon::bpf
