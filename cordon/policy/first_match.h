// First match for one number: rules in order become clauses, also where a filter cannot see what they ask.
//
//   errno EPERM socket(family == AF_ALG)     socketcall 1: the family lies in memory
//   default allow                            outcomes: errno EPERM, allow; the strictest is taken
//
// A rule whose condition needs hidden values is a possible match: its action joins the possible outcomes,
// and where a later rule certainly matches, the strictest of them and its own action is the answer (between
// equals the earlier rule's). Rules that are covered by earlier ones are left out and counted.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cordon/policy/budget.h"
#include "cordon/policy/condition_algebra.h"
#include "cordon/policy/resolved_policy.h"

namespace cordon::policy {

// A rule that names the call, in the order of the policy.
struct Candidate {
  uint32_t rule = 0;
  Action action;
  const ResolvedCondition* condition = nullptr;
  Sight sight = Sight::registers;
};

// What was found out about a rule over all its numbers.
struct RuleUse {
  bool applies = false;         // its condition can hold somewhere
  bool is_reached = false;      // … and no earlier rules cover it there
  bool same_as_cover = false;   // one of the rules that cover it has its action and data, or may have
  std::vector<uint32_t> cover;  // some of those rules
};

// A rule that a filter cannot follow to the letter, and the answer it leads to instead.
struct Tightened {
  uint32_t rule = 0;
  Action outcome;
};

struct FirstMatchInput {
  std::span<const Candidate> candidates;
  Action last;  // what a call gets that no candidate matches
  Origin last_origin;
  const ResolvedCondition* guard = nullptr;  // every clause holds only together with it
  Budget* budget = nullptr;                  // of the clauses' weight; once exceeded, clauses are missing
};

// Appends the clauses; the last one holds whenever the guard does.
constexpr void append_first_match(const FirstMatchInput& input, std::span<RuleUse> uses, std::vector<Clause>& clauses,
                                  std::vector<Tightened>& tightened);

}  // namespace cordon::policy

#include "cordon/policy/first_match.inl.h"  // IWYU pragma: export
