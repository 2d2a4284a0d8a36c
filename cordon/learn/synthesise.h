// From a recording to the tightest policy that lets the same run happen again.
//
//   Policy policy = learn::synthesise(recording, {.since = version});
//
// One rule for each call that was made, on the ABI it was made by, for the whole tree of programs, with
// the conditions generalise.h finds. Beside what was seen the policy has what a program cannot do
// without although a run may not show it: exit, exit_group, rt_sigreturn (sigreturn), restart_syscall,
// which the kernel itself makes a stopped program call, and futex for programs with threads.
//
// The same recording and options give the same policy. A run that took other paths may need more: merge
// several recordings (observe::merge_recordings) before making the policy.
//
// What it cannot know: calls that the vDSO usually answers are not made on one machine and are on
// another whose clock cannot be read from user space; `vdso_fallbacks` allows them.
#pragma once

#include <optional>

#include "cordon/abi/kernel_version.h"
#include "cordon/observe/recording.h"
#include "cordon/policy/policy.h"

namespace cordon {

struct SynthesiseOptions {
  enum class Arguments : uint8_t {
    none,   // calls by name only
    tight,  // with conditions
  };
  enum class Comments : uint8_t {
    none,
    brief,  // which programs, and why each condition
    full,   // with how often and when first
  };

  NamedAction default_action{{ActionKind::kill_process, 0}, {}};
  Arguments arguments = Arguments::tight;
  Comments comments = Comments::brief;
  // The kernel the policy's author knew; the recording's where not given. The newest cordon's tables know
  // is the limit.
  std::optional<KernelVersion> since;
  bool vdso_fallbacks = false;
};

namespace learn {

Policy synthesise(const Recording& recording, const SynthesiseOptions& options);

}  // namespace learn
}  // namespace cordon
