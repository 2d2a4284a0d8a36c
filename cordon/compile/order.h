// Small algorithms that the standard library has only outside of constant expressions.
//
//   first_equal(words.size(), [&](size_t a, size_t b) { return words[a] < words[b]; })
//     of "b" "a" "b"  ->  0 1 0
//
// Takes the time of one sort; nothing where there are fewer than two.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace cordon::compiler {

// For each of `count` items the least index of those equal to it; `before` orders two items by their indices.
template <class Before>
constexpr std::vector<size_t> first_equal(size_t count, Before before) {
  std::vector<size_t> first(count, 0), order(count, 0);
  for (size_t i = 0; i < count; ++i) first[i] = order[i] = i;
  if (count < 2) return first;
  std::sort(order.begin(), order.end(), before);
  for (size_t begin = 0, end = 0; begin < count; begin = end) {
    size_t least = order[begin];
    for (end = begin + 1; end < count && !before(order[begin], order[end]); ++end) least = std::min(least, order[end]);
    for (size_t i = begin; i < end; ++i) first[order[i]] = least;
  }
  return first;
}

}  // namespace cordon::compiler
