// Asks the running kernel what a filter answers, without executing anything: every return value is replaced
// by an errno of its own, so that no call gets past the filter.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "cordon/bpf/program.h"
#include "cordon/policy/call.h"

namespace cordon::engines {

// Whether a call can be made from here: x86_64 by `syscall`, i386 by `int $0x80`.
bool can_call(const Call& call);

struct KernelAnswer {
  Call call;         // with the instruction pointer it really had
  uint32_t ret = 0;  // the program's own return value
};

// No value: filters cannot be installed here (not x86_64, seccomp refused).
std::optional<std::vector<KernelAnswer>> run_in_kernel(const bpf::Program& program, const std::vector<Call>& calls);

}  // namespace cordon::engines
