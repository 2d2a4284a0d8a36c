// Reading a diagram: the value at one point, and a point with a wanted value.
//
//   uint64_t value = value_at(m, node, words);
//   std::optional<Point> found = find(m, node, [](uint64_t leaf) { return leaf != 0; }, preferred);
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "cordon/diagram/manager.h"

namespace cordon::diagram {

using Point = std::array<uint32_t, kMaxWords>;

uint64_t value_at(const Manager& manager, Node node, const Point& words);

// The leaves that can be reached, each once, in no order that means anything.
std::vector<Node> leaves(const Manager& manager, Node node);

// Some point whose value is wanted, or none. Words take the first of their preferred values that leads there,
// else the least that does; a word that does not matter takes its first preferred value, or 0.
using Preferences = std::array<std::span<const uint32_t>, kMaxWords>;
std::optional<Point> find(const Manager& manager, Node node, const std::function<bool(uint64_t)>& is_wanted,
                          const Preferences& preferences);

// A point of a region, which has no leaves but 0 and 1: the least value of each word that leads to 1. Costs as much as
// one path, `find` a look at every node that was made before.
std::optional<Point> point_in(const Manager& manager, Node region);

// The function below for each interval of one word's values, in order; neighbours differ. None where the word's
// fields do not stand together at the top of the diagram, or there are more than `max_pieces`.
struct Piece {
  uint32_t first = 0, last = 0;
  Node node = 0;
};
std::optional<std::vector<Piece>> pieces_of(const Manager& manager, Node node, Word word, size_t max_pieces);

}  // namespace cordon::diagram
