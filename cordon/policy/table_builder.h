// The rules of the ABIs that share an audit value as one table of segments.
//
// A sweep over the numbers at which something changes; the cost is that of the rules, not of the numbers.
#pragma once

#include <span>
#include <vector>

#include "cordon/policy/abi_rules.h"
#include "cordon/policy/first_match.h"
#include "cordon/policy/report.h"
#include "cordon/policy/resolved_policy.h"

namespace cordon::policy {

struct TableInput {
  std::span<const AbiRules> abis;
  Action bad_arch;
};

ArchTable build_table(const TableInput& input, Report& report, std::span<RuleUse> uses);

// Appends a segment, or widens the last one if it has the same clauses.
void append_segment(std::vector<Segment>& segments, NumberRange numbers, std::vector<Clause> clauses);

}  // namespace cordon::policy
