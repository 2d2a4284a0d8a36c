// Conditions on arguments as they are written: names, not numbers.
//
//   socket(family in {AF_UNIX, AF_INET}, type & SOCK_TYPE_MASK == SOCK_STREAM)
//
// What a name means depends on the ABI a rule is resolved for, so names stay until policy::resolve. The names of
// policies that are read own their text; those of policies in constant expressions are views of literals
// (constant_policy.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cordon/base/source.h"

namespace cordon {

// O_WRONLY | ~0xff, -1, 0o17
template <class Text>
struct BasicValue {
  enum class Kind : uint8_t { number, name, any_of, complement, negate };  // any_of: operands joined by |
  Kind kind = Kind::number;
  uint64_t number = 0;
  Text name;
  std::vector<BasicValue> operands;
  Span span;
};

// low..high inclusive; a single value has high absent.
template <class Text>
struct BasicValueRange {
  BasicValue<Text> low;
  std::vector<BasicValue<Text>> high;  // none or one
};

enum class CompareOp : uint8_t { eq, ne, lt, le, gt, ge, in };

// What is compared: an argument by name or slot, or the instruction pointer.
template <class Text>
struct BasicOperand {
  enum class Kind : uint8_t { named, slot, instruction_pointer };
  Kind kind = Kind::slot;
  Text name;         // named
  uint8_t slot = 0;  // slot: 0..5
  bool raw = false;  // all 64 bits, whatever the prototype says
};

// [operand & mask] op values
template <class Text>
struct BasicArgTest {
  BasicOperand<Text> operand;
  std::vector<BasicValue<Text>> mask;  // none or one
  CompareOp op = CompareOp::eq;
  std::vector<BasicValueRange<Text>> values;  // exactly one without high, unless op is in
  Span span;
};

template <class Text>
struct BasicCondition {
  enum class Kind : uint8_t { always, test, all, any, none };  // none: negates its single operand
  Kind kind = Kind::always;
  BasicArgTest<Text> test;
  std::vector<BasicCondition> operands;
  Span span;

  constexpr bool is_always() const { return kind == Kind::always; }
};

using Value = BasicValue<std::string>;
using ValueRange = BasicValueRange<std::string>;
using Operand = BasicOperand<std::string>;
using ArgTest = BasicArgTest<std::string>;
using Condition = BasicCondition<std::string>;

}  // namespace cordon
