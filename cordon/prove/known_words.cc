#include "cordon/prove/known_words.h"

#include <algorithm>

namespace cordon::prove {
namespace {

using diagram::Range;

// What is left of the range where the word is related so to k; nothing where it cannot be.
Range where(Range range, Relation relation, uint64_t k, bool holds) {
  Range allowed{0, UINT32_MAX};
  switch (relation) {
    case Relation::eq:
      if (holds) return {k, k};
      if (range.first == k) ++range.first;
      if (range.last == k && range.last > 0) --range.last;
      return range;
    case Relation::gt: allowed = holds ? Range{k + 1, UINT32_MAX} : Range{0, k}; break;
    case Relation::ge: allowed = holds ? Range{k, UINT32_MAX} : Range{0, k == 0 ? 0 : k - 1}; break;
    case Relation::set: break;
  }
  return {std::max(range.first, allowed.first), std::min(range.last, allowed.last)};
}

class Flow {
 public:
  Flow(const Execution& execution, uint16_t with_ranges)
      : execution_(execution),
        with_ranges_(with_ranges),
        known_(execution.steps().size(), nothing_known()),
        is_reached_(execution.steps().size(), false) {}

  std::vector<KnownWords> run() && {
    is_reached_[0] = true;
    for (uint32_t pc = 0; pc < execution_.insn_count(); ++pc)
      for (uint32_t index : execution_.steps_at(pc)) leave(index);
    return std::move(known_);
  }

 private:
  void leave(uint32_t index) {
    const Step& step = execution_.steps()[index];
    if (!is_reached_[index]) return;
    for (unsigned word = 0; word < diagram::kWordCount; ++word) {
      Range& range = known_[index].ranges[word];
      if ((with_ranges_ >> word & 1) == 0 && range.first != range.last) range = {0, UINT32_MAX};
    }
    if (step.kind == Step::Kind::ret) return;
    if (step.kind == Step::Kind::go) return arrive(step.yes, known_[index]);
    arrive(step.yes, after(known_[index], step.test, true));
    arrive(step.no, after(known_[index], step.test, false));
  }

  KnownWords after(KnownWords known, const Test& test, bool holds) const {
    const Expressions::Entry& left = execution_.expressions()[test.left];
    const Expressions::Entry& right = execution_.expressions()[test.right];
    if (!left.bits || left.bits->mask != UINT32_MAX || left.bits->shift != 0 || !right.is_constant()) return known;
    Range& range = known.ranges[left.bits->word];
    const Range narrower = where(range, test.relation, right.constant, holds);
    // An edge that no call takes: what is said of it does not matter.
    if (narrower.first <= narrower.last) range = narrower;
    return known;
  }

  void arrive(uint32_t step, const KnownWords& known) {
    if (step == Step::kReturnZero) return;
    if (!is_reached_[step]) {
      is_reached_[step] = true;
      known_[step] = known;
      return;
    }
    for (size_t word = 0; word < known.ranges.size(); ++word) {
      Range& range = known_[step].ranges[word];
      range = {std::min(range.first, known.ranges[word].first), std::max(range.last, known.ranges[word].last)};
    }
  }

  const Execution& execution_;
  const uint16_t with_ranges_;
  std::vector<KnownWords> known_;
  std::vector<bool> is_reached_;
};

}  // namespace

KnownWords nothing_known() {
  KnownWords known;
  known.ranges.fill({0, UINT32_MAX});
  return known;
}

std::vector<KnownWords> known_words(const Execution& execution, uint16_t with_ranges) {
  return Flow(execution, with_ranges).run();
}

diagram::Node encode_known(diagram::Manager& manager, const KnownWords& known) {
  using diagram::Manager;
  diagram::Node node = Manager::kTrue;
  for (size_t level = manager.order().size(); level-- > 0;) {
    // Each word once, the last asked first: at the level of its highest bits.
    const diagram::Field& field = manager.order().field(static_cast<diagram::Level>(level));
    if (field.low + field.width != 32 || !known.is_known(field.word)) continue;
    node = manager.both(
        diagram::in_set(manager, {std::nullopt, field.word}, UINT32_MAX, {&known.ranges[field.word], 1}), node);
  }
  return node;
}

}  // namespace cordon::prove
