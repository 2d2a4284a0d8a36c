// The body of facts.h.
#pragma once

#include <algorithm>
#include <iterator>
#include <utility>

namespace cordon::compiler {
namespace detail {

inline constexpr unsigned kMaxSteps = 4000;

// Tries bits from the highest. All that matters of the bits above is how they compare with the bounds of each
// fact; what failed once is remembered by that.
class Search {
 public:
  constexpr Search(const Facts& facts, const Fact& fact, policy::Budget& budget) : budget_(budget) {
    facts_.push_back(fact);
    for (const Fact& other : facts) {
      if (other.word == fact.word) facts_.push_back(other);
    }
  }

  // `value` has its `open_bits` lowest bits clear.
  constexpr bool solve(uint32_t value, unsigned open_bits) {
    if (++steps_ > kMaxSteps || !budget_.take(facts_.size() + failed_.size())) return true;
    uint64_t key = open_bits;
    for (const Fact& fact : facts_) {
      unsigned state = state_of(fact, value, open_bits);
      if (state == kRefuted) return false;
      key = key << 3 | state;
    }
    if (open_bits == 0) return true;
    bool remembers = facts_.size() <= kMaxRemembered;
    if (remembers && std::find(failed_.begin(), failed_.end(), key) != failed_.end()) return false;
    if (solve(value, open_bits - 1) || solve(value | 1u << (open_bits - 1), open_bits - 1)) return true;
    if (remembers) failed_.push_back(key);
    return false;
  }

 private:
  static constexpr size_t kMaxRemembered = 19;  // 3 bits each, 6 for the level
  static constexpr unsigned kSettled = 4, kRefuted = 5;

  // Which of its bounds the bits so far are still level with; settled: it holds whatever follows.
  static constexpr unsigned state_of(const Fact& fact, uint32_t value, unsigned open_bits) {
    uint64_t bits = static_cast<uint64_t>(value & fact.mask) >> open_bits;
    uint64_t first = static_cast<uint64_t>(fact.first) >> open_bits,
             last = static_cast<uint64_t>(fact.last) >> open_bits;
    bool outside = bits < first || bits > last;
    uint32_t open = static_cast<uint32_t>((uint64_t{1} << open_bits) - 1);
    uint32_t low = value & fact.mask, high = (value | open) & fact.mask;
    bool within = low >= fact.first && high <= fact.last;
    if (outside || high < fact.first || low > fact.last) return fact.inside ? kRefuted : kSettled;
    if (within) return fact.inside ? kSettled : kRefuted;
    return (bits == first ? 1u : 0u) | (bits == last ? 2u : 0u);
  }

  Facts facts_;
  std::vector<uint64_t> failed_;
  unsigned steps_ = 0;
  policy::Budget& budget_;
};

// A value in first..last that none of the facts, all of which leave a range out, takes away.
constexpr bool has_gap(uint64_t first, uint64_t last, Facts left_out) {
  std::sort(left_out.begin(), left_out.end(), [](const Fact& a, const Fact& b) { return a.first < b.first; });
  for (const Fact& fact : left_out) {
    if (fact.first > first) break;
    first = std::max(first, static_cast<uint64_t>(fact.last) + 1);
  }
  return first <= last;
}

}  // namespace detail

constexpr bool can_hold(const Facts& facts, const Fact& fact, policy::Budget& steps) {
  if (!steps.take(facts.size())) return true;
  // Without masks counting decides most cases: more values lie in the narrowest range than are taken out.
  uint64_t first = 0, last = UINT32_MAX, taken_out = 0;
  bool plain = true;
  auto add = [&](const Fact& f) {
    plain = plain && f.mask == UINT32_MAX;
    if (f.inside) {
      first = std::max<uint64_t>(first, f.first);
      last = std::min<uint64_t>(last, f.last);
    } else {
      taken_out += static_cast<uint64_t>(f.last) - f.first + 1;
    }
  };
  add(fact);
  for (const Fact& other : facts) {
    if (other.word == fact.word) add(other);
  }
  if (!plain) return detail::Search(facts, fact, steps).solve(0, 32);
  if (first > last) return false;
  if (last - first + 1 > taken_out) return true;
  Facts left_out;
  if (!fact.inside) left_out.push_back(fact);
  std::copy_if(facts.begin(), facts.end(), std::back_inserter(left_out),
               [&](const Fact& f) { return f.word == fact.word && !f.inside; });
  return detail::has_gap(first, last, std::move(left_out));
}

}  // namespace cordon::compiler
