// Functions of whole words and of pairs of words, in the manager's fields.
//
//   Node is_signal = in_set(m, {5, 4}, 0xffffffff'ffffffff, Ranges{{1, 64}});    // a 64-bit value in two words
//   Node answers = by_word(m, {0}, Edges{{59, allow}, {60, deny}, {UINT32_MAX, allow}});
#pragma once

#include <compare>
#include <optional>
#include <span>

#include "cordon/diagram/manager.h"

namespace cordon::diagram {

// Inclusive.
struct Range {
  uint64_t first = 0;
  uint64_t last = 0;

  auto operator<=>(const Range&) const = default;
};

// A value of 32 bits, or of 64 in two words.
struct Operand {
  std::optional<Word> high;
  Word low = 0;
};

// A word, or some bits of it.
struct Masked {
  Word word = 0;
  uint32_t mask = UINT32_MAX;

  bool operator==(const Masked&) const = default;
};

// The function of (word & mask): pieces cover 0..0xffffffff in order. Each ends at a value under the mask or right
// before one. The word is cut at the mask.
Node by_word(Manager& manager, Masked word, std::span<const Edge> pieces);

// True where (operand & mask) lies in one of the ranges. They are sorted, disjoint and their end points are
// values under the mask. The words are cut at the mask.
Node in_set(Manager& manager, const Operand& operand, uint64_t mask, std::span<const Range> ranges);

}  // namespace cordon::diagram
