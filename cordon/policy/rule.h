// One line of a policy: an action for a target.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cordon/abi/arch.h"
#include "cordon/base/source.h"
#include "cordon/policy/action.h"
#include "cordon/policy/condition.h"

namespace cordon {

// What a rule is about: name, name@arch, @group, @group@arch, a number, a range of numbers, *.
template <class Text>
struct BasicTarget {
  enum class Kind : uint8_t { name, group, numbers, every };
  Kind kind = Kind::name;
  Text name;                     // of the call or, without '@', of the group
  uint32_t first = 0, last = 0;  // numbers: inclusive
  std::optional<Arch> arch;      // only on this ABI; otherwise on every ABI of the policy
};

template <class Text>
struct BasicRule {
  Action action;
  BasicTarget<Text> target;
  BasicCondition<Text> condition;
  Span span;     // the target as written
  Text comment;  // shown beside the rule by writers; one line
  // errno as a name, where it was written so: its number is the target ABI's. Empty: action.data counts.
  Text errno_name;
};

using Target = BasicTarget<std::string>;
using Rule = BasicRule<std::string>;

}  // namespace cordon
