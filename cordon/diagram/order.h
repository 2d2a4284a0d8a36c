// The variables of a diagram: fields of 32-bit words, one level after the other.
//
// A word is one field of 32 bits, or several where something looks at a part of it: `x & 3 == 0` cuts the
// word below bit 2, so that every mask takes whole fields. Levels go from the root down; the fields of one
// word stand in order of their bits, the highest first.
//
//   Cuts cuts;
//   cuts.at_mask(4, 0xff00);                       // word 4: bits 31..16, 15..8, 7..0
//   Order order = Order::of_words(words, cuts);    // words[0] is tested first
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace cordon::diagram {

inline constexpr unsigned kWordCount = 16;
// Words for what a function depends on beside those of a call; they are asked only where an order names them.
inline constexpr unsigned kSpareWords = 16;
inline constexpr unsigned kMaxWords = kWordCount + kSpareWords;

using Word = uint8_t;    // 0..15, spare ones from 16
using Level = uint16_t;  // 0 is the root's; at most 1024

struct Field {
  Word word = 0;
  uint8_t low = 0;  // the lowest bit of the word in the field
  uint8_t width = 32;

  uint32_t max() const { return width == 32 ? UINT32_MAX : (uint32_t{1} << width) - 1; }
};

// Where words are cut: bit i of an entry stands for a cut between the bits i and i - 1.
struct Cuts {
  std::array<uint32_t, kMaxWords> below{};

  // Every field lies then inside the mask or outside of it.
  void at_mask(Word word, uint32_t mask) { below[word] |= (mask ^ (mask << 1)) & ~uint32_t{1}; }
  void at_every_bit(Word word) { below[word] = ~uint32_t{1}; }
  bool operator==(const Cuts&) const = default;
};

class Order {
 public:
  // One word after the other. `words` names each of the sixteen once, and the spare ones that are used.
  static Order of_words(std::span<const Word> words, const Cuts& cuts);
  // As above, but words of one group stand where the first of them would, cut to single bits and taken in
  // turns. Arithmetic on two words stays small only so.
  static Order interleaved(std::span<const Word> words, const Cuts& cuts, std::span<const std::vector<Word>> groups);

  const Field& field(Level level) const { return fields_[level]; }
  Level size() const { return static_cast<Level>(fields_.size()); }
  // The levels of a word, those of the highest bits first.
  std::span<const Level> levels_of(Word word) const { return levels_[word]; }

 private:
  void append(Word word, uint32_t cuts);

  std::vector<Field> fields_;
  std::array<std::vector<Level>, kMaxWords> levels_;
};

}  // namespace cordon::diagram
