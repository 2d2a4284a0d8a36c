// The return values of programs as leaves of a diagram.
//
//   answer_of(0x00051234, Leaves::actions)       // 0x00050fff: errno 4095
//   answer_of(manager, bits, Leaves::actions)    // the function that returns these bits (RET A)
#pragma once

#include "cordon/prove/bit_arithmetic.h"

namespace cordon::prove {

enum class Leaves : uint8_t {
  actions,  // policy::to_ret(policy::from_ret(ret))
  // As above, but a value that names no action becomes the least one that compares alike: beside other filters the
  // kernel compares values first, and kills for the unknown one only if it won.
  of_a_stack,
};
// From the second form to the first.
diagram::Node as_actions(diagram::Manager& manager, diagram::Node node);

uint64_t answer_of(uint32_t ret, Leaves leaves);
diagram::Node answer_of(diagram::Manager& manager, const Bits& ret, Leaves leaves);

}  // namespace cordon::prove
