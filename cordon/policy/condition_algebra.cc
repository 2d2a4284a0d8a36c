#include "cordon/policy/condition_algebra.h"

#include <algorithm>
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

// Joins `test` into a test of the same operand and mask among `parts`; false where there is none. A union
// is made canonical only when it is complete: see combination().
bool merge_test(std::vector<ResolvedCondition>& parts, const ResolvedTest& test, Kind kind) {
  for (ResolvedCondition& part : parts) {
    if (part.kind != Kind::test || part.test.operand != test.operand || part.test.mask != test.mask) continue;
    std::vector<Interval>& allowed = part.test.allowed;
    if (kind == Kind::all) {
      allowed = intersection(allowed, test.allowed, test.mask);
    } else {
      allowed.insert(allowed.end(), test.allowed.begin(), test.allowed.end());
    }
    return true;
  }
  return false;
}

void add_part(std::vector<ResolvedCondition>& parts, ResolvedCondition part, Kind kind) {
  if (part.kind == Kind::test) {
    if (!merge_test(parts, part.test, kind)) parts.push_back(std::move(part));
    return;
  }
  bool is_new = parts.size() > kMaxDeduplicated || std::find(parts.begin(), parts.end(), part) == parts.end();
  if (is_new) parts.push_back(std::move(part));
}

// `all` and `any` are each other's mirror: one drops what the other is decided by.
ResolvedCondition combination(Kind kind, std::vector<ResolvedCondition> operands) {
  const ResolvedCondition deciding = kind == Kind::all ? never() : always();
  std::vector<ResolvedCondition> parts;
  for (ResolvedCondition& operand : operands) {
    if (operand == deciding) return deciding;
    if (operand.kind == kind) {
      for (ResolvedCondition& nested : operand.operands) add_part(parts, std::move(nested), kind);
    } else if (!operand.is_always() && !operand.is_never()) {
      add_part(parts, std::move(operand), kind);
    }
  }
  std::vector<ResolvedCondition> kept;
  for (ResolvedCondition& part : parts) {
    if (part.kind == Kind::test) {
      std::vector<Interval> allowed = canonical(std::move(part.test.allowed), part.test.mask);
      part = make_test(part.test.operand, part.test.mask, std::move(allowed));
    }
    if (part == deciding) return deciding;
    if (!part.is_always() && !part.is_never()) kept.push_back(std::move(part));
  }
  if (kept.size() == 1) return std::move(kept.front());
  ResolvedCondition result;
  result.kind = kind;
  result.operands = std::move(kept);
  return result;
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
