// Arithmetic on values of 32 bits, each bit a function of the call.
//
//   BitArithmetic arithmetic(manager);
//   Bits sum = arithmetic.make(Operator::add, a, b);
//   Node carry = arithmetic.holds(Relation::gt, a, sum);
//
// Additions of two words stay small only where their bits are interleaved; products and quotients of two words grow
// beyond any bound, which the manager's count ends.
#pragma once

#include <array>

#include "cordon/diagram/manager.h"
#include "cordon/prove/expression.h"
#include "cordon/prove/opcodes.h"

namespace cordon::prove {

using Bits = std::array<diagram::Node, 32>;  // the lowest first

class BitArithmetic {
 public:
  explicit BitArithmetic(diagram::Manager& manager) : manager_(manager) {}

  static Bits constant(uint32_t value);
  // The word is cut to single bits.
  Bits word(const WordBits& bits);
  // Dividing by zero gives any value: it ends a program before the value is read.
  Bits make(Operator op, const Bits& a, const Bits& b);
  Bits select(diagram::Node condition, const Bits& yes, const Bits& no);
  diagram::Node holds(Relation relation, const Bits& a, const Bits& b);

 private:
  Bits sum(const Bits& a, const Bits& b, diagram::Node carry);
  Bits inverse(const Bits& a);
  Bits product(const Bits& a, const Bits& b);
  Bits quotient(const Bits& a, const Bits& b);
  Bits shifted(const Bits& a, const Bits& by, bool is_left);
  diagram::Node at_least(const Bits& a, const Bits& b);
  diagram::Node differ(diagram::Node a, diagram::Node b);

  diagram::Manager& manager_;
};

}  // namespace cordon::prove
