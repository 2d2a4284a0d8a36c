#include "cordon/prove/value_count.h"

#include "cordon/diagram/count.h"
#include "cordon/prove/words.h"

namespace cordon::prove {
namespace {

uint64_t is_same(uint64_t a, uint64_t b) { return a == b ? 1 : 0; }

}  // namespace

std::optional<ValueCount> count_values(diagram::Manager& manager, diagram::Node function, diagram::Node leaf,
                                       Endian endian) {
  const diagram::Node holds = manager.combine(is_same, function, leaf);
  if (manager.exhausted()) return std::nullopt;
  ValueCount result;
  const uint16_t words = diagram::support(manager, holds);
  result.count = diagram::count(manager, holds, words, [](uint64_t value) { return value == 1; });
  for (uint8_t operand = 0; operand <= ResolvedTest::kInstructionPointer; ++operand) {
    const diagram::Operand halves = words_of(operand, endian);
    const auto bit = static_cast<uint8_t>(1u << operand);
    if ((words >> halves.low & 1) != 0) result.low_of |= bit, result.bits += 32;
    if ((words >> *halves.high & 1) != 0) result.high_of |= bit, result.bits += 32;
  }
  return result;
}

}  // namespace cordon::prove
