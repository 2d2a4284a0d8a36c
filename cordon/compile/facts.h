// What is known of a word: facts about it under masks, and whether they can hold together.
//
//   Facts facts{{word, 0xff, 3, 9, true}};                           // 3 <= (word & 0xff) <= 9
//   can_hold(facts, {word, 0xffffffff, 0, 2, true}, steps)           // false
//
// Exact but for searches that take too long or more steps than are left: those count as possible.
#pragma once

#include <cstdint>
#include <vector>

#include "cordon/compile/split.h"
#include "cordon/policy/budget.h"

namespace cordon::compiler {

// (word & mask) lies within first..last, or outside of it.
struct Fact {
  WordId word = 0;
  uint32_t mask = UINT32_MAX;
  uint32_t first = 0;
  uint32_t last = 0;
  bool inside = true;

  bool operator==(const Fact&) const = default;
};

using Facts = std::vector<Fact>;

// Some value of the fact's word makes the fact and all facts of that word true.
constexpr bool can_hold(const Facts& facts, const Fact& fact, policy::Budget& steps);

}  // namespace cordon::compiler

#include "cordon/compile/facts.inl.h"  // IWYU pragma: export
