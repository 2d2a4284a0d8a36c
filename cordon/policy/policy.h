// A policy: a function from a system call to an action, as people write it.
//
// Front-ends make it, writers print it, policy::resolve turns it into numbers. First match decides. Text is
// std::string; a policy that is resolved in a constant expression views literals instead (constant_policy.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cordon/abi/arch.h"
#include "cordon/abi/kernel_version.h"
#include "cordon/base/source.h"
#include "cordon/policy/action.h"
#include "cordon/policy/rule.h"
#include "cordon/policy/sandbox_spec.h"

namespace cordon {

// The format a policy was read from: explanations and cures are given in it.
enum class PolicyFormat : uint8_t { cordon, minijail, oci };

// Where in a program's start its filter begins.
enum class StartPoint : uint8_t { before_exec, exec, entry };

// An action together with the errno's name, if it was written as one.
template <class Text>
struct BasicNamedAction {
  Action action;
  Text errno_name;
};

// A comment on lines of its own, for writers that can hold it; what stands beside a rule is Rule::comment.
template <class Text>
struct BasicPolicyComment {
  static constexpr size_t kHead = SIZE_MAX;  // above everything

  size_t before_rule = kHead;  // index of the rule it stands above; from rules.size() up: after the rules
  Text text;                   // one line, without the comment sign

  bool operator==(const BasicPolicyComment&) const = default;
};

template <class Text>
struct BasicPolicy {
  Text name;
  PolicyFormat format = PolicyFormat::cordon;
  std::vector<Arch> arches;  // empty: the native ABI
  BasicNamedAction<Text> default_action{{ActionKind::kill_process, 0}, {}};
  BasicNamedAction<Text> bad_arch{{ActionKind::kill_process, 0}, {}};
  std::optional<KernelVersion> since;
  std::optional<BasicNamedAction<Text>> unknown;  // only with since
  std::vector<BasicRule<Text>> rules;
  std::vector<BasicPolicyComment<Text>> comments;  // in order
  SandboxSpec sandbox;
  std::optional<StartPoint> start;  // what the format implies; the user's word comes first
  uint32_t filter_flags = 0;        // SECCOMP_FILTER_FLAG_* the source asks for
  // Multiplexed calls as runc resolves them: argument conditions dropped (a hole, reproduced on request).
  bool allow_unsafe_multiplexed = false;
  Sources sources;  // what the rules' spans point into
};

using NamedAction = BasicNamedAction<std::string>;
using PolicyComment = BasicPolicyComment<std::string>;
using Policy = BasicPolicy<std::string>;

}  // namespace cordon
