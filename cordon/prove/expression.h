// What a register of a program holds, as an expression of the words of the call.
//
//   Expressions pool;
//   auto low_bits = pool.make(Operator::bit_and, pool.word(4), pool.constant(0xff));
//   pool[low_bits].bits == WordBits{4, 0xff, 0}
//
// Expressions are numbers of one pool and shared: the same expression is the same number, and operands have
// smaller numbers than what they are part of. Constants are folded as the kernel computes.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "cordon/diagram/order.h"

namespace cordon::prove {

using Expression = uint32_t;

enum class Operator : uint8_t { constant, word, add, sub, mul, div, bit_and, bit_or, bit_xor, shift_left, shift_right };

// (word & mask) >> shift, or << -shift: the forms that are tested without looking at single bits.
struct WordBits {
  diagram::Word word = 0;
  uint32_t mask = 0;
  int8_t shift = 0;

  bool operator==(const WordBits&) const = default;
};

// The operator on two values, as the kernel's JITs compute it: division by 0 gives 0, shifts take five bits.
uint32_t compute(Operator op, uint32_t left, uint32_t right);

class Expressions {
 public:
  struct Entry {
    Operator op = Operator::constant;
    Expression left = 0, right = 0;
    uint32_t constant = 0;         // of a constant; of a word its number
    std::optional<WordBits> bits;  // where it has that form
    uint16_t words = 0;            // bit w: the expression depends on word w

    bool is_constant() const { return op == Operator::constant; }
  };

  Expressions();

  static constexpr Expression kZero = 0;
  Expression constant(uint32_t value);
  Expression word(diagram::Word word);
  Expression make(Operator op, Expression left, Expression right);

  const Entry& operator[](Expression expression) const { return entries_[expression]; }
  size_t size() const { return entries_.size(); }

 private:
  Expression intern(const Entry& entry);
  std::optional<Expression> simplified(Operator op, Expression left, Expression right);
  Expression of_bits(const WordBits& bits);

  std::vector<Entry> entries_;
  std::vector<Expression> table_;  // open addressing; UINT32_MAX is free
};

}  // namespace cordon::prove
