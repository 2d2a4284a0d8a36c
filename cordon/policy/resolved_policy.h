// A policy in numbers: for each audit value a partition of all call numbers, for each part an ordered
// list of clauses. It is the one thing that compile, evaluate and prove take; only policy::resolve makes it.
//
//   arch 0xc000003e
//     0..0      [ (always) allow #3 ]
//     1..1      [ (arg0 & 0xffffffff in {1}) allow #4, (always) default ]
//     2..0x3fffffff …
//     0x40000000..0xfffffffe  [ (always) bad arch ]     x32 is nothing special here: numbers like others
//     0xffffffff              [ (always) default ]
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cordon/abi/arch.h"
#include "cordon/base/diagnostic.h"
#include "cordon/policy/action.h"

namespace cordon {

// Inclusive.
struct Interval {
  uint64_t first = 0;
  uint64_t last = 0;

  bool operator==(const Interval&) const = default;
};

// (operand & mask) lies in one of the intervals. Every comparison of the language has this one form:
// the argument's width is part of the mask, `!=` and `<` are intervals.
struct ResolvedTest {
  static constexpr uint8_t kInstructionPointer = 6;

  uint8_t operand = 0;            // argument slot 0..5, or kInstructionPointer
  uint64_t mask = 0;              // never 0: such a test is folded
  std::vector<Interval> allowed;  // sorted, disjoint, not adjacent, neither empty nor all of [0, mask]

  bool operator==(const ResolvedTest&) const = default;
};

// Negation is pushed into the tests, so that only `all` and `any` join them. `all` of nothing is true and
// `any` of nothing is false; neither occurs inside another condition.
struct ResolvedCondition {
  enum class Kind : uint8_t { test, all, any };
  Kind kind = Kind::all;
  ResolvedTest test;
  std::vector<ResolvedCondition> operands;

  constexpr bool is_always() const { return kind == Kind::all && operands.empty(); }
  constexpr bool is_never() const { return kind == Kind::any && operands.empty(); }
  bool operator==(const ResolvedCondition&) const = default;
};

// Who decided.
struct Origin {
  enum class Kind : uint8_t { rule, default_action, unknown, bad_arch, multiplexed };
  Kind kind = Kind::default_action;
  uint32_t rule = 0;    // index into Policy::rules; multiplexed: the rule whose action was the strictest
  uint32_t policy = 0;  // which of several stacked policies

  bool operator==(const Origin&) const = default;
};

struct Clause {
  ResolvedCondition condition;
  Action action;
  Origin origin;

  bool operator==(const Clause&) const = default;
};

struct Segment {
  uint32_t first = 0;  // numbers, inclusive
  uint32_t last = 0;
  std::vector<Clause> clauses;  // at least one; the last is always
};

struct ArchTable {
  uint32_t audit_arch = 0;
  Endian endian = Endian::little;
  uint8_t word_bits = 64;         // 32: only the low word of an argument exists
  std::vector<Segment> segments;  // cover 0..0xffffffff in order, without gaps
};

struct ResolvedPolicy {
  std::vector<ArchTable> arches;  // sorted by audit value; a value not here gets bad_arch
  Action bad_arch;
  Origin bad_arch_origin{Origin::Kind::bad_arch, 0, 0};  // of a stack: whose bad_arch it is
};

// What policy::evaluate answers.
struct Decision {
  Action action;
  Origin origin;

  bool operator==(const Decision&) const = default;
};

}  // namespace cordon
