// The body of condition_algebra.h.
#pragma once

#include <algorithm>
#include <utility>

#include "cordon/base/hash_index.h"
#include "cordon/policy/intervals.h"

namespace cordon::policy {
namespace detail {

using ConditionKind = ResolvedCondition::Kind;

constexpr bool is_hidden(const ResolvedTest& test, Sight sight) {
  if (test.operand >= kFirstHiddenOperand) return true;
  return sight == Sight::instruction_pointer && test.operand != ResolvedTest::kInstructionPointer;
}

constexpr bool decides(ConditionKind kind, const ResolvedCondition& part) {
  return kind == ConditionKind::all ? part.is_never() : part.is_always();
}

// Equal parts are looked for among so many only, as the search is quadratic.
inline constexpr size_t kMaxDeduplicated = 64;
// Tests of one operand and mask are looked for one by one among so many, then by an index.
inline constexpr size_t kFewColumns = 16;

// `all` and `any` are each other's mirror: one drops what the other is decided by. Tests of one operand and
// mask become one: values are gathered as they come (under `all` those that are kept out) and made canonical
// at the end, so that the cost is that of one sort.
class Combination {
 public:
  constexpr explicit Combination(ConditionKind kind) : kind_(kind) {}

  constexpr void add(ResolvedCondition part);
  constexpr ResolvedCondition finish();

 private:
  struct Part {
    ResolvedCondition condition;
    bool is_gathered = false;
    std::vector<Interval> gathered;
  };

  constexpr Part* column_of(const ResolvedTest& test);
  constexpr void gather(Part& part, const ResolvedTest& test);

