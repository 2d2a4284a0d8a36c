// Some of the links of a chain.
//
//   LinkSet rest = subset.has.before(link) - given;
//   for (uint32_t i : rest.members()) …
//
// Proofs take and compare such sets at every step of a program: each of these operations costs a word for 64 links.
#pragma once

#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace cordon::prove {

class LinkSet {
 public:
  LinkSet() = default;
  explicit LinkSet(size_t links) : words_((links + 63) / 64, 0) {}  // none of them

  static LinkSet all(size_t links) {
    LinkSet set(links);
    for (uint64_t& word : set.words_) word = UINT64_MAX;
    if (links % 64 != 0) set.words_.back() = (uint64_t{1} << links % 64) - 1;
    return set;
  }

  bool operator[](size_t link) const { return (words_[link / 64] >> link % 64 & 1) != 0; }
  void set(size_t link, bool is_member) {
    const uint64_t bit = uint64_t{1} << link % 64;
    words_[link / 64] = is_member ? words_[link / 64] | bit : words_[link / 64] & ~bit;
  }
  void add(size_t link) { set(link, true); }

  size_t count() const {
    size_t sum = 0;
    for (uint64_t word : words_) sum += static_cast<size_t>(std::popcount(word));
    return sum;
  }
  bool empty() const {
    for (uint64_t word : words_)
      if (word != 0) return false;
    return true;
  }
  bool meets(const LinkSet& other) const {
    for (size_t i = 0; i < words_.size(); ++i)
      if ((words_[i] & other.words_[i]) != 0) return true;
    return false;
  }
  bool is_within(const LinkSet& other) const { return (*this - other).empty(); }

  // Of sets of the same chain.
  friend LinkSet operator-(LinkSet a, const LinkSet& b) {
    for (size_t i = 0; i < a.words_.size(); ++i) a.words_[i] &= ~b.words_[i];
    return a;
  }
  friend LinkSet operator|(LinkSet a, const LinkSet& b) {
    for (size_t i = 0; i < a.words_.size(); ++i) a.words_[i] |= b.words_[i];
    return a;
  }
  friend LinkSet operator^(LinkSet a, const LinkSet& b) {
    for (size_t i = 0; i < a.words_.size(); ++i) a.words_[i] ^= b.words_[i];
    return a;
  }
  // Those that come before the link.
  LinkSet before(size_t link) const {
    LinkSet result = *this;
    for (size_t i = link / 64; i < words_.size(); ++i)
      result.words_[i] &= i > link / 64 ? 0 : (uint64_t{1} << link % 64) - 1;
    return result;
  }

  // In the chain's order.
  std::vector<uint32_t> members() const {
    std::vector<uint32_t> result;
    for (size_t i = 0; i < words_.size(); ++i)
      for (uint64_t word = words_[i]; word != 0; word &= word - 1)
        result.push_back(static_cast<uint32_t>(64 * i) + static_cast<uint32_t>(std::countr_zero(word)));
    return result;
  }

  auto operator<=>(const LinkSet&) const = default;

 private:
  std::vector<uint64_t> words_;
};

}  // namespace cordon::prove
