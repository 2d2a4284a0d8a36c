#include "cordon/policy/evaluate.h"

#include <algorithm>

#include "cordon/base/assert.h"

namespace cordon::policy {
namespace {

bool passes(const ResolvedTest& test, const Call& call) {
  uint64_t operand =
      test.operand == ResolvedTest::kInstructionPointer ? call.instruction_pointer : call.args[test.operand];
  uint64_t value = operand & test.mask;
  return std::any_of(test.allowed.begin(), test.allowed.end(),
                     [&](const Interval& interval) { return interval.first <= value && value <= interval.last; });
}

}  // namespace

bool holds(const ResolvedCondition& condition, const Call& call) {
  auto operand_holds = [&](const ResolvedCondition& operand) { return holds(operand, call); };
  switch (condition.kind) {
    case ResolvedCondition::Kind::test: return passes(condition.test, call);
    case ResolvedCondition::Kind::all:
      return std::all_of(condition.operands.begin(), condition.operands.end(), operand_holds);
    case ResolvedCondition::Kind::any:
      return std::any_of(condition.operands.begin(), condition.operands.end(), operand_holds);
  }
  return false;
}

Decision evaluate(const ResolvedPolicy& policy, const Call& call) {
  for (const ArchTable& table : policy.arches) {
    if (table.audit_arch != call.audit_arch) continue;
    for (const Segment& segment : table.segments) {
      if (call.nr < segment.first || call.nr > segment.last) continue;
      for (const Clause& clause : segment.clauses)
        if (holds(clause.condition, call)) return {clause.action, clause.origin};
    }
    CORDON_ASSERT(false, "the segments cover every number and each ends in a clause that always holds");
  }
  return {policy.bad_arch, policy.bad_arch_origin};
}

}  // namespace cordon::policy
