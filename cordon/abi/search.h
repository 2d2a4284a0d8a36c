// Binary search in the constant tables: a few lines, so that no header here needs <algorithm>.
//
//   size_t at = abi::tables::first_not_below(std::size(kNames), [&](size_t i) { return kNames[i] < name; });
//
// Usable in constant expressions; takes log2(count) calls of `below`.
#pragma once

#include <cstddef>
#include <string_view>

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

// How names compare, as std::string_view has it. A loop of one step for each letter they share: in constant expressions
// the library takes seven, and at run time it calls memcmp for the two or three letters.
constexpr int compare_names(std::string_view a, std::string_view b) {
  const char* const left = a.data();
  const char* const right = b.data();
  const size_t left_size = a.size(), right_size = b.size();
  const size_t common = left_size < right_size ? left_size : right_size;
  size_t at = 0;
  while (at < common && left[at] == right[at]) ++at;
  if (at == common) return left_size < right_size ? -1 : left_size > right_size;
  return static_cast<unsigned char>(left[at]) < static_cast<unsigned char>(right[at]) ? -1 : 1;
}

}  // namespace cordon::abi::tables
