// First stage: 64-bit tests become tests on the 32-bit words BPF can load. Nothing after this stage knows
// that an argument has a high and a low half.
//
//   arg0 & 0xffffffffffffffff in {5, 0x100000007}
//     ->  (arg0.high in {0} and arg0.low in {5})  or  (arg0.high in {1} and arg0.low in {7})
//
// A condition is brought to a list of alternatives as long as that stays small; a condition nested so
// that it would multiply keeps its `all` and `any`.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cordon/policy/resolved_policy.h"

namespace cordon::compiler {

// The words of seccomp_data: two for each operand of ResolvedTest, the high one first.
using WordId = uint8_t;
inline constexpr WordId kWordNr = 14;
inline constexpr WordId kWordArch = 15;
inline constexpr WordId kWordNone = 16;

constexpr WordId high_word(unsigned operand) { return static_cast<WordId>(operand * 2); }
constexpr WordId low_word(unsigned operand) { return static_cast<WordId>(operand * 2 + 1); }
constexpr unsigned operand_of(WordId word) { return word / 2u; }

// Where the word lies in seccomp_data on a machine of that byte order.
constexpr uint32_t word_offset(WordId word, Endian endian);

// Inclusive.
struct WordRange {
  uint32_t first = 0;
  uint32_t last = 0;

  bool operator==(const WordRange&) const = default;
};

// (word & mask) lies in one of the ranges: sorted, disjoint, not adjacent, neither none nor all.
struct WordTest {
  WordId word = 0;
  uint32_t mask = 0xffffffff;
  std::vector<WordRange> allowed;

  bool operator==(const WordTest&) const = default;
};

// All of its tests hold; at most one test for each word and mask. No tests: always true.
struct Alternative {
  static constexpr size_t kMaxTests = 32;
  std::vector<WordTest> tests;

  bool operator==(const Alternative&) const = default;
};

struct SplitCondition {
  enum class Kind : uint8_t { always, alternatives, all, any };
  Kind kind = Kind::alternatives;
  std::vector<Alternative> alternatives;  // one of them holds; none: never true
  std::vector<SplitCondition> operands;   // of all and any

  constexpr bool is_always() const { return kind == Kind::always; }
  bool operator==(const SplitCondition&) const = default;
};

struct SplitClause {
  SplitCondition condition;
  uint32_t ret = 0;
  Origin origin;

  bool operator==(const SplitClause&) const = default;
};

// Its clauses are SplitArch::clauses[begin..end), the last of which always holds.
struct SplitSegment {
  uint32_t first = 0;
  uint32_t last = 0;
  uint32_t begin = 0;
  uint32_t end = 0;
};

struct SplitArch {
  uint32_t audit_arch = 0;
  std::vector<SplitSegment> segments;
  std::vector<SplitClause> clauses;

  constexpr std::span<const SplitClause> clauses_of(const SplitSegment& segment) const {
    return std::span(clauses).subspan(segment.begin, segment.end - segment.begin);
  }
};

struct SplitPolicy {
  std::vector<SplitArch> arches;
  uint32_t bad_arch = 0;
};

constexpr SplitPolicy split(const ResolvedPolicy& policy);

constexpr SplitCondition split_condition(const ResolvedCondition& condition);

}  // namespace cordon::compiler

#include "cordon/compile/split.inl.h"  // IWYU pragma: export
