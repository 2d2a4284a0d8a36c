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

#include <unordered_map>
#include <vector>

#include "cordon/policy/resolved_policy.h"

namespace cordon::policy {

class Coverage {
 public:
  void add(const ResolvedCondition& condition);
  bool covers(const ResolvedCondition& condition) const;
  bool is_complete() const { return complete_; }
  // A call may fulfil the condition and one of those added; certain if false.
  bool may_meet(const ResolvedCondition& condition) const;

  // Tests that must all hold, at most one per operand and mask.
  using Term = std::vector<ResolvedTest>;

 private:
  void add_term(Term term);
  bool covers_term(const Term& term) const;
  bool covers_test(const ResolvedTest& test) const;
  bool may_meet_term(const Term& term) const;

  std::vector<ResolvedTest> columns_;  // per operand and mask: the union of all single tests
  std::vector<Term> terms_;            // two tests and more
  std::unordered_multimap<uint64_t, size_t> term_by_hash_;
  bool complete_ = false;
  bool is_partial_ = false;  // something too big was added and not remembered
};

// No call can fulfil both; certain if true.
bool are_disjoint(const ResolvedCondition& a, const ResolvedCondition& b);

// Every call that fulfils `a` fulfils `b`; certain if true.
bool implies(const ResolvedCondition& a, const ResolvedCondition& b);

}  // namespace cordon::policy
