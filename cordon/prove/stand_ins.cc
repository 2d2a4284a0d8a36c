#include "cordon/prove/stand_ins.h"

#include <algorithm>

namespace cordon::prove {
namespace {

using diagram::Word;

// Diagrams of such values grow beyond any bound, or may do so.
bool is_hard(const Expressions& pool, Expression expression) {
  const Expressions::Entry &entry = pool[expression], &right = pool[entry.right];
  constexpr uint32_t kSmall = 3;
  switch (entry.op) {
    case Operator::mul:
    case Operator::div: return !right.is_constant() || right.constant > kSmall;
    case Operator::shift_left:
    case Operator::shift_right: return !right.is_constant();
    default: return false;
  }
}

std::vector<bool> values_compared(const Execution& execution) {
  const Expressions& pool = execution.expressions();
  std::vector<bool> is_used(pool.size(), false);
  for (const Step& step : execution.steps()) {
    if (step.kind == Step::Kind::branch) is_used[step.test.left] = is_used[step.test.right] = true;
    if (step.kind == Step::Kind::ret) is_used[step.value] = true;
  }
  return is_used;
}

// Puts the expressions of several programs into one pool, so that equal ones are one.
class Joined {
 public:
  // The numbers there, by expression.
  std::vector<Expression> add(const Expressions& pool) {
    std::vector<Expression> numbers(pool.size());
    for (Expression e = 0; e < pool.size(); ++e) numbers[e] = number_of(pool[e], numbers);
    return numbers;
  }

 private:
  Expression number_of(const Expressions::Entry& entry, const std::vector<Expression>& numbers) {
    if (entry.op == Operator::constant) return all_.constant(entry.constant);
    if (entry.op == Operator::word) return all_.word(static_cast<Word>(entry.constant));
    if (!entry.bits) return all_.make(entry.op, numbers[entry.left], numbers[entry.right]);
    const Expression masked =
        all_.make(Operator::bit_and, all_.word(entry.bits->word), all_.constant(entry.bits->mask));
    const int shift = entry.bits->shift;
    return all_.make(shift >= 0 ? Operator::shift_right : Operator::shift_left, masked,
                     all_.constant(static_cast<uint32_t>(shift >= 0 ? shift : -shift)));
  }

  Expressions all_;
};

}  // namespace

std::optional<StandIns> StandIns::make(std::span<const Execution* const> executions, Standing which) {
  StandIns result;
  result.which_ = which;
  Joined joined;
  for (const Execution* execution : executions)
    result.entries_.push_back({execution, joined.add(execution->expressions()), {}});
  const bool is_within = which == Standing::products ? result.stand_for_values() : result.stand_for_tests();
  return is_within ? std::optional(std::move(result)) : std::nullopt;
}

bool StandIns::stand_for_values() {
  std::vector<Expression> known;  // which expression of all the spare words stand for
  for (Entry& entry : entries_) {
    const Expressions& pool = entry.execution->expressions();
    std::vector<bool> is_used = values_compared(*entry.execution);
    entry.words.assign(pool.size(), kNone);
    for (Expression e = static_cast<Expression>(pool.size()); e-- > 0;) {
      if (!is_used[e] || pool[e].is_constant() || pool[e].bits) continue;
      if (!is_hard(pool, e)) {
        is_used[pool[e].left] = is_used[pool[e].right] = true;
        continue;
      }
      auto at = std::find(known.begin(), known.end(), entry.numbers[e]);
      if (at == known.end()) {
        if (known.size() == diagram::kSpareWords) return false;
        at = known.insert(known.end(), entry.numbers[e]);
      }
      entry.words[e] = static_cast<Word>(diagram::kWordCount + (at - known.begin()));
    }
  }
  count_ = static_cast<unsigned>(known.size());
  return true;
}

bool StandIns::stand_for_tests() {
  for (const Entry& entry : entries_)
    for (const Step& step : entry.execution->steps()) {
      if (step.kind != Step::Kind::branch || !entry.execution->needs_bits(step.test)) continue;
      const auto next = static_cast<uint32_t>(tests_.size());
      tests_.try_emplace({step.test.relation, entry.numbers[step.test.left], entry.numbers[step.test.right]}, next);
    }
  count_ = static_cast<unsigned>((tests_.size() + 31) / 32);
  return count_ <= diagram::kSpareWords;
}

const StandIns::Entry* StandIns::find(const Execution& execution) const {
  for (const Entry& entry : entries_)
    if (entry.execution == &execution) return &entry;
  return nullptr;
}

std::span<const Word> StandIns::of(const Execution& execution) const {
  const Entry* entry = find(execution);
  return entry != nullptr ? std::span<const Word>(entry->words) : std::span<const Word>();
}

std::vector<uint32_t> StandIns::words_of(const Execution& execution) const {
  const Expressions& pool = execution.expressions();
  const std::span<const Word> stand_ins = of(execution);
  std::vector<uint32_t> words(pool.size(), 0);
  for (Expression e = 0; e < pool.size(); ++e) {
    if (!stand_ins.empty() && stand_ins[e] != kNone)
      words[e] = uint32_t{1} << stand_ins[e];
    else if (pool[e].is_constant() || pool[e].bits)
      words[e] = pool[e].words;
    else
      words[e] = words[pool[e].left] | words[pool[e].right];
  }
  return words;
}

std::optional<StandIns::Bit> StandIns::of_test(const Execution& execution, const Test& test) const {
  if (which_ != Standing::tests || !execution.needs_bits(test)) return std::nullopt;
  const Entry* entry = find(execution);
  const uint32_t number = tests_.at({test.relation, entry->numbers[test.left], entry->numbers[test.right]});
  return Bit{static_cast<Word>(diagram::kWordCount + number / 32), static_cast<uint8_t>(number % 32)};
}

std::optional<uint64_t> StandIns::of_answer(const Execution& execution, Expression value) const {
  if (which_ != Standing::tests || !execution.needs_bits(value)) return std::nullopt;
  return kFirstAnswer + find(execution)->numbers[value];
}

}  // namespace cordon::prove
