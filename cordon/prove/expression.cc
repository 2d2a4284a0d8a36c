#include "cordon/prove/expression.h"

#include <bit>
#include <utility>

namespace cordon::prove {
namespace {

constexpr Expression kFree = UINT32_MAX;

size_t hash_of(const Expressions::Entry& entry) {
  uint64_t hash = static_cast<uint64_t>(entry.op) << 56 ^ uint64_t { entry.left } << 32 ^ entry.right;
  hash = (hash ^ uint64_t{entry.constant} << 16) * 0x9e3779b97f4a7c15;
  return static_cast<size_t>(hash >> 24);
}

// Bits that pass `>> shift` (or << -shift) and come out under `mask`, seen from before the shift.
uint32_t before_shift(uint32_t mask, int shift) { return shift >= 0 ? mask << shift : mask >> -shift; }

WordBits shifted(const WordBits& bits, int by) {
  // Bits that leave at either end are gone for good.
  const uint32_t value_mask = bits.shift >= 0 ? bits.mask >> bits.shift : bits.mask << -bits.shift;
  const uint32_t kept = by >= 0 ? value_mask >> by << by : value_mask << -by >> -by;
  WordBits result = bits;
  result.mask &= before_shift(kept, bits.shift);
  result.shift = static_cast<int8_t>(bits.shift + by);
  return result;
}

}  // namespace

uint32_t compute(Operator op, uint32_t left, uint32_t right) {
  switch (op) {
    case Operator::add: return left + right;
    case Operator::sub: return left - right;
    case Operator::mul: return left * right;
    case Operator::div: return right == 0 ? 0 : left / right;
    case Operator::bit_and: return left & right;
    case Operator::bit_or: return left | right;
    case Operator::bit_xor: return left ^ right;
    case Operator::shift_left: return left << (right & 31);
    case Operator::shift_right: return left >> (right & 31);
    case Operator::constant:
    case Operator::word: break;
  }
  return left;
}

Expressions::Expressions() : table_(256, kFree) {
  entries_.reserve(128);
  constant(0);
}

Expression Expressions::intern(const Entry& entry) {
  const size_t mask = table_.size() - 1;
  for (size_t at = hash_of(entry) & mask;; at = (at + 1) & mask) {
    if (table_[at] == kFree) {
      table_[at] = static_cast<Expression>(entries_.size());
      entries_.push_back(entry);
      break;
    }
    const Entry& other = entries_[table_[at]];
    if (other.op == entry.op && other.left == entry.left && other.right == entry.right &&
        other.constant == entry.constant)
      return table_[at];
  }
  if (2 * entries_.size() > table_.size()) {
    table_.assign(4 * table_.size(), kFree);
    for (Expression i = 0; i < entries_.size(); ++i) {
      size_t at = hash_of(entries_[i]) & (table_.size() - 1);
      while (table_[at] != kFree) at = (at + 1) & (table_.size() - 1);
      table_[at] = i;
    }
  }
  return static_cast<Expression>(entries_.size() - 1);
}

Expression Expressions::constant(uint32_t value) {
  Entry entry;
  entry.constant = value;
  return intern(entry);
}

Expression Expressions::word(diagram::Word word) {
  Entry entry;
  entry.op = Operator::word;
  entry.constant = word;
  entry.bits = WordBits{word, UINT32_MAX, 0};
  entry.words = static_cast<uint16_t>(1u << word);
  return intern(entry);
}

// A part of a word: the same part is the same expression however it came about.
Expression Expressions::of_bits(const WordBits& bits) {
  if (bits.mask == 0) return kZero;
  const Expression whole = word(bits.word);
  if (bits.mask == UINT32_MAX) return whole;
  Entry entry;
  entry.op = Operator::bit_and;
  entry.left = whole;
  entry.right = constant(bits.mask);
  entry.constant = static_cast<uint8_t>(bits.shift);
  entry.bits = bits;
  entry.words = static_cast<uint16_t>(1u << bits.word);
  return intern(entry);
}

std::optional<Expression> Expressions::simplified(Operator op, Expression left, Expression right) {
  const Entry l = entries_[left], r = entries_[right];
  if (l.is_constant() && r.is_constant()) return constant(compute(op, l.constant, r.constant));
  if (left == right) {
    switch (op) {
      case Operator::sub:
      case Operator::bit_xor: return kZero;
      case Operator::bit_and:
      case Operator::bit_or: return left;
      case Operator::div: return constant(1);  // a program that divides by zero has ended before
      default: break;
    }
  }
  if (!r.is_constant()) return std::nullopt;
  const uint32_t k = r.constant;
  const bool is_shift = op == Operator::shift_left || op == Operator::shift_right;
  const bool keeps_at_zero = op == Operator::add || op == Operator::sub || op == Operator::bit_or ||
                             op == Operator::bit_xor || (is_shift && (k & 31) == 0);
  if ((keeps_at_zero && (is_shift || k == 0)) || (op == Operator::bit_and && k == UINT32_MAX) ||
      ((op == Operator::mul || op == Operator::div) && k == 1))
    return left;
  if ((op == Operator::mul || op == Operator::bit_and) && k == 0) return kZero;
  if ((op == Operator::mul || op == Operator::div) && std::has_single_bit(k))
    return make(op == Operator::mul ? Operator::shift_left : Operator::shift_right, left,
                constant(static_cast<uint32_t>(std::countr_zero(k))));
  if (!l.bits) return std::nullopt;
  if (op == Operator::bit_and) {
    WordBits bits = *l.bits;
    bits.mask &= before_shift(k, bits.shift);
    return of_bits(bits);
  }
  if (is_shift) {
    const int by = static_cast<int>(k & 31);
    return of_bits(shifted(*l.bits, op == Operator::shift_right ? by : -by));
  }
  return std::nullopt;
}

Expression Expressions::make(Operator op, Expression left, Expression right) {
  const bool is_commutative = op == Operator::add || op == Operator::mul || op == Operator::bit_and ||
                              op == Operator::bit_or || op == Operator::bit_xor;
  if (is_commutative && entries_[left].is_constant()) std::swap(left, right);
  if (is_commutative && left > right && !entries_[right].is_constant()) std::swap(left, right);
  if (auto simple = simplified(op, left, right)) return *simple;
  Entry entry;
  entry.op = op;
  entry.left = left;
  entry.right = right;
  entry.words = entries_[left].words | entries_[right].words;
  return intern(entry);
}

}  // namespace cordon::prove
