// Expressions as 32 functions, one per bit: the way for arithmetic that no interval describes.
//
//   BitVectors bits(manager, expressions);
//   Node carry = bits.holds({Relation::gt, sum, limit});
//
// Every word an expression depends on is cut to single bits. Additions of two words stay small only where their
// bits are interleaved; products and quotients of two words grow beyond any bound, which the manager's count ends.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "cordon/diagram/manager.h"
#include "cordon/prove/execution.h"
#include "cordon/prove/expression.h"

namespace cordon::prove {

using Bits = std::array<diagram::Node, 32>;  // the lowest first

class BitVectors {
 public:
  // `stand_ins`: words that stand for expressions (StandIns::of); empty for none.
  BitVectors(diagram::Manager& manager, const Expressions& expressions, std::span<const diagram::Word> stand_ins)
      : manager_(manager), expressions_(expressions), stand_ins_(stand_ins), index_(expressions.size(), kNone) {}

  const Bits& of(Expression expression);
  diagram::Node holds(const Test& test);

 private:
  static constexpr uint32_t kNone = UINT32_MAX, kPlanned = UINT32_MAX - 1;

  bool has_stand_in(Expression expression) const;
  Bits make(Expression expression);
  Bits of_word(const WordBits& bits);
  Bits sum(const Bits& a, const Bits& b, diagram::Node carry);
  Bits inverse(const Bits& a);
  Bits product(const Bits& a, const Bits& b);
  Bits quotient(const Bits& a, const Bits& b);
  Bits shifted(const Bits& a, const Bits& by, bool is_left);
  Bits select(diagram::Node condition, const Bits& yes, const Bits& no);
  diagram::Node at_least(const Bits& a, const Bits& b);
  diagram::Node differ(diagram::Node a, diagram::Node b);

  diagram::Manager& manager_;
  const Expressions& expressions_;
  std::span<const diagram::Word> stand_ins_;
  std::vector<uint32_t> index_;  // per expression, into known_
  std::vector<Bits> known_;
};

}  // namespace cordon::prove
