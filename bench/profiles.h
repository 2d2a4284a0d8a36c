// What the benchmarks compile, by cordon and by libseccomp.
#pragma once

#include <string>
#include <vector>

#include <seccomp.h>

#include "cordon/bpf/program.h"
#include "cordon/policy/policy.h"
#include "cordon/policy/resolved_policy.h"

namespace cordon::bench {

// The containers profile of the machine (/usr/share/containers/seccomp.json) for x86_64, default capabilities.
// Ends the program with a message where it cannot be read.
Policy containers_profile();
// The same for x86_64, i386 and x32.
Policy containers_profile_with_sub_arches();
// builtin:docker-default for the architectures of the profile above.
Policy docker_default(bool sub_arches);
// Twenty calls, three with argument tests.
Policy small_profile();
// 300 calls, every fifth with four alternatives of one or two comparisons on values of 32 and 64 bits.
Policy hard_profile();
// 480 rules on one call, each with two comparisons on two of its arguments.
Policy pairs_profile(int rules = 480);
// 3,000 values of one argument.
Policy values_profile(int values = 3000);
// 300 calls allowed, all else denied; and the other way round.
Policy allow_list();
Policy deny_list();

// How many arguments are compared.
size_t count_comparisons(const Policy& policy);

struct ScmpRule {
  std::string name;
  uint32_t ret;
  std::vector<scmp_arg_cmp> compares;
};

// The policy's rules in libseccomp's words.
struct ScmpPolicy {
  uint32_t default_ret = 0;
  std::vector<uint32_t> more_arches;  // besides the native one
  std::vector<ScmpRule> rules;
};
ScmpPolicy scmp_policy(const Policy& policy);

// init, rule_add and export; `tree` is SCMP_FLTATR_CTL_OPTIMIZE 2.
std::vector<bpf::Insn> libseccomp_compile(const ScmpPolicy& policy, bool tree);

// resolve.
ResolvedPolicy resolve(const Policy& policy);
// resolve and compile.
std::vector<bpf::Insn> cordon_compile(const Policy& policy);

// Installs a filter in this process; false when the kernel refuses.
bool install(const std::vector<bpf::Insn>& insns);

// One instruction: ret allow.
std::vector<bpf::Insn> allow_all();

uint64_t now_ns();
double median(std::vector<double> values);

}  // namespace cordon::bench
