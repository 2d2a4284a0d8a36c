// The body of first_match.h.
#pragma once

#include <algorithm>
#include <utility>

#include "cordon/base/hash_index.h"
#include "cordon/policy/coverage.h"

namespace cordon::policy {
namespace detail {

inline constexpr size_t kMaxCoverNamed = 3;
inline constexpr size_t kMaxCoverCompared = 64;

// A match that depends on hidden values, wherever `when` holds.
struct PossibleMatch {
  uint32_t rule;
  Action action;
  ResolvedCondition when;
};

constexpr ResolvedCondition both(const ResolvedCondition& a, const ResolvedCondition& b) {
  std::vector<ResolvedCondition> operands;
  operands.reserve(2);
  operands.push_back(a);
  operands.push_back(b);
  return all_of(std::move(operands));
}

// What rules ask for. Arguments of a multiplexed call and those of its multiplexer are different registers: kept apart.
struct Asked {
  Coverage registers, instruction_pointer;  // as g++ 12 does not move arrays of them in constant expressions

  constexpr Coverage& by(Sight sight) { return sight == Sight::registers ? registers : instruction_pointer; }
  constexpr const Coverage& by(Sight sight) const {
    return sight == Sight::registers ? registers : instruction_pointer;
  }
};

class FirstMatch {
 public:
  constexpr FirstMatch(const FirstMatchInput& input, std::span<RuleUse> uses, std::vector<Clause>& clauses)
      : input_(input), uses_(uses), clauses_(clauses) {}

  constexpr void run(std::vector<Tightened>& tightened);

 private:
  constexpr bool is_covered(const Candidate& candidate) const;
  constexpr Asked* asked_with(Action action);
  constexpr bool meets_same_action(const Candidate& candidate);
  constexpr void count(size_t index, bool covered);
  constexpr void consider(const Candidate& candidate);
  constexpr void answer(const ResolvedCondition& when, Action action, Origin origin);
  constexpr void emit(const ResolvedCondition& when, Action action, Origin origin);
  constexpr void finish();

