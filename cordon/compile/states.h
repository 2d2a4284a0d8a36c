// What is known of words at one node of the graph: one state for each way to it, as far as they differ.
//
//   States states;
//   states.add({{word, UINT32_MAX, 3, 9, true}}, 64, steps);
//   states.add({{word, UINT32_MAX, 3, 5, true}}, 64, steps);   // says more than the first: nothing new
//
// A state stands for all calls its facts hold for, so one that says less makes those that say more needless.
// Too many states are blurred: of some words only what all of them know is kept. Every comparison of two facts
// is taken from the budget; once that is used up the states are of no use.
#pragma once

#include <vector>

#include "cordon/compile/facts.h"
#include "cordon/policy/budget.h"

namespace cordon::compiler {

class States {
 public:
  constexpr void add(Facts facts, size_t max_states, policy::Budget& steps);
  constexpr void clear() { states_.clear(); }

  constexpr const std::vector<Facts>& list() const { return states_; }
  constexpr bool is_blurred() const { return is_blurred_; }
  constexpr bool knows_nothing() const { return !states_.empty() && states_.front().empty(); }

 private:
  std::vector<Facts> states_;
  bool is_blurred_ = false;
};

}  // namespace cordon::compiler

#include "cordon/compile/states.inl.h"  // IWYU pragma: export
