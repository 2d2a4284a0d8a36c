// Which items of a vector have a hash: an index beside the vector, for what std::unordered_multimap is at run time.
//
//   HashIndex index;
//   index.add(hash_of(items[0]));     // entries are numbered from 0, as the items beside it
//   for (size_t i = index.find(hash); i != HashIndex::kNone; i = index.next(i)) items[i] may be it
//
// Usable in constant expressions; nothing is allocated before the first entry. Entries stay; the latest is found first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cordon::base {

// Takes a word more into a hash.
constexpr uint64_t mix(uint64_t hash, uint64_t word) {
  return (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15) + (hash >> 29);
}

class HashIndex {
 public:
  static constexpr size_t kNone = SIZE_MAX;

  constexpr void add(uint64_t hash) {
    if (entries_.size() >= heads_.size()) grow();
    size_t& head = heads_[bucket_of(hash)];
    entries_.push_back({hash, head});
    head = entries_.size() - 1;
  }
  constexpr size_t find(uint64_t hash) const { return heads_.empty() ? kNone : from(heads_[bucket_of(hash)], hash); }
  constexpr size_t next(size_t entry) const { return from(entries_[entry].next, entries_[entry].hash); }
  constexpr size_t size() const { return entries_.size(); }
  constexpr void clear() {
    entries_.clear();
    heads_.clear();
  }

 private:
  struct Entry {
    uint64_t hash = 0;
    size_t next = kNone;  // in the same bucket
  };

  constexpr size_t bucket_of(uint64_t hash) const { return (hash ^ hash >> 32) & (heads_.size() - 1); }
  constexpr size_t from(size_t entry, uint64_t hash) const {
    while (entry != kNone && entries_[entry].hash != hash) entry = entries_[entry].next;
    return entry;
  }
  constexpr void grow() {
    constexpr size_t kLeast = 8;
    heads_.assign(heads_.empty() ? kLeast : 2 * heads_.size(), kNone);
    for (size_t i = 0; i < entries_.size(); ++i) {
      size_t& head = heads_[bucket_of(entries_[i].hash)];
      entries_[i].next = head;
      head = i;
    }
  }

  std::vector<Entry> entries_;
  std::vector<size_t> heads_;  // the latest entry of each bucket; a power of two of them
};

}  // namespace cordon::base
