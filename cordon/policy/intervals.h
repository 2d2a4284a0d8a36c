// Sets of the values that `operand & mask` can take, as sorted intervals in one canonical form.
//
//   canonical({{2, 3}}, 0x5) is empty: no value under the mask 0x5 lies in 2..3
//   canonical({{0, 1}, {4, 9}}, 0x5) == {{0, 5}}: nothing under the mask lies between 1 and 4
//
// End points are values the mask lets through, and between two intervals there is one that is not in the
// set; so equal sets are equal vectors, the empty set is {} and the full one {{0, mask}}.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "cordon/policy/resolved_policy.h"

namespace cordon::policy {

// The `bits` low bits set; 1 to 64.
constexpr uint64_t low_ones(unsigned bits) { return bits >= 64 ? UINT64_MAX : (uint64_t{1} << bits) - 1; }

// The least value under the mask that is not below `least`, the greatest that is not above `most`.
constexpr std::optional<uint64_t> next_under_mask(uint64_t least, uint64_t mask);
constexpr uint64_t previous_under_mask(uint64_t most, uint64_t mask);

constexpr std::vector<Interval> canonical(std::vector<Interval> intervals, uint64_t mask);
// These take and give canonical sets of one mask.
constexpr std::vector<Interval> complement(std::span<const Interval> set, uint64_t mask);
constexpr std::vector<Interval> intersection(std::span<const Interval> a, std::span<const Interval> b, uint64_t mask);
constexpr std::vector<Interval> join(std::span<const Interval> a, std::span<const Interval> b, uint64_t mask);
// One interval more, whose end points are under the mask: a search and a move instead of a sort.
constexpr void insert(std::vector<Interval>& set, const Interval& interval, uint64_t mask);
constexpr bool intersect(std::span<const Interval> a, std::span<const Interval> b);
constexpr bool is_everything(std::span<const Interval> set, uint64_t mask);
constexpr bool includes(std::span<const Interval> outer, std::span<const Interval> inner);

}  // namespace cordon::policy

#include "cordon/policy/intervals.inl.h"  // IWYU pragma: export
