// A BPF program as a diagram whose leaves are actions.
//
//   Execution execution(program);
//   collect_cuts(execution, cuts);            // first: every function that is compared has the same cuts
//   Manager m(Order::of_words(...), {});
//   ProgramNode encoded = encode_program(m, execution, Leaves::actions);
//
// Any program the kernel admits can be given. Leaves are return values in one canonical form, so that equal means
// equal to the kernel.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "cordon/diagram/manager.h"
#include "cordon/prove/answers.h"
#include "cordon/prove/execution.h"
#include "cordon/prove/stand_ins.h"

namespace cordon::prove {

// Cuts for what the program tests and computes.
void collect_cuts(const Execution& execution, diagram::Cuts& cuts, const StandIns& stand_ins = {});

// Words whose single bits meet in one expression or comparison; their bits are interleaved when the plain order
// grows too large. Words that only say how far to shift come in groups of their own, before the others.
struct MeetingWords {
  std::vector<std::vector<diagram::Word>> groups;
  std::vector<diagram::Word> first;
};
MeetingWords meeting_words(const Execution& execution, const StandIns& stand_ins = {});

struct ProgramNode {
  diagram::Node node = 0;
  std::optional<uint32_t> undecided_at;  // the instruction at which the manager's bound was reached
};
ProgramNode encode_program(diagram::Manager& manager, const Execution& execution, Leaves leaves,
                           const StandIns& stand_ins = {});

// The same with other nodes in the place of some steps', asked for from the last step to the first.
struct Replacing {
  std::function<bool(uint32_t step)> wants;
  std::function<diagram::Node(uint32_t step, diagram::Node)> instead;
};
ProgramNode encode_program(diagram::Manager& manager, const Execution& execution, Leaves leaves,
                           const Replacing& replacing);

}  // namespace cordon::prove
