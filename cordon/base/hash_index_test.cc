#include "cordon/base/hash_index.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace cordon::base {
namespace {

// The entries with a hash, the latest first.
constexpr std::vector<size_t> entries_with(const HashIndex& index, uint64_t hash) {
  std::vector<size_t> entries;
  for (size_t i = index.find(hash); i != HashIndex::kNone; i = index.next(i)) entries.push_back(i);
  return entries;
}

TEST(HashIndex, finds_every_entry_of_a_hash_and_no_other) {
  HashIndex index;
  EXPECT_TRUE(entries_with(index, 5).empty());
  std::vector<uint64_t> hashes;
  for (uint64_t i = 0; i < 1000; ++i) {
    hashes.push_back(i % 7 == 0 ? 5 : (i % 300) * 4096);  // equal hashes, and others in the same bucket
    index.add(hashes.back());
  }
  ASSERT_EQ(index.size(), hashes.size());
  for (uint64_t hash : {uint64_t{5}, uint64_t{0}, uint64_t{4096}, uint64_t{299 * 4096}, uint64_t{6}}) {
    std::vector<size_t> expected;
    for (size_t i = 0; i < hashes.size(); ++i)
      if (hashes[i] == hash) expected.push_back(i);
    std::vector<size_t> found = entries_with(index, hash);
    std::sort(found.begin(), found.end());
    EXPECT_EQ(found, expected) << hash;
  }
}

TEST(HashIndex, forgets_what_was_cleared) {
  HashIndex index;
  index.add(1);
  index.clear();
  EXPECT_EQ(index.find(1), HashIndex::kNone);
  index.add(1);
  EXPECT_EQ(index.find(1), 0u);
}

constexpr bool works_in_a_constant() {
  HashIndex index;
  for (uint64_t i = 0; i < 20; ++i) index.add(mix(0, i % 10));
  return entries_with(index, mix(0, 3)).size() == 2;
}
static_assert(works_in_a_constant());

}  // namespace
}  // namespace cordon::base
