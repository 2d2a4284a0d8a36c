// A set of an argument's values as the shortest condition that says it.
//
//   write_set(space, set, {.syscall = "openat", .slot = 2, .arch = Arch::x86_64})
//   flags & O_ACCMODE == O_RDONLY     family in {AF_UNIX, AF_INET}     raw(arg0) <= 4095     !(cmd in 1..9)
//
// Tried: the values themselves and those left out, the same under the mask of the bits that matter, and masks joined
// by && or ||; what reads shortest wins. The mask is the reading of a set that is all subsets of some flags.
#pragma once

#include <optional>

#include "cordon/policy/condition.h"
#include "cordon/policy/value_text.h"
#include "cordon/prove/bit_space.h"

namespace cordon::prove {

// An argument of a call; of a call without a name, or of several calls, only its slot says which.
struct SetPlace {
  policy::ArgumentPlace argument;
  bool by_number = false;  // the rule names numbers, so their arguments have no names
};

// None: it asks the upper half of a register that the architecture's conditions cannot speak of.
std::optional<Condition> write_set(BitSpace& space, diagram::Node set, const SetPlace& place);

}  // namespace cordon::prove
