// Stacked programs as one diagram: what the kernel makes of all their answers.
//
//   std::vector<Execution> executions(programs.begin(), programs.end());   // the oldest first
//   StackNode encoded = encode_stack(manager, executions);
//
// All programs of a stack are asked, and the strictest action wins; of equal actions the newest program gives the data.
// One program alone is a stack too.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "cordon/diagram/manager.h"
#include "cordon/prove/execution.h"
#include "cordon/prove/stand_ins.h"

namespace cordon::prove {

struct StackNode {
  diagram::Node node = 0;
  // The program that was encoded last, and its instruction at which the manager's bound was reached; without an
  // instruction it was reached by putting programs together, if it was.
  uint32_t program = 0;
  std::optional<uint32_t> undecided_at;
};

// Leaves are return values in the canonical form of Leaves::actions.
StackNode encode_stack(diagram::Manager& manager, std::span<const Execution> executions,
                       const StandIns& stand_ins = {});

// The same for programs that are run forwards, each word they load cut to single bits.
StackNode encode_stack_forward(diagram::Manager& manager, std::span<const bpf::Program> programs);

// The instruction that gives a stack's answer: that of the newest of the programs whose actions are the strictest.
struct Decider {
  uint32_t program = 0;
  uint32_t pc = 0;  // a return, or a division by zero, which ends a program

  auto operator<=>(const Decider&) const = default;
};

// The same function, but its leaves tell the decider too.
StackNode encode_deciders(diagram::Manager& manager, std::span<const Execution> executions);
Decider decider_of(uint64_t leaf);
// From the leaves of encode_deciders to those of encode_stack.
diagram::Node without_deciders(diagram::Manager& manager, diagram::Node node);

}  // namespace cordon::prove
