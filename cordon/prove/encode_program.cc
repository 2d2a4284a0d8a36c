#include "cordon/prove/encode_program.h"

#include <algorithm>
#include <utility>

#include "cordon/diagram/sets.h"
#include "cordon/policy/intervals.h"
#include "cordon/prove/bits.h"
#include "cordon/prove/overlay.h"

namespace cordon::prove {
namespace {

using diagram::Manager;
using diagram::Node;
using diagram::Range;
using diagram::Word;

template <class Function>
void for_each_word(uint32_t words, Function function) {
  for (unsigned word = 0; word < diagram::kMaxWords; ++word)
    if ((words >> word & 1) != 0) function(static_cast<Word>(word));
}

// Every value that is compared or returned through its single bits.
template <class Function>
void for_each_computed(const Execution& execution, const StandIns& stand_ins, Function function) {
  if (stand_ins.which() == Standing::tests) return;
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
  Encoder(Manager& manager, const Execution& execution, Leaves leaves, const StandIns& stand_ins)
      : manager_(manager),
        execution_(execution),
        pool_(execution.expressions()),
        stand_ins_(stand_ins),
        bits_(manager, pool_, stand_ins.of(execution)),
        leaves_(leaves) {}

  Overlay branch(const Test& test, Overlay yes, Overlay no) {
    if (const auto bit = stand_ins_.of_test(execution_, test))
      return Overlay(manager_.choose(node_of(*bit), yes.node(manager_), no.node(manager_)));
    if (execution_.needs_bits(test))
      return Overlay(manager_.choose(bits_.holds(test), yes.node(manager_), no.node(manager_)));
    const std::optional<Selection> selected = selection(test);
    if (!selected) return no;
    return Overlay::branch(manager_, selected->word, selected->values, std::move(yes), std::move(no));
  }

  Node returned(Expression value) {
    if (pool_[value].is_constant()) return manager_.leaf(answer_of(pool_[value].constant, leaves_));
    if (const auto answer = stand_ins_.of_answer(execution_, value)) return manager_.leaf(*answer);
    return answer_of(manager_, bits_.of(value), leaves_);
  }

 private:
  Node node_of(StandIns::Bit bit) {
    const diagram::Edge edges[] = {{0, Manager::kFalse}, {1, Manager::kTrue}};
    return manager_.switch_on(manager_.order().levels_of(bit.word)[31 - bit.bit], edges);
  }

  // Where the word under its mask lies in the range, whose ends are values under the mask.
  struct Selection {
    diagram::Masked word;
    Range values;
  };

  // None: the test never holds.
  std::optional<Selection> selection(const Test& test) const {
    const auto &left = pool_[test.left], &right = pool_[test.right];
    const bool is_constant_left = left.is_constant();
    const WordBits& bits = is_constant_left ? *right.bits : *left.bits;
    const uint32_t k = is_constant_left ? left.constant : right.constant;
    const uint32_t mask = tested_mask(bits, test, k);
    std::optional<Range> values = values_of(test.relation, k, is_constant_left);
    if (values && test.relation != Relation::set) values = unshifted(*values, bits.shift);
    if (mask == 0 || !values) return std::nullopt;
    if (test.relation == Relation::set) values = Range{1, mask};
    const auto first = policy::next_under_mask(values->first, mask);
    if (!first || *first > values->last) return std::nullopt;
    return Selection{{bits.word, mask}, {*first, policy::previous_under_mask(values->last, mask)}};
  }

  // Of a value that is compared with a constant.
  static std::optional<Range> values_of(Relation relation, uint32_t k, bool is_constant_left) {
    const uint64_t largest = UINT32_MAX;
    switch (relation) {
      case Relation::set: break;
      case Relation::eq: return Range{k, k};
      case Relation::gt:
        if (k == (is_constant_left ? 0 : UINT32_MAX)) return std::nullopt;
        return is_constant_left ? Range{0, uint64_t{k} - 1} : Range{uint64_t{k} + 1, largest};
      case Relation::ge: return is_constant_left ? Range{0, k} : Range{k, largest};
    }
    return Range{0, largest};
  }

  // The values that are shifted into the range.
  static std::optional<Range> unshifted(Range values, int shift) {
    if (shift >= 0)
      return Range{values.first << shift,
                   (values.last << shift) | policy::low_ones(static_cast<unsigned>(shift) + 1) >> 1};
    // Only multiples of 2^n occur.
    const auto by = static_cast<unsigned>(-shift);
    values.first = (values.first + (uint64_t{1} << by) - 1) >> by;
    values.last >>= by;
    return values.first > values.last ? std::nullopt : std::optional(values);
  }

  Manager& manager_;
  const Execution& execution_;
  const Expressions& pool_;
  const StandIns& stand_ins_;
  BitVectors bits_;
  Leaves leaves_;
};

// How many steps go on with each.
std::vector<uint32_t> uses_of(const std::vector<Step>& steps) {
  std::vector<uint32_t> uses(steps.size(), 0);
  auto count = [&](uint32_t step) {
    if (step != Step::kReturnZero) ++uses[step];
  };
  for (const Step& step : steps) {
    if (step.kind != Step::Kind::ret) count(step.yes);
    if (step.kind == Step::Kind::branch) count(step.no);
  }
  return uses;
}

ProgramNode encode(Manager& manager, const Execution& execution, Encoder encoder, const Replacing& replacing) {
  const std::vector<Step>& steps = execution.steps();
  std::vector<uint32_t> uses = uses_of(steps);
  std::vector<Overlay> values(steps.size());
  auto value_of = [&](uint32_t step) {
    if (step == Step::kReturnZero) return Overlay(manager.leaf(0));
    return uses[step] > 1 ? values[step] : std::move(values[step]);
  };
  for (uint32_t pc = execution.insn_count(); pc-- > 0;) {
    for (uint32_t index : execution.steps_at(pc)) {
      const Step& step = steps[index];
      Overlay& value = values[index];
      switch (step.kind) {
        case Step::Kind::go: value = value_of(step.yes); break;
        case Step::Kind::ret: value = Overlay(encoder.returned(step.value)); break;
        case Step::Kind::branch: value = encoder.branch(step.test, value_of(step.yes), value_of(step.no)); break;
      }
      if (uses[index] > 1) value.node(manager);
      if (replacing.wants && replacing.wants(index)) value = Overlay(replacing.instead(index, value.node(manager)));
    }
    if (manager.exhausted()) return {Manager::kFalse, pc};
  }
  const Node root = values[0].node(manager);
  if (manager.exhausted()) return {Manager::kFalse, 0};
  return {root, std::nullopt};
}

}  // namespace

void collect_cuts(const Execution& execution, diagram::Cuts& cuts, const StandIns& stand_ins) {
  const Expressions& pool = execution.expressions();
  for (const Step& step : execution.steps()) {
    if (step.kind != Step::Kind::branch || execution.needs_bits(step.test)) continue;
    const auto &left = pool[step.test.left], &right = pool[step.test.right];
    const WordBits& bits = left.bits ? *left.bits : *right.bits;
    cuts.at_mask(bits.word, tested_mask(bits, step.test, left.bits ? right.constant : left.constant));
  }
  const std::vector<uint32_t> words = stand_ins.words_of(execution);
  for_each_computed(execution, stand_ins, [&](Expression left, Expression right) {
    for_each_word(words[left] | words[right], [&](Word word) { cuts.at_every_bit(word); });
  });
}

MeetingWords meeting_words(const Execution& execution, const StandIns& stand_ins) {
  const Expressions& pool = execution.expressions();
  std::vector<bool> is_used(pool.size(), false);
  const std::vector<uint32_t> words = stand_ins.words_of(execution);
  const std::span<const Word> stand_in = stand_ins.of(execution);
  std::vector<uint32_t> meetings;
  for_each_computed(execution, stand_ins, [&](Expression left, Expression right) {
    is_used[left] = is_used[right] = true;
    meetings.push_back(words[left] | words[right]);
  });
  uint32_t amounts = 0, values = 0;
  for (Expression e = static_cast<Expression>(pool.size()); e-- > 0;) {
    if (!is_used[e] || pool[e].is_constant() || pool[e].bits) continue;
    if (!stand_in.empty() && stand_in[e] != StandIns::kNone) continue;
    is_used[pool[e].left] = is_used[pool[e].right] = true;
    const bool is_shift = pool[e].op == Operator::shift_left || pool[e].op == Operator::shift_right;
    (is_shift ? amounts : values) |= words[pool[e].right];
    values |= words[pool[e].left];
  }
  amounts &= ~values;
  // Groups that share a word are one.
  std::vector<uint32_t> groups;
  for (uint32_t meeting : meetings) {
    meeting &= ~amounts;
    std::erase_if(groups, [&](uint32_t group) {
      if ((group & meeting) == 0) return false;
      meeting |= group;
      return true;
    });
    if (meeting != 0) groups.push_back(meeting);
  }
  MeetingWords result;
  for_each_word(amounts, [&](Word word) { result.first.push_back(word); });
  for (uint32_t group : groups) {
    result.groups.emplace_back();
    for_each_word(group, [&](Word word) { result.groups.back().push_back(word); });
  }
  return result;
}

ProgramNode encode_program(Manager& manager, const Execution& execution, Leaves leaves, const StandIns& stand_ins) {
  return encode(manager, execution, Encoder(manager, execution, leaves, stand_ins), {});
}

ProgramNode encode_program(Manager& manager, const Execution& execution, Leaves leaves, const Replacing& replacing) {
  const StandIns none;
  return encode(manager, execution, Encoder(manager, execution, leaves, none), replacing);
}

}  // namespace cordon::prove
