#include "cordon/policy/condition_algebra.h"

#include <algorithm>
#include <map>
#include <utility>

#include "cordon/policy/intervals.h"

namespace cordon::policy {
namespace {

using Kind = ResolvedCondition::Kind;

bool is_hidden(const ResolvedTest& test, Sight sight) {
  if (test.operand >= kFirstHiddenOperand) return true;
  return sight == Sight::instruction_pointer && test.operand != ResolvedTest::kInstructionPointer;
}

// Equal parts are looked for among so many only, as the search is quadratic.
constexpr size_t kMaxDeduplicated = 64;
// Tests of one operand and mask are looked for one by one among so many, then by an index.
constexpr size_t kFewColumns = 16;

// `all` and `any` are each other's mirror: one drops what the other is decided by. Tests of one operand and
// mask become one: values are gathered as they come (under `all` those that are kept out) and made canonical
// at the end, so that the cost is that of one sort.
class Combination {
 public:
  explicit Combination(Kind kind) : kind_(kind) {}

  void add(ResolvedCondition part);
  ResolvedCondition finish();

 private:
  struct Part {
    ResolvedCondition condition;
    bool is_gathered = false;
    std::vector<Interval> gathered;
  };

  Part* column_of(const ResolvedTest& test);
  void gather(Part& part, const ResolvedTest& test);

  Kind kind_;
  std::vector<Part> parts_;
  std::vector<size_t> columns_;  // which parts are tests
  std::map<std::pair<uint8_t, uint64_t>, size_t> index_;
};

Combination::Part* Combination::column_of(const ResolvedTest& test) {
  if (columns_.size() <= kFewColumns) {
    for (size_t column : columns_) {
      const ResolvedTest& other = parts_[column].condition.test;
      if (other.operand == test.operand && other.mask == test.mask) return &parts_[column];
    }
    return nullptr;
  }
  if (index_.empty())
    for (size_t column : columns_)
      index_[{parts_[column].condition.test.operand, parts_[column].condition.test.mask}] = column;
  auto [place, is_new] = index_.try_emplace({test.operand, test.mask}, parts_.size());
  return is_new ? nullptr : &parts_[place->second];
}

void Combination::gather(Part& part, const ResolvedTest& test) {
  if (kind_ == Kind::any) {
    part.gathered.insert(part.gathered.end(), test.allowed.begin(), test.allowed.end());
  } else {
    std::vector<Interval> kept_out = complement(test.allowed, test.mask);
    part.gathered.insert(part.gathered.end(), kept_out.begin(), kept_out.end());
  }
}

void Combination::add(ResolvedCondition part) {
  if (part.kind != Kind::test) {
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

ResolvedCondition Combination::finish() {
  const ResolvedCondition deciding = kind_ == Kind::all ? never() : always();
  ResolvedCondition result;
  result.kind = kind_;
  for (Part& part : parts_) {
    if (part.is_gathered) {
      const ResolvedTest& test = part.condition.test;
      std::vector<Interval> allowed = canonical(std::move(part.gathered), test.mask);
      if (kind_ == Kind::all) allowed = complement(allowed, test.mask);
      part.condition = make_test(test.operand, test.mask, std::move(allowed));
    }
    if (part.condition == deciding) return deciding;
    bool says_something = !part.condition.is_always() && !part.condition.is_never();
    if (says_something) result.operands.push_back(std::move(part.condition));
  }
  if (result.operands.size() == 1) return ResolvedCondition(std::move(result.operands.front()));
  return result;
}

ResolvedCondition combination(Kind kind, std::vector<ResolvedCondition> operands) {
  const ResolvedCondition deciding = kind == Kind::all ? never() : always();
  Combination combined(kind);
  for (ResolvedCondition& operand : operands) {
    if (operand == deciding) return deciding;
    if (operand.kind == kind) {
      for (ResolvedCondition& nested : operand.operands) combined.add(std::move(nested));
    } else if (!operand.is_always() && !operand.is_never()) {
      combined.add(std::move(operand));
    }
  }
  return combined.finish();
}

ResolvedCondition bound(const ResolvedCondition& condition, Sight sight, const ResolvedCondition& hidden) {
  if (condition.kind == Kind::test) return is_hidden(condition.test, sight) ? hidden : condition;
  std::vector<ResolvedCondition> operands;
  for (const ResolvedCondition& operand : condition.operands) operands.push_back(bound(operand, sight, hidden));
  return combination(condition.kind, std::move(operands));
}

}  // namespace

ResolvedCondition always() { return {}; }

ResolvedCondition never() {
  ResolvedCondition condition;
  condition.kind = Kind::any;
  return condition;
}

ResolvedCondition make_test(uint8_t operand, uint64_t mask, std::vector<Interval> allowed) {
  if (allowed.empty()) return never();
  if (is_everything(allowed, mask)) return always();
  ResolvedCondition condition;
  condition.kind = Kind::test;
  condition.test = {operand, mask, std::move(allowed)};
  return condition;
}

ResolvedCondition all_of(std::vector<ResolvedCondition> operands) {
  return combination(Kind::all, std::move(operands));
}

ResolvedCondition any_of(std::vector<ResolvedCondition> operands) {
  return combination(Kind::any, std::move(operands));
}

ResolvedCondition negation(const ResolvedCondition& condition) {
  if (condition.kind == Kind::test) {
    const ResolvedTest& test = condition.test;
    return make_test(test.operand, test.mask, complement(test.allowed, test.mask));
  }
  std::vector<ResolvedCondition> operands;
  for (const ResolvedCondition& operand : condition.operands) operands.push_back(negation(operand));
  return combination(condition.kind == Kind::all ? Kind::any : Kind::all, std::move(operands));
}

size_t weight(const ResolvedCondition& condition) {
  constexpr size_t kNode = 6;  // a node takes the memory of so many intervals
  size_t sum = kNode + condition.test.allowed.size();
  for (const ResolvedCondition& operand : condition.operands) sum += weight(operand);
  return sum;
}

bool has_hidden(const ResolvedCondition& condition, Sight sight) {
  if (condition.kind == Kind::test) return is_hidden(condition.test, sight);
  return std::any_of(condition.operands.begin(), condition.operands.end(),
                     [&](const ResolvedCondition& operand) { return has_hidden(operand, sight); });
}

ResolvedCondition certainly(const ResolvedCondition& condition, Sight sight) {
  return bound(condition, sight, never());
}

ResolvedCondition possibly(const ResolvedCondition& condition, Sight sight) {
  return bound(condition, sight, always());
}

}  // namespace cordon::policy
