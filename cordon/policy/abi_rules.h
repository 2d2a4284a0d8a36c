// What the rules of a policy name on one ABI: numbers, ways round them, and conditions in registers.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "cordon/abi/arch.h"
#include "cordon/abi/constants.h"
#include "cordon/policy/multiplex.h"
#include "cordon/policy/policy.h"
#include "cordon/policy/resolved_policy.h"

namespace cordon::policy {

struct NumberRange {
  uint32_t first = 0;  // inclusive
  uint32_t last = 0;

  bool operator==(const NumberRange&) const = default;
};

// The numbers that belong to each of the ABIs that share an audit value: x32's begin at 0x40000000, and
// 0xffffffff, which a tracer sets to skip a call, is the first ABI's.
constexpr std::vector<NumberRange> share_of(Arch arch, bool is_first) {
  std::vector<NumberRange> share;
  if (arch == Arch::x86_64) {
    share.push_back({0, abi::kX32Bit - 1});
  } else if (arch == Arch::x32) {
    share.push_back({abi::kX32Bit, UINT32_MAX - 1});
  } else {
    share.push_back({0, UINT32_MAX});
    return share;
  }
  if (is_first) share.push_back({UINT32_MAX, UINT32_MAX});
  return share;
}

struct NamedNumbers {
  NumberRange numbers;
  uint32_t rule = 0;
  Action action;
  uint32_t condition = 0;  // which of AbiRules::conditions
};

// Rules on calls that a multiplexer also reaches.
struct MultiplexedRules {
  const Multiplexer* multiplexer = nullptr;
  uint32_t number = 0;  // of the multiplexer itself
  struct Rule {
    uint32_t call = 0;  // as in MultiplexedCall::number
    NamedNumbers named;
  };
  std::vector<Rule> rules;  // in the order of the policy
};

struct AbiRules {
  Arch arch = Arch::x86_64;
  std::vector<NumberRange> share;
  // Shared by the numbers for which a rule means the same. The first is always.
  std::vector<ResolvedCondition> conditions;
  std::vector<NamedNumbers> named;  // in the order of the policy
  std::vector<MultiplexedRules> multiplexed;
  std::vector<NumberRange> unknown;  // numbers newer than the policy's `since`, in order
  Action default_action;
  Action unknown_action;
};

// found[i] is set where rule i names something. resolve() tells what is wrong with the rules.
AbiRules collect_rules(const Policy& policy, Arch arch, std::vector<NumberRange> share, std::vector<char>& found);

// The number of the ABI for an action that was written with an errno's name.
constexpr Action action_on(Action action, std::string_view errno_name, Arch arch) {
  bool has_data =
      action.kind == ActionKind::errno_ || action.kind == ActionKind::trap || action.kind == ActionKind::trace;
  if (!has_data) action.data = 0;
  if (action.kind == ActionKind::errno_ && !errno_name.empty())
    action.data = abi::errno_number(errno_name, arch).value_or(action.data);
  return action;
}

}  // namespace cordon::policy
