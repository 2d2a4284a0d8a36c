// The second order that programs are tried in: words that meet in arithmetic (arg0 > arg1, nr + arg2) lie bit by bit
// beside each other. In the plain order such functions have a node for every value of the first word.
#pragma once

#include <optional>
#include <span>

#include "cordon/diagram/order.h"
#include "cordon/prove/execution.h"
#include "cordon/prove/stand_ins.h"
#include "cordon/prove/word_order.h"

namespace cordon::prove {

// The words that stand for what is not looked into, from 0.
constexpr diagram::Word spare_word(unsigned i) { return static_cast<diagram::Word>(diagram::kWordCount + i); }

// The other words stand as in the plain order; those that stand for tests before them, for values after. No words meet
// and none is a stand-in: no order.
std::optional<diagram::Order> interleaved_order(std::span<const Execution* const> executions, const WordOrder& plain,
                                                const diagram::Cuts& cuts, const StandIns& stand_ins = {});

}  // namespace cordon::prove
