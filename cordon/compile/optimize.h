// What a program is made good at.
//
//   compiler::compile(resolved, {.optimize = compiler::Optimize::size})
#pragma once

#include <cstdint>
#include <span>

#include "cordon/compile/weights.h"

namespace cordon::compiler {

enum class Optimize : uint8_t {
  none,    // a plain tree, no sharing beyond equal leaves, no peephole: to compare against
  attach,  // cheapest to attach: the default
  size,    // fewest instructions
  max,     // fewer still, searched for: seconds; in constant expressions the same as size
};

// For whom, and what it is to be quick at beside that.
struct Goal {
  Optimize optimize = Optimize::attach;
  std::span<const NumberWeight> weights{};
};

}  // namespace cordon::compiler
