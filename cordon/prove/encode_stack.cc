#include "cordon/prove/encode_stack.h"

#include "cordon/base/assert.h"
#include "cordon/policy/action.h"
#include "cordon/prove/encode_program.h"
#include "cordon/prove/forward.h"

namespace cordon::prove {
namespace {

using diagram::Manager;
using diagram::Node;

constexpr unsigned kRetShift = 32, kProgramShift = 16;
constexpr uint64_t kPlaceMask = 0xffff;  // an instruction's place counts from 1: programs have 4096 at the most

int32_t rank(uint64_t ret) { return static_cast<int32_t>(static_cast<uint32_t>(ret) & policy::kRetActionMask); }

// `a` is what the newer programs returned, `b` what an older one did: the lower action wins as a signed number,
// the newer value between equals (seccomp_run_filters).
uint64_t stricter_ret(uint64_t a, uint64_t b) { return rank(b) < rank(a) ? b : a; }
uint64_t stricter_decider(uint64_t a, uint64_t b) { return rank(b >> kRetShift) < rank(a >> kRetShift) ? b : a; }

uint64_t with_decider(uint64_t ret, uint64_t place) { return ret << kRetShift | place; }
// Of a division: 0 has no decider yet.
uint64_t zero_with_decider(uint64_t leaf, uint64_t place) { return leaf == 0 ? place : leaf; }
bool may_end(const Step& step) {
  return step.kind == Step::Kind::branch && (step.yes == Step::kReturnZero || step.no == Step::kReturnZero);
}
uint64_t ret_of_decider(uint64_t leaf, uint64_t) {
  return policy::to_ret(policy::from_ret(static_cast<uint32_t>(leaf >> kRetShift)));
}

Leaves leaves_of(size_t programs) { return programs > 1 ? Leaves::of_a_stack : Leaves::actions; }

// What the caller makes of each program, put together.
template <class Encode>
StackNode combined(Manager& manager, size_t programs, diagram::LeafFunction stricter, Encode encode) {
  StackNode result;
  if (programs == 0) result.node = manager.leaf(policy::to_ret({ActionKind::allow, 0}));
  for (uint32_t i = 0; i < programs; ++i) {
    const ProgramNode encoded = encode(i);
    result.program = i;
    result.undecided_at = encoded.undecided_at;
    if (result.undecided_at || manager.exhausted()) return result;
    result.node = i == 0 ? encoded.node : manager.combine(stricter, encoded.node, result.node);
    if (manager.exhausted()) return result;
  }
  return result;
}

ProgramNode encode_with_deciders(Manager& manager, const Execution& execution, Leaves leaves, uint32_t program) {
  const std::vector<Step>& steps = execution.steps();
  const Replacing replacing{
      [&steps](uint32_t step) { return steps[step].kind == Step::Kind::ret || may_end(steps[step]); },
      [&](uint32_t step, Node node) {
        const uint64_t place = uint64_t{program} << kProgramShift | (uint64_t{steps[step].pc} + 1);
        return manager.combine(may_end(steps[step]) ? zero_with_decider : with_decider, node, manager.leaf(place));
      }};
  return encode_program(manager, execution, leaves, replacing);
}

}  // namespace

StackNode encode_stack(Manager& manager, std::span<const Execution> executions, const StandIns& stand_ins) {
  StackNode result = combined(manager, executions.size(), stricter_ret, [&](uint32_t i) {
    return encode_program(manager, executions[i], leaves_of(executions.size()), stand_ins);
  });
  if (executions.size() > 1 && !manager.exhausted()) result.node = as_actions(manager, result.node);
  return result;
}

StackNode encode_stack_forward(Manager& manager, std::span<const bpf::Program> programs) {
  StackNode result = combined(manager, programs.size(), stricter_ret, [&](uint32_t i) {
    return encode_forward(manager, programs[i], leaves_of(programs.size()));
  });
  if (programs.size() > 1 && !manager.exhausted()) result.node = as_actions(manager, result.node);
  return result;
}

StackNode encode_deciders(Manager& manager, std::span<const Execution> executions) {
  return combined(manager, executions.size(), stricter_decider, [&](uint32_t i) {
    return encode_with_deciders(manager, executions[i], leaves_of(executions.size()), i);
  });
}

Decider decider_of(uint64_t leaf) {
  CORDON_ASSERT((leaf & kPlaceMask) != 0, "every answer has its instruction");
  return {static_cast<uint32_t>(leaf >> kProgramShift & kPlaceMask), static_cast<uint32_t>(leaf & kPlaceMask) - 1};
}

Node without_deciders(Manager& manager, Node node) { return manager.combine(ret_of_decider, node, Manager::kFalse); }

}  // namespace cordon::prove
