#include "cordon/prove/word_order.h"

#include <algorithm>
#include <bit>

#include "cordon/prove/words.h"

namespace cordon::prove {
namespace {

constexpr uint8_t kOperands = ResolvedTest::kInstructionPointer + 1;

using Asked = std::array<size_t, kOperands>;

uint32_t operands_of(const ResolvedCondition& condition) {
  if (condition.kind == ResolvedCondition::Kind::test) return 1u << condition.test.operand;
  uint32_t operands = 0;
  for (const ResolvedCondition& operand : condition.operands) operands |= operands_of(operand);
  return operands;
}

void count(const ResolvedCondition& condition, Asked& asked) {
  if (condition.kind == ResolvedCondition::Kind::any) {
    for (const ResolvedCondition& operand : condition.operands) count(operand, asked);
    return;
  }
  const uint32_t operands = operands_of(condition);
  if (std::popcount(operands) < 2) return;
  for (uint8_t operand = 0; operand < kOperands; ++operand) asked[operand] += operands >> operand & 1;
}

WordOrder order_of(const std::array<uint8_t, kOperands>& operands, Endian endian) {
  WordOrder words{kArchWord, kNrWord};
  size_t at = 2;
  for (uint8_t operand : operands) {
    words[at++] = *words_of(operand, endian).high;
    words[at++] = words_of(operand, endian).low;
  }
  return words;
}

constexpr std::array<uint8_t, kOperands> kAsNumbered = {0, 1, 2, 3, 4, 5, 6};

}  // namespace

WordOrder word_order(Endian endian) { return order_of(kAsNumbered, endian); }

WordOrder word_order(Endian endian, const ResolvedPolicy& policy) {
  Asked asked{};
  for (const ArchTable& table : policy.arches)
    for (const Segment& segment : table.segments)
      for (const Clause& clause : segment.clauses)
        if (!clause.condition.is_always()) count(clause.condition, asked);
  std::array<uint8_t, kOperands> operands = kAsNumbered;
  std::stable_sort(operands.begin(), operands.end(), [&](uint8_t a, uint8_t b) { return asked[a] > asked[b]; });
  return order_of(operands, endian);
}

}  // namespace cordon::prove
