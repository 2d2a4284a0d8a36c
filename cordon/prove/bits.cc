#include "cordon/prove/bits.h"

#include <algorithm>

#include "cordon/prove/stand_ins.h"

namespace cordon::prove {

using diagram::Node;

// Operands have smaller numbers than what they are part of, so that those missing are made in ascending order and no
// recursion is needed.
const Bits& BitVectors::of(Expression expression) {
  if (index_[expression] != kNone) return known_[index_[expression]];
  std::vector<Expression> missing{expression};
  for (size_t i = 0; i < missing.size(); ++i) {
    const auto& entry = expressions_[missing[i]];
    if (entry.is_constant() || entry.bits || has_stand_in(missing[i])) continue;
    for (Expression operand : {entry.left, entry.right}) {
      if (index_[operand] != kNone) continue;
      index_[operand] = kPlanned;
      missing.push_back(operand);
    }
  }
  std::sort(missing.begin(), missing.end());
  manager_.charge(missing.size());
  for (Expression e : missing) {
    known_.push_back(make(e));
    index_[e] = static_cast<uint32_t>(known_.size() - 1);
  }
  return known_[index_[expression]];
}

bool BitVectors::has_stand_in(Expression expression) const {
  return !stand_ins_.empty() && stand_ins_[expression] != StandIns::kNone;
}

Bits BitVectors::make(Expression expression) {
  const Expressions::Entry& entry = expressions_[expression];
  if (has_stand_in(expression)) return arithmetic_.word({stand_ins_[expression], UINT32_MAX, 0});
  if (entry.is_constant()) return BitArithmetic::constant(entry.constant);
  if (entry.bits) return arithmetic_.word(*entry.bits);
  return arithmetic_.make(entry.op, known_[index_[entry.left]], known_[index_[entry.right]]);
}

Node BitVectors::holds(const Test& test) {
  // `of` may move what it returned before.
  const Bits a = of(test.left), b = of(test.right);
  return arithmetic_.holds(test.relation, a, b);
}

}  // namespace cordon::prove
