// The body of coverage.h.
#pragma once

#include <algorithm>
#include <bit>
#include <optional>

#include "cordon/policy/condition_algebra.h"
#include "cordon/policy/intervals.h"

namespace cordon::policy {
namespace detail {

using Term = Coverage::Term;

// A condition is taken apart into at most so many alternatives; a bigger one counts as "not known".
inline constexpr size_t kMaxAlternatives = 64;
// … of so many tests each.
inline constexpr size_t kMaxTests = 16;
// Conjunctions are compared one by one with so many earlier ones; equal ones are found among all.
inline constexpr size_t kMaxCompared = 32;
inline constexpr size_t kMaxMet = 1024;
// Operands and masks of which single tests are remembered, and how many of them one is compared with.
inline constexpr size_t kMaxColumns = 256;
inline constexpr size_t kMaxColumnsCompared = 64;
// Alternatives of two conditions that are compared each with each.
inline constexpr size_t kMaxPairs = 256;

// The values of `interval & mask` lie in the interval that comes back.
constexpr Interval image_under_mask(const Interval& interval, uint64_t mask) {
  uint64_t varying = low_ones(static_cast<unsigned>(std::bit_width(interval.first ^ interval.last)));
  return {interval.first & ~varying & mask, (interval.last | varying) & mask};
}

constexpr bool test_implies(const ResolvedTest& a, const ResolvedTest& b) {
  if (a.operand != b.operand || (b.mask & ~a.mask) != 0) return false;
  if (a.mask == b.mask) return includes(b.allowed, a.allowed);
  return std::all_of(a.allowed.begin(), a.allowed.end(), [&](const Interval& interval) {
    return includes(b.allowed, canonical({image_under_mask(interval, b.mask)}, b.mask));
  });
}

constexpr bool tests_disjoint(const ResolvedTest& a, const ResolvedTest& b) {
  if (a.operand != b.operand) return false;
  if (a.mask == b.mask) return !intersect(a.allowed, b.allowed);
  ResolvedTest not_b{b.operand, b.mask, complement(b.allowed, b.mask)};
  ResolvedTest not_a{a.operand, a.mask, complement(a.allowed, a.mask)};
  return test_implies(a, not_b) || test_implies(b, not_a);
}

constexpr bool term_implies(const Term& a, const Term& b) {
  return std::all_of(b.begin(), b.end(), [&](const ResolvedTest& wanted) {
    return std::any_of(a.begin(), a.end(), [&](const ResolvedTest& given) { return test_implies(given, wanted); });
  });
}

constexpr bool terms_disjoint(const Term& a, const Term& b) {
  return std::any_of(a.begin(), a.end(), [&](const ResolvedTest& left) {
    return std::any_of(b.begin(), b.end(), [&](const ResolvedTest& right) { return tests_disjoint(left, right); });
  });
}

// Two alternatives both hold: their tests, joined where operand and mask are the same. No value: never.
constexpr std::optional<Term> conjunction(const Term& a, const Term& b) {
  Term both = a;
  for (const ResolvedTest& test : b) {
    auto same = std::find_if(both.begin(), both.end(), [&](const ResolvedTest& other) {
      return other.operand == test.operand && other.mask == test.mask;
    });
    if (same == both.end()) {
      both.push_back(test);
      continue;
    }
    same->allowed = intersection(same->allowed, test.allowed, test.mask);
    if (same->allowed.empty()) return std::nullopt;
  }
  return both;
}

// The condition as alternatives; no value if there would be too many.
constexpr std::optional<std::vector<Term>> alternatives(const ResolvedCondition& condition) {
  if (condition.kind == ConditionKind::test) {
    std::vector<Term> single(1);
    single.front().push_back(condition.test);
    return single;
  }
  std::vector<Term> result;
  if (condition.kind == ConditionKind::all) result.emplace_back();
  for (const ResolvedCondition& operand : condition.operands) {
    std::optional<std::vector<Term>> parts = alternatives(operand);
    if (!parts) return std::nullopt;
    if (condition.kind == ConditionKind::any) {
      std::move(parts->begin(), parts->end(), std::back_inserter(result));
    } else {
      std::vector<Term> products;
      for (const Term& left : result)
        for (const Term& right : *parts)
          if (std::optional<Term> both = conjunction(left, right)) products.push_back(std::move(*both));
      if (std::any_of(products.begin(), products.end(), [](const Term& t) { return t.size() > kMaxTests; }))
        return std::nullopt;
      result = std::move(products);
    }
    if (result.size() > kMaxAlternatives) return std::nullopt;
  }
  return result;
}

constexpr uint64_t hash_of(const Term& term) {
  uint64_t hash = 0;
  using base::mix;
  for (const ResolvedTest& test : term) {
    uint64_t one = mix(test.operand, test.mask);
    for (const Interval& interval : test.allowed) one = mix(mix(one, interval.first), interval.last);
    hash += one;  // the order of tests does not matter
  }
  return hash;
}

}  // namespace detail

constexpr void Coverage::add(const ResolvedCondition& condition) {
  if (complete_) return;
  std::optional<std::vector<Coverage::Term>> terms = detail::alternatives(condition);
  if (!terms) is_partial_ = true;
  if (!terms) return;
  for (Term& term : *terms) add_term(std::move(term));
}

constexpr void Coverage::add_term(Term term) {
  if (term.empty()) complete_ = true;
  if (complete_) return;
  if (term.size() > 1) {
    term_by_hash_.add(detail::hash_of(term));
    terms_.push_back(std::move(term));
    return;
  }
  ResolvedTest& test = term.front();
  auto column = std::find_if(columns_.begin(), columns_.end(), [&](const ResolvedTest& other) {
    return other.operand == test.operand && other.mask == test.mask;
  });
  if (column == columns_.end()) {
    is_partial_ = is_partial_ || columns_.size() == detail::kMaxColumns;
    if (columns_.size() < detail::kMaxColumns) columns_.push_back(std::move(test));
    return;
  }
  constexpr size_t kFew = 8;
  if (test.allowed.size() <= kFew) {
    for (const Interval& interval : test.allowed) insert(column->allowed, interval, column->mask);
  } else {
    column->allowed = join(column->allowed, test.allowed, test.mask);
  }
  complete_ = is_everything(column->allowed, column->mask);
}

constexpr bool Coverage::covers_test(const ResolvedTest& test) const {
  size_t compared = 0;
  for (const ResolvedTest& column : columns_) {
    if (column.operand != test.operand) continue;
    if (column.mask != test.mask && ++compared > detail::kMaxColumnsCompared) continue;
    if (detail::test_implies(test, column)) return true;
  }
  return false;
}

constexpr bool Coverage::may_meet_term(const Term& term) const {
  auto apart = [&](const ResolvedTest& column) {
    return std::any_of(term.begin(), term.end(),
                       [&](const ResolvedTest& test) { return detail::tests_disjoint(test, column); });
  };
  if (!std::all_of(columns_.begin(), columns_.end(), apart)) return true;
  if (terms_.empty()) return false;
  if (term_by_hash_.find(detail::hash_of(term)) != base::HashIndex::kNone || terms_.size() > detail::kMaxMet)
    return true;
  return !std::all_of(terms_.begin(), terms_.end(),
                      [&](const Term& other) { return detail::terms_disjoint(term, other); });
}

constexpr bool Coverage::may_meet(const ResolvedCondition& condition) const {
  if (condition.is_never() || (!complete_ && !is_partial_ && columns_.empty() && terms_.empty())) return false;
  if (complete_ || is_partial_ || condition.is_always()) return true;
  std::optional<std::vector<Coverage::Term>> terms = detail::alternatives(condition);
  return !terms || std::any_of(terms->begin(), terms->end(), [&](const Term& term) { return may_meet_term(term); });
}

constexpr bool Coverage::covers_term(const Term& term) const {
  if (std::any_of(term.begin(), term.end(), [&](const ResolvedTest& test) { return covers_test(test); })) return true;
  size_t same = term_by_hash_.size() == 0 ? base::HashIndex::kNone : term_by_hash_.find(detail::hash_of(term));
  for (size_t looked = 0; same != base::HashIndex::kNone && looked < detail::kMaxCompared; ++looked) {
    if (detail::term_implies(term, terms_[same])) return true;
    same = term_by_hash_.next(same);
  }
  size_t compared = std::min(terms_.size(), detail::kMaxCompared);
  return std::any_of(terms_.begin(), terms_.begin() + static_cast<ptrdiff_t>(compared),
                     [&](const Term& earlier) { return detail::term_implies(term, earlier); });
}

constexpr bool Coverage::covers(const ResolvedCondition& condition) const {
  if (complete_ || condition.is_never()) return true;
  if (condition.is_always() || (columns_.empty() && terms_.empty())) return false;
  std::optional<std::vector<Coverage::Term>> terms = detail::alternatives(condition);
  return terms && std::all_of(terms->begin(), terms->end(), [&](const Term& term) { return covers_term(term); });
}

constexpr bool are_disjoint(const ResolvedCondition& a, const ResolvedCondition& b) {
  if (a.kind == ResolvedCondition::Kind::test && b.kind == ResolvedCondition::Kind::test)
    return detail::tests_disjoint(a.test, b.test);
  if (a.is_always() || b.is_always()) return a.is_never() || b.is_never();
  std::optional<std::vector<Coverage::Term>> left = detail::alternatives(a);
  std::optional<std::vector<Coverage::Term>> right = detail::alternatives(b);
  if (!left || !right || left->size() * right->size() > detail::kMaxPairs) return false;
  return std::all_of(left->begin(), left->end(), [&](const Coverage::Term& l) {
    return std::all_of(right->begin(), right->end(),
                       [&](const Coverage::Term& r) { return detail::terms_disjoint(l, r); });
  });
}

constexpr bool implies(const ResolvedCondition& a, const ResolvedCondition& b) {
  Coverage coverage;
  coverage.add(b);
  return coverage.covers(a);
}

}  // namespace cordon::policy
