// Building resolved conditions in simple form: constants folded, nests flattened, tests of the same
// operand and mask joined.
//
//   all_of({arg0 >= 3, arg0 <= 9})  is one test, arg0 in 3..9
//   any_of({x == 0, x != 0})        is always
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cordon/policy/resolved_policy.h"

namespace cordon::policy {

constexpr ResolvedCondition always();
constexpr ResolvedCondition never();
// Always or never where the intervals (canonical, see intervals.h) hold everything or nothing.
constexpr ResolvedCondition make_test(uint8_t operand, uint64_t mask, std::vector<Interval> allowed);
constexpr ResolvedCondition all_of(std::vector<ResolvedCondition> operands);
constexpr ResolvedCondition any_of(std::vector<ResolvedCondition> operands);
constexpr ResolvedCondition negation(const ResolvedCondition& condition);

// What the condition costs to keep and to go through, in intervals.
constexpr size_t weight(const ResolvedCondition& condition);

// While a policy is being resolved, operands from here up stand for arguments that lie in memory or are
// split over registers: they have values, but a filter cannot see them.
inline constexpr uint8_t kFirstHiddenOperand = 8;

// What a filter sees of the arguments a condition speaks of.
enum class Sight : uint8_t {
  registers,            // the argument slots and the instruction pointer
  instruction_pointer,  // the arguments lie in memory, as those of multiplexed calls do
};

constexpr bool has_hidden(const ResolvedCondition& condition, Sight sight);
// When the condition holds whatever the hidden values are, and when it holds for some of them.
constexpr ResolvedCondition certainly(const ResolvedCondition& condition, Sight sight);
constexpr ResolvedCondition possibly(const ResolvedCondition& condition, Sight sight);

}  // namespace cordon::policy

#include "cordon/policy/condition_algebra.inl.h"  // IWYU pragma: export