  ConditionKind kind_;
  std::vector<Part> parts_;
  std::vector<size_t> columns_;  // which parts are tests
  base::HashIndex index_;        // of columns_; filled when there are more than a few
};

constexpr Combination::Part* Combination::column_of(const ResolvedTest& test) {
  auto is_same = [&](size_t column) {
    const ResolvedTest& other = parts_[columns_[column]].condition.test;
    return other.operand == test.operand && other.mask == test.mask;
  };
  if (columns_.size() <= kFewColumns) {
    for (size_t i = 0; i < columns_.size(); ++i)
      if (is_same(i)) return &parts_[columns_[i]];
    return nullptr;
  }
  while (index_.size() < columns_.size()) {
    const ResolvedTest& next = parts_[columns_[index_.size()]].condition.test;
    index_.add(base::mix(next.operand, next.mask));
  }
  for (size_t i = index_.find(base::mix(test.operand, test.mask)); i != base::HashIndex::kNone; i = index_.next(i))
    if (is_same(i)) return &parts_[columns_[i]];
  return nullptr;
}

constexpr void Combination::gather(Part& part, const ResolvedTest& test) {
  if (kind_ == ConditionKind::any) {
    part.gathered.insert(part.gathered.end(), test.allowed.begin(), test.allowed.end());
  } else {
    std::vector<Interval> kept_out = complement(test.allowed, test.mask);
    part.gathered.insert(part.gathered.end(), kept_out.begin(), kept_out.end());
  }
}

constexpr void Combination::add(ResolvedCondition part) {
  if (part.kind != ConditionKind::test) {
    bool is_new = parts_.size() > kMaxDeduplicated ||
                  std::none_of(parts_.begin(), parts_.end(), [&](const Part& p) { return p.condition == part; });
    if (is_new) parts_.push_back({std::move(part), false, {}});
    return;
  }
  Part* column = column_of(part.test);
  if (column == nullptr) {
    columns_.push_back(parts_.size());
    parts_.push_back({std::move(part), false, {}});
    return;
  }
  if (!column->is_gathered) gather(*column, column->condition.test);
  column->is_gathered = true;
  gather(*column, part.test);
}

constexpr ResolvedCondition Combination::finish() {
  ResolvedCondition result;
  result.kind = kind_;
  for (Part& part : parts_) {
    if (part.is_gathered) {
      const ResolvedTest& test = part.condition.test;
      std::vector<Interval> allowed = canonical(std::move(part.gathered), test.mask);
      if (kind_ == ConditionKind::all) allowed = complement(allowed, test.mask);
      part.condition = make_test(test.operand, test.mask, std::move(allowed));
    }
    if (decides(kind_, part.condition)) return std::move(part.condition);
    bool says_something = !part.condition.is_always() && !part.condition.is_never();
    if (says_something) result.operands.push_back(std::move(part.condition));
  }
  if (result.operands.size() == 1) return ResolvedCondition(std::move(result.operands.front()));
  return result;
}

constexpr ResolvedCondition combination(ConditionKind kind, std::vector<ResolvedCondition> operands) {
  Combination combined(kind);
  for (ResolvedCondition& operand : operands) {
    if (decides(kind, operand)) return std::move(operand);
    if (operand.kind == kind) {
      for (ResolvedCondition& nested : operand.operands) combined.add(std::move(nested));
    } else if (!operand.is_always() && !operand.is_never()) {
      combined.add(std::move(operand));
    }
  }
  return combined.finish();
}

constexpr ResolvedCondition bound(const ResolvedCondition& condition, Sight sight, const ResolvedCondition& hidden) {
  if (condition.kind == ConditionKind::test) return is_hidden(condition.test, sight) ? hidden : condition;
  std::vector<ResolvedCondition> operands;
  for (const ResolvedCondition& operand : condition.operands) operands.push_back(bound(operand, sight, hidden));
  return combination(condition.kind, std::move(operands));
}

}  // namespace detail

constexpr ResolvedCondition always() { return {}; }

constexpr ResolvedCondition never() {
  ResolvedCondition condition;
  condition.kind = ResolvedCondition::Kind::any;
  return condition;
}

constexpr ResolvedCondition make_test(uint8_t operand, uint64_t mask, std::vector<Interval> allowed) {
  if (allowed.empty()) return never();
  if (is_everything(allowed, mask)) return always();
  ResolvedCondition condition;
  condition.kind = ResolvedCondition::Kind::test;
  condition.test = {operand, mask, std::move(allowed)};
  return condition;
}

constexpr ResolvedCondition all_of(std::vector<ResolvedCondition> operands) {
  return detail::combination(ResolvedCondition::Kind::all, std::move(operands));
}

constexpr ResolvedCondition any_of(std::vector<ResolvedCondition> operands) {
  return detail::combination(ResolvedCondition::Kind::any, std::move(operands));
}

constexpr ResolvedCondition negation(const ResolvedCondition& condition) {
  if (condition.kind == ResolvedCondition::Kind::test) {
    const ResolvedTest& test = condition.test;
    return make_test(test.operand, test.mask, complement(test.allowed, test.mask));
  }
  std::vector<ResolvedCondition> operands;
  for (const ResolvedCondition& operand : condition.operands) operands.push_back(negation(operand));
  if (condition.kind == ResolvedCondition::Kind::all) return any_of(std::move(operands));
  return all_of(std::move(operands));
}

constexpr size_t weight(const ResolvedCondition& condition) {
  constexpr size_t kNode = 6;  // a node takes the memory of so many intervals
  size_t sum = kNode + condition.test.allowed.size();
  for (const ResolvedCondition& operand : condition.operands) sum += weight(operand);
  return sum;
}

constexpr bool has_hidden(const ResolvedCondition& condition, Sight sight) {
  if (condition.kind == ResolvedCondition::Kind::test) return detail::is_hidden(condition.test, sight);
  return std::any_of(condition.operands.begin(), condition.operands.end(),
                     [&](const ResolvedCondition& operand) { return has_hidden(operand, sight); });
}

constexpr ResolvedCondition certainly(const ResolvedCondition& condition, Sight sight) {
  return detail::bound(condition, sight, never());
}

constexpr ResolvedCondition possibly(const ResolvedCondition& condition, Sight sight) {
  return detail::bound(condition, sight, always());
}

}  // namespace cordon::policy
