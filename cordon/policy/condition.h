// Conditions on arguments as they are written: names, not numbers.
//
//   socket(family in {AF_UNIX, AF_INET}, type & SOCK_TYPE_MASK == SOCK_STREAM)
//
// What a name means depends on the ABI a rule is resolved for, so names stay until policy::resolve.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cordon/base/source.h"

namespace cordon {

// O_WRONLY | ~0xff, -1, 0o17
struct Value {
  enum class Kind : uint8_t { number, name, any_of, complement, negate };  // any_of: operands joined by |
  Kind kind = Kind::number;
  uint64_t number = 0;
  std::string name;
  std::vector<Value> operands;
  Span span;
};

// low..high inclusive; a single value has high absent.
struct ValueRange {
  Value low;
  std::vector<Value> high;  // none or one
};

enum class CompareOp : uint8_t { eq, ne, lt, le, gt, ge, in };

// What is compared: an argument by name or slot, or the instruction pointer.
struct Operand {
  enum class Kind : uint8_t { named, slot, instruction_pointer };
  Kind kind = Kind::slot;
  std::string name;  // named
  uint8_t slot = 0;  // slot: 0..5
  bool raw = false;  // all 64 bits, whatever the prototype says
};

// [operand & mask] op values
struct ArgTest {
  Operand operand;
  std::vector<Value> mask;  // none or one
  CompareOp op = CompareOp::eq;
  std::vector<ValueRange> values;  // exactly one without high, unless op is in
  Span span;
};

struct Condition {
  enum class Kind : uint8_t { always, test, all, any, none };  // none: negates its single operand
  Kind kind = Kind::always;
  ArgTest test;
  std::vector<Condition> operands;
  Span span;

  bool is_always() const { return kind == Kind::always; }
};

}  // namespace cordon
