// Numbers as people write them in conditions: by the constants of the argument's call.
//
//   ValueNamer namer({.syscall = "openat", .slot = 2, .arch = Arch::x86_64}, 32);
//   namer.value(0x80000)             // O_RDONLY|O_CLOEXEC
//   namer.mask(3)                    // O_ACCMODE
//
// A name is used only if policy::resolve gives exactly the number back.
#pragma once

#include <cstdint>

#include "cordon/policy/condition.h"
#include "cordon/policy/value_text.h"

namespace cordon::prove {

Value number_value(uint64_t number);

class ValueNamer {
 public:
  // `width` is that of the comparison the value stands in.
  ValueNamer(const policy::ArgumentPlace& place, unsigned width) : place_(place), width_(width) {}

  Value value(uint64_t number) const;
  Value mask(uint64_t mask) const;
  Value masked_value(uint64_t mask, uint64_t number) const;

 private:
  Value checked(const std::string& text, uint64_t number, size_t max_parts) const;

  policy::ArgumentPlace place_;
  unsigned width_;
};

// Whether it has names, all parts of it.
bool is_named(const Value& value);
// How much there is to read: a name or a small number is 3.
unsigned reading_cost(const Value& value);

}  // namespace cordon::prove
