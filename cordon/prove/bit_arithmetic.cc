#include "cordon/prove/bit_arithmetic.h"

#include "cordon/base/assert.h"

namespace cordon::prove {

using diagram::Edge;
using diagram::Manager;
using diagram::Node;

Bits BitArithmetic::constant(uint32_t value) {
  Bits bits;
  for (unsigned i = 0; i < 32; ++i) bits[i] = value >> i & 1;
  return bits;
}

Bits BitArithmetic::make(Operator op, const Bits& a, const Bits& b) {
  Bits result{};
  switch (op) {
    case Operator::add: return sum(a, b, Manager::kFalse);
    case Operator::sub: return sum(a, inverse(b), Manager::kTrue);
    case Operator::mul: return product(a, b);
    case Operator::div: return quotient(a, b);
    case Operator::shift_left: return shifted(a, b, true);
    case Operator::shift_right: return shifted(a, b, false);
    case Operator::bit_and:
      for (unsigned i = 0; i < 32; ++i) result[i] = manager_.both(a[i], b[i]);
      return result;
    case Operator::bit_or:
      for (unsigned i = 0; i < 32; ++i) result[i] = manager_.either(a[i], b[i]);
      return result;
    case Operator::bit_xor:
      for (unsigned i = 0; i < 32; ++i) result[i] = differ(a[i], b[i]);
      return result;
    case Operator::constant:
    case Operator::word: break;
  }
  CORDON_ASSERT(false, "constants and words have their own forms");
  return result;
}

Bits BitArithmetic::word(const WordBits& bits) {
  Bits result{};
  const auto levels = manager_.order().levels_of(bits.word);
  CORDON_ASSERT(levels.size() == 32, "a word that arithmetic touches is cut to single bits");
  for (unsigned bit = 0; bit < 32; ++bit) {
    const int to = static_cast<int>(bit) - bits.shift;
    if ((bits.mask >> bit & 1) == 0 || to < 0 || to > 31) continue;
    const Edge edges[] = {{0, Manager::kFalse}, {1, Manager::kTrue}};
    result[static_cast<size_t>(to)] = manager_.switch_on(levels[31 - bit], edges);
  }
  return result;
}

Node BitArithmetic::differ(Node a, Node b) { return manager_.choose(a, manager_.negation(b), b); }

Bits BitArithmetic::inverse(const Bits& a) {
  Bits result;
  for (unsigned i = 0; i < 32; ++i) result[i] = manager_.negation(a[i]);
  return result;
}

Bits BitArithmetic::sum(const Bits& a, const Bits& b, Node carry) {
  Bits result;
  for (unsigned i = 0; i < 32; ++i) {
    result[i] = differ(differ(a[i], b[i]), carry);
    carry = manager_.choose(a[i], manager_.either(b[i], carry), manager_.both(b[i], carry));
  }
  return result;
}

Bits BitArithmetic::select(Node condition, const Bits& yes, const Bits& no) {
  Bits result;
  for (unsigned i = 0; i < 32; ++i) result[i] = manager_.choose(condition, yes[i], no[i]);
  return result;
}

Bits BitArithmetic::product(const Bits& a, const Bits& b) {
  Bits result{};
  for (unsigned i = 0; i < 32 && !manager_.exhausted(); ++i) {
    if (b[i] == Manager::kFalse) continue;
    Bits addend{};
    for (unsigned j = i; j < 32; ++j) addend[j] = manager_.both(b[i], a[j - i]);
    result = sum(result, addend, Manager::kFalse);
  }
  return result;
}

// a >= b, from the lowest bit up: the highest bit that differs decides.
Node BitArithmetic::at_least(const Bits& a, const Bits& b) {
  Node result = Manager::kTrue;
  for (unsigned i = 0; i < 32; ++i)
    result = manager_.choose(a[i], manager_.choose(b[i], result, Manager::kTrue),
                             manager_.choose(b[i], Manager::kFalse, result));
  return result;
}

// Long division: one bit of the dividend at a time, subtracting where the divisor goes in. Dividing by 0 ends
// a program before this value is read.
Bits BitArithmetic::quotient(const Bits& a, const Bits& b) {
  Bits result{}, rest{};
  const Bits minus_b = inverse(b);
  for (unsigned i = 32; i-- > 0 && !manager_.exhausted();) {
    const Node overflow = rest[31];
    for (unsigned j = 31; j > 0; --j) rest[j] = rest[j - 1];
    rest[0] = a[i];
    result[i] = manager_.either(overflow, at_least(rest, b));
    rest = select(result[i], sum(rest, minus_b, Manager::kTrue), rest);
  }
  return result;
}

Bits BitArithmetic::shifted(const Bits& a, const Bits& by, bool is_left) {
  Bits result = a;
  for (unsigned stage = 0; stage < 5; ++stage) {
    const unsigned distance = 1u << stage;
    Bits moved{};
    for (unsigned i = 0; i + distance < 32; ++i) {
      if (is_left)
        moved[i + distance] = result[i];
      else
        moved[i] = result[i + distance];
    }
    result = select(by[stage], moved, result);
  }
  return result;
}

Node BitArithmetic::holds(Relation relation, const Bits& a, const Bits& b) {
  switch (relation) {
    case Relation::ge: return at_least(a, b);
    case Relation::gt: return manager_.negation(at_least(b, a));
    case Relation::eq: {
      Node result = Manager::kTrue;
      for (unsigned i = 0; i < 32; ++i) result = manager_.both(manager_.negation(differ(a[i], b[i])), result);
      return result;
    }
    case Relation::set: {
      Node result = Manager::kFalse;
      for (unsigned i = 0; i < 32; ++i) result = manager_.either(manager_.both(a[i], b[i]), result);
      return result;
    }
  }
  return Manager::kFalse;
}

}  // namespace cordon::prove
