// What a program is made good at.
//
//   compiler::compile(resolved, {.optimize = compiler::Optimize::size})
#pragma once

#include <cstdint>

namespace cordon::compiler {

enum class Optimize : uint8_t {
  none,    // a plain tree, no sharing beyond equal leaves, no peephole: to compare against
  attach,  // cheapest to attach: the default
  size,    // fewest instructions
  max,     // fewer still, searched for: seconds; in constant expressions the same as size
};

}  // namespace cordon::compiler
