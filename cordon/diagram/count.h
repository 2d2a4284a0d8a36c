// How many points of a diagram have a wanted value, exactly and without looking at one of them.
//
//   uint16_t words = support(m, node);                  // {4}: it looks at word 4
//   count(m, node, words, [](uint64_t leaf) { return leaf == 1; }) == WideUnsigned(3)     of 2^32
//
// Each node below is visited once: its count is the sum over its edges, each as wide as its interval.
#pragma once

#include <cstdint>
#include <functional>

#include "cordon/base/wide_unsigned.h"
#include "cordon/diagram/manager.h"

namespace cordon::diagram {

// The words the function looks at: bit w stands for word w.
uint16_t support(const Manager& manager, Node node);

// Of all values of these words, 32 bits each, those that lead to a wanted leaf. The function looks at no other word.
base::WideUnsigned count(const Manager& manager, Node node, uint16_t words,
                         const std::function<bool(uint64_t)>& is_wanted);

}  // namespace cordon::diagram
