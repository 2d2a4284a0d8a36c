// What a list of conditions covers together: is a later one reached at all?
//
//   Coverage coverage;
//   coverage.add(flags & 3 == 0);
//   coverage.add(flags & 3 != 0);
//   coverage.is_complete()               // nothing is left
//
// Every "yes" is certain. A "no" may be wrong where conditions test several operands at once: conjunctions
// are compared one by one, not as a union.
#pragma once

#include <vector>

#include "cordon/base/hash_index.h"
#include "cordon/policy/resolved_policy.h"

namespace cordon::policy {

class Coverage {
 public:
  constexpr void add(const ResolvedCondition& condition);
  constexpr bool covers(const ResolvedCondition& condition) const;
  constexpr bool is_complete() const { return complete_; }
  // A call may fulfil the condition and one of those added; certain if false.
  constexpr bool may_meet(const ResolvedCondition& condition) const;

  // Tests that must all hold, at most one per operand and mask.
  using Term = std::vector<ResolvedTest>;

 private:
  constexpr void add_term(Term term);
  constexpr bool covers_term(const Term& term) const;
  constexpr bool covers_test(const ResolvedTest& test) const;
  constexpr bool may_meet_term(const Term& term) const;

  std::vector<ResolvedTest> columns_;  // per operand and mask: the union of all single tests
  std::vector<Term> terms_;            // two tests and more
  base::HashIndex term_by_hash_;       // of terms_
  bool complete_ = false;
  bool is_partial_ = false;  // something too big was added and not remembered
};

// No call can fulfil both; certain if true.
constexpr bool are_disjoint(const ResolvedCondition& a, const ResolvedCondition& b);

// Every call that fulfils `a` fulfils `b`; certain if true.
constexpr bool implies(const ResolvedCondition& a, const ResolvedCondition& b);

}  // namespace cordon::policy

#include "cordon/policy/coverage.inl.h"  // IWYU pragma: export