  const FirstMatchInput& input_;
  std::span<RuleUse> uses_;
  std::vector<Clause>& clauses_;
  std::vector<PossibleMatch> possible_;  // strictest first, then in the order of the policy
  Asked covered_;
  // What the first rules ask for, by their action; filled when a covered rule is met.
  std::vector<Asked> asked_;
  base::HashIndex by_action_;  // of asked_
  size_t remembered_ = 0;
  bool decided_ = false;
  Action certain_;  // what the last answer that always holds would have been without possible matches
  Action outcome_;  // what it is
};

constexpr bool FirstMatch::is_covered(const Candidate& candidate) const {
  return decided_ || covered_.registers.is_complete() || covered_.instruction_pointer.is_complete() ||
         covered_.by(candidate.sight).covers(*candidate.condition);
}

constexpr Asked* FirstMatch::asked_with(Action action) {
  const size_t known = by_action_.find(to_ret(action));
  return known == base::HashIndex::kNone ? nullptr : &asked_[known];
}

// Whether an earlier rule with the candidate's action and data has calls in common with it, or may have.
constexpr bool FirstMatch::meets_same_action(const Candidate& candidate) {
  for (; input_.candidates[remembered_].rule < candidate.rule; ++remembered_) {
    const Candidate& earlier = input_.candidates[remembered_];
    Asked* asked = asked_with(earlier.action);
    if (asked == nullptr) {
      by_action_.add(to_ret(earlier.action));
      asked = &asked_.emplace_back();
    }
    asked->by(earlier.sight).add(*earlier.condition);
  }
  const Asked* same = asked_with(candidate.action);
  if (same == nullptr) return false;
  // Conditions on different registers can always hold together.
  const bool by_registers = candidate.sight == Sight::registers;
  const Coverage& other = by_registers ? same->instruction_pointer : same->registers;
  return same->by(candidate.sight).may_meet(*candidate.condition) || other.may_meet(always());
}

constexpr void FirstMatch::count(size_t index, bool covered) {
  const Candidate& candidate = input_.candidates[index];
  RuleUse& use = uses_[candidate.rule];
  use.applies = true;
  if (!covered) use.is_reached = true;
  if (use.is_reached) return;
  use.same_as_cover = use.same_as_cover || meets_same_action(candidate);
  if (!use.cover.empty()) return;
  for (const Candidate& earlier : input_.candidates.first(std::min(index, kMaxCoverCompared))) {
    if (earlier.rule == candidate.rule || use.cover.size() == kMaxCoverNamed) continue;
    if (earlier.sight == candidate.sight && are_disjoint(*earlier.condition, *candidate.condition)) continue;
    if (use.cover.empty() || use.cover.back() != earlier.rule) use.cover.push_back(earlier.rule);
  }
}

constexpr void FirstMatch::emit(const ResolvedCondition& when, Action action, Origin origin) {
  ResolvedCondition condition = when;
  if (input_.guard != nullptr) condition = both(*input_.guard, when);
  if (!condition.is_never() && input_.budget->take(weight(condition)))
    clauses_.push_back({std::move(condition), action, origin});
}

constexpr void FirstMatch::answer(const ResolvedCondition& when, Action action, Origin origin) {
  if (when.is_always()) certain_ = action;
  for (const PossibleMatch& match : possible_) {
    if (match.action.kind > action.kind || input_.budget->is_exceeded()) break;
    const ResolvedCondition common = both(when, match.when);
    emit(common, match.action, {Origin::Kind::multiplexed, match.rule, 0});
    if (common == when) {
      if (when.is_always()) outcome_ = match.action;
      return;
    }
  }
  emit(when, action, origin);
  if (when.is_always()) outcome_ = action;
}

constexpr void FirstMatch::consider(const Candidate& candidate) {
  Origin origin{Origin::Kind::rule, candidate.rule, 0};
  const ResolvedCondition& condition = *candidate.condition;
  if (!has_hidden(condition, candidate.sight)) {
    answer(condition, candidate.action, origin);
    decided_ = condition.is_always();
    return;
  }
  ResolvedCondition certain = certainly(condition, candidate.sight);
  if (!certain.is_never()) answer(certain, candidate.action, origin);
  PossibleMatch match{candidate.rule, candidate.action, possibly(condition, candidate.sight)};
  auto place = std::find_if(possible_.begin(), possible_.end(),
                            [&](const PossibleMatch& other) { return other.action.kind > match.action.kind; });
  possible_.insert(place, std::move(match));
}

// The rest goes to what stands behind all rules, unless the rules leave no rest: then to the loosest of them.
constexpr void FirstMatch::finish() {
  bool nothing_left = covered_.registers.is_complete() || covered_.instruction_pointer.is_complete();
  if (nothing_left && !possible_.empty()) {
    PossibleMatch loosest = possible_.back();
    answer(always(), loosest.action, {Origin::Kind::multiplexed, loosest.rule, 0});
  } else {
    answer(always(), input_.last, input_.last_origin);
  }
}

constexpr void FirstMatch::run(std::vector<Tightened>& tightened) {
  for (size_t i = 0; i < input_.candidates.size(); ++i) {
    const Candidate& candidate = input_.candidates[i];
    if (candidate.condition->is_never()) continue;
    bool covered = i > 0 && is_covered(candidate);
    count(i, covered);
    if (covered) continue;
    if (input_.budget->is_exceeded()) return;
    consider(candidate);
    bool is_last = i + 1 == input_.candidates.size();
    if (!decided_ && (!is_last || !possible_.empty())) covered_.by(candidate.sight).add(*candidate.condition);
  }
  if (!decided_) finish();
  bool differ = std::any_of(possible_.begin(), possible_.end(),
                            [&](const PossibleMatch& match) { return match.action != certain_; });
  if (!differ) return;
  for (const PossibleMatch& match : possible_) tightened.push_back({match.rule, outcome_});
}

}  // namespace detail

constexpr void append_first_match(const FirstMatchInput& input, std::span<RuleUse> uses, std::vector<Clause>& clauses,
                                  std::vector<Tightened>& tightened) {
  const bool is_simple = input.candidates.size() == 1 && input.guard == nullptr &&
                         input.candidates.front().condition->is_always() &&
                         input.budget->take(weight(*input.candidates.front().condition));
  if (is_simple) {  // most numbers of most policies
    const Candidate& only = input.candidates.front();
    uses[only.rule].applies = uses[only.rule].is_reached = true;
    Clause& clause = clauses.emplace_back();
    clause.action = only.action;
    clause.origin = {Origin::Kind::rule, only.rule, 0};
    return;
  }
  detail::FirstMatch(input, uses, clauses).run(tightened);
}

}  // namespace cordon::policy
