// Policies as libseccomp takes them: what they mean, and the program libseccomp makes of them.
//
//   ScmpPolicy policy{.default_action = {ActionKind::errno_, 1}};
//   policy.rules = {{SYS_getppid, {ActionKind::allow}, {SCMP_A0(SCMP_CMP_LT, 5)}}};
//   prove::compare(&meaning, std::span(&*exported(policy), 1), {}) with ResolvedPolicy meaning = meaning_of(policy)
//
// meaning_of is of x86_64 alone, and rules of one call must not overlap unless their actions are the same: libseccomp
// tries them in an order of its own.
#pragma once

#include <cstdint>
#include <vector>

#include <seccomp.h>

#include "cordon/bpf/program.h"
#include "cordon/policy/resolved_policy.h"

namespace cordon::engines {

struct ScmpRule {
  uint32_t nr = 0;
  Action action;
  std::vector<scmp_arg_cmp> compares;  // all must hold
};

struct ScmpPolicy {
  Action default_action;
  Action bad_arch{ActionKind::kill_thread, 0};  // libseccomp's own
  std::vector<ScmpRule> rules;                  // in any order; none has the default action
  uint32_t optimize = 1;                        // SCMP_FLTATR_CTL_OPTIMIZE
  std::vector<uint32_t> arches{};               // SCMP_ARCH_…; empty: the native one
};

// Arguments are compared in all their 64 bits.
ResolvedPolicy meaning_of(const ScmpPolicy& policy);

// Errors: what libseccomp refused.
Result<bpf::Program> exported(const ScmpPolicy& policy);

}  // namespace cordon::engines
