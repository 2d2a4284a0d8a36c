// In which order a diagram asks the words of a call.
//
//   arg0 == 1 && arg3 < 7, arg1 == 5 && arg3 >= 2, …     arch, nr, arg3, arg0, arg1, …
//
// What most conditions ask beside another argument comes first: below each of its values the others are then one or two
// short lists. The other way round every combination of the others' values has a list of its own.
#pragma once

#include <array>

#include "cordon/diagram/order.h"
#include "cordon/policy/resolved_policy.h"

namespace cordon::prove {

using WordOrder = std::array<diagram::Word, diagram::kWordCount>;

// Arch, number, then each argument and the instruction pointer, their high words first. Measured against orders that
// mix them this one is smallest or level for every kind of filter.
WordOrder word_order(Endian endian);

// The arguments in the order that suits the policy's conditions.
WordOrder word_order(Endian endian, const ResolvedPolicy& policy);

}  // namespace cordon::prove
