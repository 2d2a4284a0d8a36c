#include "cordon/prove/encode_program.h"

#include <algorithm>

#include "cordon/diagram/sets.h"
#include "cordon/policy/action.h"
#include "cordon/policy/intervals.h"
#include "cordon/prove/bits.h"

namespace cordon::prove {
namespace {

using diagram::Manager;
using diagram::Node;
using diagram::Range;
using diagram::Word;

uint64_t canonical_ret(uint64_t ret) { return policy::to_ret(policy::from_ret(static_cast<uint32_t>(ret))); }

uint64_t join_bits(uint64_t a, uint64_t b) { return a | b; }
uint64_t canonical_leaf(uint64_t ret, uint64_t) { return canonical_ret(ret); }

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

template <class Function>
void for_each_word(uint16_t words, Function function) {
  for (unsigned word = 0; word < diagram::kWordCount; ++word)
    if ((words >> word & 1) != 0) function(static_cast<Word>(word));
}

// Every value that is compared or returned through its single bits.
template <class Function>
void for_each_computed(const Execution& execution, Function function) {
  for (const Step& step : execution.steps()) {
    if (step.kind == Step::Kind::branch && execution.needs_bits(step.test)) function(step.test.left, step.test.right);
    if (step.kind == Step::Kind::ret && execution.needs_bits(step.value)) function(step.value, Expressions::kZero);
  }
}

uint32_t tested_mask(const WordBits& bits, const Test& test, uint32_t k) {
  if (test.relation != Relation::set) return bits.mask;
  return bits.mask & (bits.shift >= 0 ? k << bits.shift : k >> -bits.shift);
}

class Encoder {
 public:
  Encoder(Manager& manager, const Execution& execution, Leaves leaves)
      : manager_(manager),
        execution_(execution),
        pool_(execution.expressions()),
        bits_(manager, pool_),
        leaves_(leaves) {}

  Node holds(const Test& test) {
    if (execution_.needs_bits(test)) return bits_.holds(test);
    const auto &left = pool_[test.left], &right = pool_[test.right];
    if (left.is_constant()) return compare(*right.bits, test, left.constant, true);
    return compare(*left.bits, test, right.constant, false);
  }

  Node returned(Expression value) {
    if (pool_[value].is_constant()) return manager_.leaf(form(pool_[value].constant));
    const Bits bits = bits_.of(value);
    Node result = Manager::kFalse;  // replaced: every value is at least the lowest action's
    for (ActionKind kind : kByStrictness) {
      const Node reaches = at_least(bits, rank_of(kind));
      const Node passes = kind == ActionKind::allow ? Manager::kFalse : at_least(bits, rank_of(kind) + 1);
      if (reaches == Manager::kFalse) break;
      result = manager_.choose(reaches, reaches == passes ? result : with_data(bits, kind), result);
      result = manager_.choose(passes, manager_.leaf(form(unknown_above(kind))), result);
    }
    return result;
  }

 private:
  uint64_t form(uint64_t ret) const { return leaves_ == Leaves::actions ? canonical_ret(ret) : stack_ret(ret); }

  // The upper half of a value, its sign bit turned, against a constant.
  Node at_least(const Bits& bits, uint32_t rank) {
    Node result = Manager::kTrue;
    for (unsigned i = 0; i < 16; ++i) {
      const Node bit = i == 15 ? manager_.negation(bits[31]) : bits[16 + i];
      result = (rank >> i & 1) != 0 ? manager_.both(bit, result) : manager_.either(bit, result);
    }
    return result;
  }

  // The action with the lower half as its data, where it has some.
  Node with_data(const Bits& bits, ActionKind kind) {
    Node result = manager_.leaf(policy::to_ret({kind, 0}));
    unsigned width = kind == ActionKind::trap || kind == ActionKind::trace ? 16 : 0;
    if (kind == ActionKind::errno_) width = 12;
    for (unsigned i = 0; i < width; ++i)
      result = manager_.choose(bits[i], manager_.combine(join_bits, result, manager_.leaf(uint64_t{1} << i)), result);
    if (kind != ActionKind::errno_) return result;
    Node is_large = Manager::kFalse;
    for (unsigned i = width; i < 16; ++i) is_large = manager_.either(bits[i], is_large);
    return manager_.choose(is_large, manager_.leaf(policy::to_ret({kind, policy::kMaxErrno})), result);
  }

