// Conditions as alternatives of plain parts, for formats that have no parentheses.
//
//   (a0 == 1 || a0 == 9) && a1 & 3 == 0     two products: {a0 in {1, 9}, a1 & 3 in {0}} is one of them already
//   x in 100..103 under 0xffffffff          one cube: x & 0xfffffffc == 100
//
// What multiplies to more than a bound has no such form here.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "cordon/policy/resolved_policy.h"

namespace cordon::formats {

// All of the tests hold; no two are of one operand and mask. Sorted by operand, then mask.
using Product = std::vector<ResolvedTest>;

// Any of them holds exactly where the condition does; none of them is implied by another one alone. An empty list
// is never, an empty product always. None: there would be more than `max`.
std::optional<std::vector<Product>> products(const ResolvedCondition& condition, size_t max);

// Values with these bits: x & mask == value.
struct Cube {
  uint64_t mask = 0;
  uint64_t value = 0;

  bool operator==(const Cube&) const = default;
};

// Disjoint cubes that hold the same values as the test: at most two for each bit of the mask and interval.
std::vector<Cube> cubes(const ResolvedTest& test);
// Where the cubes of both lists meet.
std::vector<Cube> meet(const std::vector<Cube>& a, const std::vector<Cube>& b);

}  // namespace cordon::formats
