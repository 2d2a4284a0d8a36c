// What the benchmarks compile, by cordon and by libseccomp.
#pragma once

#include <string>
#include <vector>

#include <seccomp.h>

#include "cordon/bpf/program.h"
#include "cordon/policy/policy.h"

namespace cordon::bench {

// The containers profile of the machine (/usr/share/containers/seccomp.json) for x86_64, default capabilities.
// Ends the program with a message where it cannot be read.
Policy containers_profile();
// Twenty calls, three with argument tests.
Policy small_profile();

struct ScmpRule {
  std::string name;
  uint32_t ret;
  std::vector<scmp_arg_cmp> compares;
};

// The policy's rules in libseccomp's words.
struct ScmpPolicy {
  uint32_t default_ret = 0;
  std::vector<ScmpRule> rules;
};
ScmpPolicy scmp_policy(const Policy& policy);

// init, rule_add and export; `tree` is SCMP_FLTATR_CTL_OPTIMIZE 2.
std::vector<bpf::Insn> libseccomp_compile(const ScmpPolicy& policy, bool tree);

// resolve and compile.
std::vector<bpf::Insn> cordon_compile(const Policy& policy);

// Installs a filter in this process; false when the kernel refuses.
bool install(const std::vector<bpf::Insn>& insns);

// One instruction: ret allow.
std::vector<bpf::Insn> allow_all();

uint64_t now_ns();
double median(std::vector<double> values);

}  // namespace cordon::bench