  // (word & mask) shifted, against a constant: a set of values under the mask.
  Node compare(const WordBits& bits, const Test& test, uint32_t k, bool is_constant_left) {
    const uint32_t mask = tested_mask(bits, test, k);
    if (mask == 0) return Manager::kFalse;
    const uint64_t largest = UINT32_MAX;
    Range values{};  // of the shifted value; may be empty
    bool is_empty = false;
    switch (test.relation) {
      case Relation::set: return set_of(bits.word, mask, {1, mask});
      case Relation::eq: values = {k, k}; break;
      case Relation::gt:
        is_empty = is_constant_left ? k == 0 : k == UINT32_MAX;
        values = is_constant_left ? Range{0, uint64_t{k} - 1} : Range{uint64_t{k} + 1, largest};
        break;
      case Relation::ge: values = is_constant_left ? Range{0, k} : Range{k, largest}; break;
    }
    if (is_empty) return Manager::kFalse;
    if (bits.shift >= 0) {
      values.first <<= bits.shift;
      values.last = (values.last << bits.shift) | policy::low_ones(static_cast<unsigned>(bits.shift) + 1) >> 1;
    } else {
      // Only multiples of 2^n occur.
      const auto by = static_cast<unsigned>(-bits.shift);
      values.first = (values.first + (uint64_t{1} << by) - 1) >> by;
      values.last >>= by;
      if (values.first > values.last) return Manager::kFalse;
    }
    return set_of(bits.word, mask, values);
  }

  // Where (word & mask) lies in the range; its ends need not be under the mask.
  Node set_of(Word word, uint32_t mask, Range range) {
    const auto first = policy::next_under_mask(range.first, mask);
    if (!first || *first > range.last) return Manager::kFalse;
    const Range exact{*first, policy::previous_under_mask(range.last, mask)};
    return diagram::in_set(manager_, {std::nullopt, word}, mask, {&exact, 1});
  }

  Manager& manager_;
  const Execution& execution_;
  const Expressions& pool_;
  BitVectors bits_;
  Leaves leaves_;
};

}  // namespace

void collect_cuts(const Execution& execution, diagram::Cuts& cuts) {
  const Expressions& pool = execution.expressions();
  for (const Step& step : execution.steps()) {
    if (step.kind != Step::Kind::branch || execution.needs_bits(step.test)) continue;
    const auto &left = pool[step.test.left], &right = pool[step.test.right];
    const WordBits& bits = left.bits ? *left.bits : *right.bits;
    cuts.at_mask(bits.word, tested_mask(bits, step.test, left.bits ? right.constant : left.constant));
  }
  for_each_computed(execution, [&](Expression left, Expression right) {
    for_each_word(pool[left].words | pool[right].words, [&](Word word) { cuts.at_every_bit(word); });
  });
}

MeetingWords meeting_words(const Execution& execution) {
  const Expressions& pool = execution.expressions();
  std::vector<bool> is_used(pool.size(), false);
  std::vector<uint16_t> meetings;
  for_each_computed(execution, [&](Expression left, Expression right) {
    is_used[left] = is_used[right] = true;
    meetings.push_back(pool[left].words | pool[right].words);
  });
  uint16_t amounts = 0, values = 0;
  for (Expression e = static_cast<Expression>(pool.size()); e-- > 0;) {
    if (!is_used[e] || pool[e].is_constant() || pool[e].bits) continue;
    is_used[pool[e].left] = is_used[pool[e].right] = true;
    const bool is_shift = pool[e].op == Operator::shift_left || pool[e].op == Operator::shift_right;
    (is_shift ? amounts : values) |= pool[pool[e].right].words;
    values |= pool[pool[e].left].words;
  }
  amounts &= static_cast<uint16_t>(~values);
  // Groups that share a word are one.
  std::vector<uint16_t> groups;
  for (uint16_t meeting : meetings) {
    meeting &= static_cast<uint16_t>(~amounts);
    std::erase_if(groups, [&](uint16_t group) {
      if ((group & meeting) == 0) return false;
      meeting |= group;
      return true;
    });
    if (meeting != 0) groups.push_back(meeting);
  }
  MeetingWords result;
  for_each_word(amounts, [&](Word word) { result.first.push_back(word); });
  for (uint16_t group : groups) {
    result.groups.emplace_back();
    for_each_word(group, [&](Word word) { result.groups.back().push_back(word); });
  }
  return result;
}

Node as_actions(Manager& manager, Node node) { return manager.combine(canonical_leaf, node, Manager::kFalse); }

ProgramNode encode_program(Manager& manager, const Execution& execution, Leaves leaves) {
  return encode_program(manager, execution, leaves, {});
}

ProgramNode encode_program(Manager& manager, const Execution& execution, Leaves leaves, const StepNode& instead) {
  Encoder encoder(manager, execution, leaves);
  const std::vector<Step>& steps = execution.steps();
  std::vector<Node> nodes(steps.size());
  auto node_of = [&](uint32_t step) { return step == Step::kReturnZero ? manager.leaf(0) : nodes[step]; };
  for (uint32_t pc = execution.insn_count(); pc-- > 0;) {
    for (uint32_t index : execution.steps_at(pc)) {
      const Step& step = steps[index];
      switch (step.kind) {
        case Step::Kind::go: nodes[index] = node_of(step.yes); break;
        case Step::Kind::ret: nodes[index] = encoder.returned(step.value); break;
        case Step::Kind::branch:
          nodes[index] = manager.choose(encoder.holds(step.test), node_of(step.yes), node_of(step.no));
          break;
      }
      if (instead) nodes[index] = instead(index, nodes[index]);
    }
    if (manager.exhausted()) return {Manager::kFalse, pc};
  }
  return {nodes[0], std::nullopt};
}

}  // namespace cordon::prove
