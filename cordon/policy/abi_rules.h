// What the rules of a policy name on one ABI: numbers, ways round them, and conditions in registers.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "cordon/abi/arch.h"
#include "cordon/policy/multiplex.h"
#include "cordon/policy/policy.h"
#include "cordon/policy/report.h"
#include "cordon/policy/resolved_policy.h"

namespace cordon::policy {

struct NumberRange {
  uint32_t first = 0;  // inclusive
  uint32_t last = 0;

  bool operator==(const NumberRange&) const = default;
};

// The numbers that belong to each of the ABIs that share an audit value: x32's begin at 0x40000000, and
// 0xffffffff, which a tracer sets to skip a call, is the first ABI's.
std::vector<NumberRange> share_of(Arch arch, bool is_first);

struct NamedNumbers {
  NumberRange numbers;
  uint32_t rule = 0;
  Action action;
  const ResolvedCondition* condition = nullptr;  // one of AbiRules::conditions
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
  std::vector<std::unique_ptr<const ResolvedCondition>> conditions;
  std::vector<NamedNumbers> named;  // in the order of the policy
  std::vector<MultiplexedRules> multiplexed;
  std::vector<NumberRange> unknown;  // numbers newer than the policy's `since`, in order
  Action default_action;
  Action unknown_action;
};

// Errors go to the report. found[i] is set where rule i names something.
AbiRules collect_rules(const Policy& policy, Arch arch, std::vector<NumberRange> share, Report& report,
                       std::vector<char>& found);

// The number of the ABI for an action that was written with an errno's name.
Action action_on(const NamedAction& named, Arch arch);

}  // namespace cordon::policy
