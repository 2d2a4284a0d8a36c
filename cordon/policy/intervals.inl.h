// The body of intervals.h.
#pragma once

#include <algorithm>
#include <bit>

namespace cordon::policy {
namespace detail {

// The highest bit of `value` that the mask does not let through, with all bits below it.
constexpr uint64_t foreign_bits_and_below(uint64_t value, uint64_t mask) {
  return low_ones(static_cast<unsigned>(std::bit_width(value & ~mask)));
}

}  // namespace detail

constexpr std::optional<uint64_t> next_under_mask(uint64_t least, uint64_t mask) {
  if (least > mask) return std::nullopt;
  if ((least & ~mask) == 0) return least;
  // The part above the foreign bit must grow by one; bits outside the mask are set so that the carry
  // runs through them.
  uint64_t filled = least | ~mask | detail::foreign_bits_and_below(least, mask);
  return (filled + 1) & mask;
}

constexpr uint64_t previous_under_mask(uint64_t most, uint64_t mask) {
  if ((most & ~mask) == 0) return most;
  uint64_t below = detail::foreign_bits_and_below(most, mask);
  return (most & ~below) | (mask & below);
}

constexpr std::vector<Interval> canonical(std::vector<Interval> intervals, uint64_t mask) {
  std::sort(intervals.begin(), intervals.end(), [](const Interval& a, const Interval& b) { return a.first < b.first; });
  std::vector<Interval> set;
  for (const Interval& interval : intervals) {
    std::optional<uint64_t> first = next_under_mask(interval.first, mask);
    if (!first || *first > interval.last) continue;
    uint64_t last = previous_under_mask(interval.last, mask);
    if (set.empty()) {
      set.push_back({*first, last});
      continue;
    }
    Interval& before = set.back();
    bool touches = *first <= before.last || next_under_mask(before.last + 1, mask) == *first;
    if (touches) {
      before.last = std::max(before.last, last);
    } else {
      set.push_back({*first, last});
    }
  }
  return set;
}

constexpr std::vector<Interval> complement(std::span<const Interval> set, uint64_t mask) {
  std::vector<Interval> gaps;
  uint64_t from = 0;
  for (const Interval& interval : set) {
    if (interval.first > from) gaps.push_back({from, interval.first - 1});
    if (interval.last == UINT64_MAX) return canonical(std::move(gaps), mask);
    from = interval.last + 1;
  }
  if (from <= mask) gaps.push_back({from, mask});
  return canonical(std::move(gaps), mask);
}

constexpr std::vector<Interval> intersection(std::span<const Interval> a, std::span<const Interval> b, uint64_t mask) {
  std::vector<Interval> common;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    uint64_t first = std::max(a[i].first, b[j].first);
    uint64_t last = std::min(a[i].last, b[j].last);
    if (first <= last) common.push_back({first, last});
    a[i].last < b[j].last ? ++i : ++j;
  }
  return canonical(std::move(common), mask);
}

constexpr std::vector<Interval> join(std::span<const Interval> a, std::span<const Interval> b, uint64_t mask) {
  std::vector<Interval> both(a.begin(), a.end());
  both.insert(both.end(), b.begin(), b.end());
  return canonical(std::move(both), mask);
}

constexpr void insert(std::vector<Interval>& set, const Interval& interval, uint64_t mask) {
  auto touch = [mask](const Interval& before, const Interval& after) {
    return after.first <= before.last || next_under_mask(before.last + 1, mask) == after.first;
  };
  auto begin = std::upper_bound(set.begin(), set.end(), interval.first,
                                [](uint64_t value, const Interval& one) { return value < one.first; });
  auto end = begin;
  Interval merged = interval;
  if (begin != set.begin() && touch(*std::prev(begin), interval)) {
    --begin;
    merged = {begin->first, std::max(begin->last, interval.last)};
  }
  for (; end != set.end() && touch(merged, *end); ++end) merged.last = std::max(merged.last, end->last);
  if (begin == end) {
    set.insert(begin, merged);
  } else {
    *begin = merged;
    set.erase(std::next(begin), end);
  }
}

constexpr bool intersect(std::span<const Interval> a, std::span<const Interval> b) {
  if (a.size() > b.size()) std::swap(a, b);
  constexpr size_t kFew = 4;
  if (a.size() > kFew) {
    for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
      if (std::max(a[i].first, b[j].first) <= std::min(a[i].last, b[j].last)) return true;
      a[i].last < b[j].last ? ++i : ++j;
    }
    return false;
  }
  return std::any_of(a.begin(), a.end(), [b](const Interval& one) {
    auto reaching = std::lower_bound(b.begin(), b.end(), one.first,
                                     [](const Interval& other, uint64_t value) { return other.last < value; });
    return reaching != b.end() && reaching->first <= one.last;
  });
}

constexpr bool is_everything(std::span<const Interval> set, uint64_t mask) {
  return set.size() == 1 && set[0].first == 0 && set[0].last == mask;
}

constexpr bool includes(std::span<const Interval> outer, std::span<const Interval> inner) {
  for (const Interval& interval : inner) {
    auto after = std::upper_bound(outer.begin(), outer.end(), interval.first,
                                  [](uint64_t value, const Interval& o) { return value < o.first; });
    if (after == outer.begin() || std::prev(after)->last < interval.last) return false;
  }
  return true;
}

}  // namespace cordon::policy
