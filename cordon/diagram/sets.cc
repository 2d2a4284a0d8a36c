#include "cordon/diagram/sets.h"

#include <algorithm>
#include <array>
#include <vector>

#include "cordon/base/assert.h"

namespace cordon::diagram {
namespace {

uint64_t low_ones(unsigned bits) { return bits >= 64 ? UINT64_MAX : (uint64_t{1} << bits) - 1; }

// Most nodes have fewer: their edges are allocated once.
constexpr size_t kUsualEdges = 64;

void extend(std::vector<Edge>& edges, uint32_t last, Node child) {
  if (!edges.empty() && edges.back().child == child)
    edges.back().last = last;
  else
    edges.push_back({last, child});
}

// Values of the word that begin with `prefix`, from the field `levels[0]` on. `pieces` begins with the one
// that holds the first of them. Depth of recursion: fields of a word, at most 32.
Node by_fields(Manager& manager, std::span<const Level> levels, uint32_t prefix, std::span<const Edge> pieces) {
  if (levels.empty()) return pieces.front().child;
  const Field& field = manager.order().field(levels[0]);
  const uint32_t below = static_cast<uint32_t>(low_ones(field.low));
  std::vector<Edge> edges;
  edges.reserve(std::min(pieces.size(), kUsualEdges));
  size_t at = 0;
  for (uint64_t top = 0; top <= field.max();) {
    const uint32_t first = prefix | static_cast<uint32_t>(top << field.low);
    while (pieces[at].last < first) ++at;
    if (pieces[at].last < (first | below)) {
      extend(edges, static_cast<uint32_t>(top), by_fields(manager, levels.subspan(1), first, pieces.subspan(at)));
      ++top;
      continue;
    }
    // The piece holds all values that begin so, and those of the next ones up to `last_whole`.
    uint64_t reach = pieces[at].last - prefix;
    if (pieces[at].last > (prefix | field.max() << field.low | below)) reach = low_ones(field.low + field.width);
    const uint64_t last_whole = ((reach + 1) >> field.low) - 1;
    extend(edges, static_cast<uint32_t>(last_whole), pieces[at].child);
    top = last_whole + 1;
  }
  return manager.switch_on(levels[0], edges);
}

struct Place {
  Level level;
  unsigned low;  // the field's lowest bit in the 64-bit value
};

class SetBuilder {
 public:
  SetBuilder(Manager& manager, uint64_t mask) : manager_(manager), mask_(mask) {}

  void add(Word word, unsigned low) {
    for (Level level : manager_.order().levels_of(word)) {
      const Field& field = manager_.order().field(level);
      const uint64_t bits = uint64_t{field.max()} << (low + field.low);
      if ((mask_ & bits) == 0) continue;
      CORDON_ASSERT((mask_ & bits) == bits, "words are cut at every mask that is asked for");
      places_[place_count_++] = {level, low + field.low};
    }
  }

  // Values that begin with `prefix`, from places_[index] on. All ranges hold some of them and may reach
  // beyond. Depth of recursion: fields of two words, at most 64.
  Node build(size_t index, uint64_t prefix, std::span<const Range> ranges) {
    if (ranges.empty()) return Manager::kFalse;
    if (index == place_count_) return Manager::kTrue;
    const Place& place = places_[index];
    const uint32_t max = manager_.order().field(place.level).max();
    // All bits of the mask that this field and those after it look at.
    const uint64_t span = mask_ & low_ones(place.low + manager_.order().field(place.level).width);
    if (ranges.front().first <= prefix && ranges.front().last >= (prefix | span)) return Manager::kTrue;
    auto top = [&](uint64_t value) {
      if (value <= prefix) return uint32_t{0};
      if (value >= (prefix | span)) return max;
      return static_cast<uint32_t>((value - prefix) >> place.low) & max;
    };
    std::vector<Edge> edges;
    edges.reserve(std::min(2 * ranges.size() + 1, kUsualEdges));
    uint64_t next = 0;
    for (size_t i = 0; i < ranges.size();) {
      const uint64_t cell = std::max<uint64_t>(top(ranges[i].first), next);
      if (cell > next) extend(edges, static_cast<uint32_t>(cell - 1), Manager::kFalse);
      size_t end = i + 1;
      while (end < ranges.size() && top(ranges[end].first) <= cell) ++end;
      const Node child = build(index + 1, prefix | cell << place.low, ranges.subspan(i, end - i));
      extend(edges, static_cast<uint32_t>(cell), child);
      next = cell + 1;
      const uint32_t last = top(ranges[end - 1].last);
      if (last > cell) {
        if (last > next) extend(edges, last - 1, Manager::kTrue);
        next = last;
        i = end - 1;
      } else {
        i = end;
      }
    }
    if (next <= max) extend(edges, max, Manager::kFalse);
    return manager_.switch_on(place.level, edges);
  }

 private:
  Manager& manager_;
  uint64_t mask_;
  std::array<Place, 64> places_;
  size_t place_count_ = 0;
};

}  // namespace

Node by_word(Manager& manager, Masked word, std::span<const Edge> pieces) {
  CORDON_ASSERT(!pieces.empty() && pieces.back().last == UINT32_MAX, "pieces cover the whole word");
  const auto levels = manager.order().levels_of(word.word);
  if (levels.size() == 1) return manager.switch_on(levels[0], pieces);
  std::array<Level, 32> inside;
  size_t count = 0;
  for (Level level : levels) {
    const Field& field = manager.order().field(level);
    if ((word.mask >> field.low & 1) != 0) inside[count++] = level;
  }
  return by_fields(manager, {inside.data(), count}, 0, pieces);
}

Node in_set(Manager& manager, const Operand& operand, uint64_t mask, std::span<const Range> ranges) {
  SetBuilder builder(manager, mask);
  if (operand.high) builder.add(*operand.high, 32);
  builder.add(operand.low, 0);
  return builder.build(0, 0, ranges);
}

}  // namespace cordon::diagram
