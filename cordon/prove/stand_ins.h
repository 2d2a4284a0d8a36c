// What no diagram holds, such as products of two words, taken for words of their own.
//
//   auto stand_ins = StandIns::make(executions, Standing::products);
//   stand_ins->of(*executions[0])[product] == 16       // a spare word of the diagram
//
// The same expression has the same word in every program. Functions that are equal whatever the stand-ins are, are
// equal; where they differ, the stand-ins of the call may have no such values: a call has to show it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

#include "cordon/diagram/order.h"
#include "cordon/prove/execution.h"

namespace cordon::prove {

// For what there is one.
enum class Standing : uint8_t {
  none,
  products,  // for products and quotients, but those by 2 and 3, and for what is shifted by a value
  tests,     // a bit for each comparison of what arithmetic makes, and for each such answer a leaf
};

class StandIns {
 public:
  static constexpr diagram::Word kNone = UINT8_MAX;
  static constexpr uint64_t kFirstAnswer = uint64_t{1} << 40;  // of leaves that stand for computed answers

  // None: every value has its own form.
  StandIns() = default;
  // None if there are more than a diagram has spare words for.
  static std::optional<StandIns> make(std::span<const Execution* const> executions, Standing which);

  Standing which() const { return which_; }
  // The spare words that are used: kWordCount and so many after it.
  unsigned count() const { return count_; }

  // Of products: the word by expression; empty if the execution has none.
  std::span<const diagram::Word> of(const Execution& execution) const;
  // Bit w: the expression depends on word w, which may be a stand-in's; by expression.
  std::vector<uint32_t> words_of(const Execution& execution) const;

  // Of tests: one bit of a word.
  struct Bit {
    diagram::Word word = 0;
    uint8_t bit = 0;
  };
  std::optional<Bit> of_test(const Execution& execution, const Test& test) const;
  std::optional<uint64_t> of_answer(const Execution& execution, Expression value) const;

 private:
  struct Entry {
    const Execution* execution = nullptr;
    std::vector<Expression> numbers;  // in a pool of all executions' expressions
    std::vector<diagram::Word> words;
  };
  bool stand_for_values();
  bool stand_for_tests();
  const Entry* find(const Execution& execution) const;

  Standing which_ = Standing::none;
  std::vector<Entry> entries_;
  std::map<std::tuple<Relation, Expression, Expression>, uint32_t> tests_;
  unsigned count_ = 0;
};

}  // namespace cordon::prove
