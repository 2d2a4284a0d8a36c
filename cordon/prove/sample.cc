#include "cordon/prove/sample.h"

#include "cordon/policy/intervals.h"

namespace cordon::prove {
namespace {

uint64_t& operand_of(Call& call, uint8_t operand) {
  return operand == ResolvedTest::kInstructionPointer ? call.instruction_pointer : call.args[operand];
}

void meet(const ResolvedTest& test, Call& call, Random& random) {
  const Interval& interval = test.allowed[random.below(test.allowed.size())];
  const uint64_t wanted = random.below(2) == 0 ? interval.first : interval.last;
  uint64_t& value = operand_of(call, test.operand);
  // An interval's ends need not lie under the mask.
  const auto exact = policy::next_under_mask(wanted, test.mask);
  value = (value & ~test.mask) | (exact && *exact <= interval.last ? *exact : interval.first & test.mask);
}

void meet(const ResolvedCondition& condition, Call& call, Random& random) {
  switch (condition.kind) {
    case ResolvedCondition::Kind::test: return meet(condition.test, call, random);
    case ResolvedCondition::Kind::all:
      for (const ResolvedCondition& operand : condition.operands) meet(operand, call, random);
      return;
    case ResolvedCondition::Kind::any:
      if (!condition.operands.empty()) meet(condition.operands[random.below(condition.operands.size())], call, random);
      return;
  }
}

}  // namespace

void miss_one(const ResolvedCondition& condition, Call& call, Random& random) {
  const ResolvedCondition* at = &condition;
  while (at->kind != ResolvedCondition::Kind::test) {
    if (at->operands.empty()) return;
    at = &at->operands[random.below(at->operands.size())];
  }
  const ResolvedTest& test = at->test;
  const Interval& interval = test.allowed[random.below(test.allowed.size())];
  uint64_t& value = operand_of(call, test.operand);
  const uint64_t past = random.below(2) == 0 ? interval.first - 1 : interval.last + 1;
  value = (value & ~test.mask) | (past & test.mask);
}

Call call_for(const ArchTable& table, uint32_t nr, const ResolvedCondition& condition, Random& random) {
  Call call{nr, table.audit_arch, random.bits(), {}};
  for (uint64_t& argument : call.args) argument = random.bits();
  if (table.word_bits == 32) {
    call.instruction_pointer &= UINT32_MAX;
    for (uint64_t& argument : call.args) argument &= UINT32_MAX;
  }
  meet(condition, call, random);
  return call;
}

}  // namespace cordon::prove
