#include "cordon/prove/answers.h"

#include "cordon/policy/action.h"

namespace cordon::prove {
namespace {

using diagram::Manager;
using diagram::Node;

uint64_t canonical_ret(uint64_t ret) { return policy::to_ret(policy::from_ret(static_cast<uint32_t>(ret))); }
uint64_t canonical_leaf(uint64_t ret, uint64_t) { return canonical_ret(ret); }
uint64_t join_bits(uint64_t a, uint64_t b) { return a | b; }

constexpr ActionKind kByStrictness[] = {ActionKind::kill_process, ActionKind::kill_thread, ActionKind::trap,
                                        ActionKind::errno_,       ActionKind::notify,      ActionKind::trace,
                                        ActionKind::log,          ActionKind::allow};

// Actions as the kernel orders them, as signed numbers; here unsigned with the sign bit turned.
uint32_t rank_of(ActionKind kind) { return (policy::to_ret({kind, 0}) ^ 0x80000000) >> 16; }

// The least value that names no action and is above this one: all such values up to the next action behave alike.
uint32_t unknown_above(ActionKind kind) { return policy::to_ret({kind, 0}) + 0x10000; }

uint64_t stack_ret(uint64_t ret) {
  const auto action = static_cast<uint32_t>(ret) & policy::kRetActionMask;
  uint32_t form = 0;
  for (ActionKind kind : kByStrictness) {
    if ((action ^ 0x80000000) >> 16 < rank_of(kind)) break;
    form = policy::to_ret({kind, 0});
  }
  return form == action ? canonical_ret(ret) : uint64_t{form} + 0x10000;
}

// The upper half of a value, its sign bit turned, against a constant.
Node at_least(Manager& manager, const Bits& bits, uint32_t rank) {
  Node result = Manager::kTrue;
  for (unsigned i = 0; i < 16; ++i) {
    const Node bit = i == 15 ? manager.negation(bits[31]) : bits[16 + i];
    result = (rank >> i & 1) != 0 ? manager.both(bit, result) : manager.either(bit, result);
  }
  return result;
}

// The action with the lower half as its data, where it has some.
Node with_data(Manager& manager, const Bits& bits, ActionKind kind) {
  Node result = manager.leaf(policy::to_ret({kind, 0}));
  unsigned width = kind == ActionKind::trap || kind == ActionKind::trace ? 16 : 0;
  if (kind == ActionKind::errno_) width = 12;
  for (unsigned i = 0; i < width; ++i)
    result = manager.choose(bits[i], manager.combine(join_bits, result, manager.leaf(uint64_t{1} << i)), result);
  if (kind != ActionKind::errno_) return result;
  Node is_large = Manager::kFalse;
  for (unsigned i = width; i < 16; ++i) is_large = manager.either(bits[i], is_large);
  return manager.choose(is_large, manager.leaf(policy::to_ret({kind, policy::kMaxErrno})), result);
}

}  // namespace

uint64_t answer_of(uint32_t ret, Leaves leaves) {
  return leaves == Leaves::actions ? canonical_ret(ret) : stack_ret(ret);
}

Node answer_of(Manager& manager, const Bits& ret, Leaves leaves) {
  Node result = Manager::kFalse;  // replaced: every value is at least the lowest action's
  for (ActionKind kind : kByStrictness) {
    const Node reaches = at_least(manager, ret, rank_of(kind));
    const Node passes = kind == ActionKind::allow ? Manager::kFalse : at_least(manager, ret, rank_of(kind) + 1);
    if (reaches == Manager::kFalse) break;
    result = manager.choose(reaches, reaches == passes ? result : with_data(manager, ret, kind), result);
    result = manager.choose(passes, manager.leaf(answer_of(unknown_above(kind), leaves)), result);
  }
  return result;
}

Node as_actions(Manager& manager, Node node) { return manager.combine(canonical_leaf, node, Manager::kFalse); }

}  // namespace cordon::prove
