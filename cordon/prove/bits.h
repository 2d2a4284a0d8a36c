// Expressions as 32 functions, one per bit: the way for arithmetic that no interval describes.
//
//   BitVectors bits(manager, expressions);
//   Node carry = bits.holds({Relation::gt, sum, limit});
//
// Every word an expression depends on is cut to single bits. What it costs: bit_arithmetic.h.
#pragma once

#include <span>
#include <vector>

#include "cordon/diagram/manager.h"
#include "cordon/prove/bit_arithmetic.h"
#include "cordon/prove/execution.h"
#include "cordon/prove/expression.h"

namespace cordon::prove {

class BitVectors {
 public:
  // `stand_ins`: words that stand for expressions (StandIns::of); empty for none.
  BitVectors(diagram::Manager& manager, const Expressions& expressions, std::span<const diagram::Word> stand_ins)
      : manager_(manager),
        arithmetic_(manager),
        expressions_(expressions),
        stand_ins_(stand_ins),
        index_(expressions.size(), kNone) {}

  const Bits& of(Expression expression);
  diagram::Node holds(const Test& test);

 private:
  static constexpr uint32_t kNone = UINT32_MAX, kPlanned = UINT32_MAX - 1;

  bool has_stand_in(Expression expression) const;
  Bits make(Expression expression);

  diagram::Manager& manager_;
  BitArithmetic arithmetic_;
  const Expressions& expressions_;
  std::span<const diagram::Word> stand_ins_;
  std::vector<uint32_t> index_;  // per expression, into known_
  std::vector<Bits> known_;
};

}  // namespace cordon::prove
