// The rules of the ABIs that share an audit value as one table of segments.
//
// A sweep over the numbers at which something changes (table_builder.inl.h); the cost is that of the rules, not of the
// numbers.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "cordon/policy/abi_rules.h"
#include "cordon/policy/resolved_policy.h"

namespace cordon::policy {

struct TableInput {
  std::span<const AbiRules> abis;
  Action bad_arch;
};

// Appends a segment, or widens the last one if it has the same clauses.
constexpr void append_segment(std::vector<Segment>& segments, NumberRange numbers, std::vector<Clause> clauses) {
  if (!segments.empty() && segments.back().clauses == clauses) {
    segments.back().last = numbers.last;
  } else {
    segments.push_back({numbers.first, numbers.last, std::move(clauses)});
  }
}

}  // namespace cordon::policy
