// A policy in the bounds of a format that names calls and no numbers.
//
//   Result<CallAnswers> answers = fit(policy, resolved, {.bounds = kOciBounds, .is_lossy = false});
//
// What the format cannot say is an error that names the rule; lossy, a warning, and the answer is a stricter one.
// Two things are notes: `since` and `unknown` are left out where the calls they are for get no more by that. What is
// written is proved against the policy by the caller.
#pragma once

#include <optional>
#include <string_view>

#include "cordon/base/result.h"
#include "cordon/formats/call_answers.h"
#include "cordon/policy/policy.h"

namespace cordon::formats {

// These take an action and give the one the format has for it: the same, or the one it has that is the nearest among
// those as strict or stricter; none where it has none.
using NearestAction = std::optional<Action> (*)(Action);

struct FormatBounds {
  std::string_view name;  // "a Docker profile"
  NearestAction call_action = nullptr;
  NearestAction default_action = nullptr;
  Action bad_arch;  // what the format has for architectures it does not list
  size_t max_arches = SIZE_MAX;
  std::string_view allow_hint = {};  // how to have a policy that allows by default
};

struct FitOptions {
  FormatBounds bounds;
  bool is_lossy = false;
};

Result<CallAnswers> fit(const Policy& policy, const ResolvedPolicy& resolved, const FitOptions& options);

}  // namespace cordon::formats
