// Binary search in the constant tables: a few lines, so that no header here needs <algorithm>.
//
//   size_t at = abi::tables::first_not_below(std::size(kNames), [&](size_t i) { return kNames[i] < name; });
//
// Usable in constant expressions; takes log2(count) calls of `below`.
#pragma once

#include <cstddef>

namespace cordon::abi::tables {

// The first index for which below(index) is false; count if there is none. below must hold for a prefix only.
template <class Below>
constexpr size_t first_not_below(size_t count, Below below) {
  size_t begin = 0;
  while (count > 0) {
    size_t half = count / 2;
    if (below(begin + half)) {
      begin += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  return begin;
}

}  // namespace cordon::abi::tables
