#include "cordon/prove/link_set.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace cordon::prove {
namespace {

std::set<uint32_t> plain(const LinkSet& set) {
  const std::vector<uint32_t> members = set.members();
  return {members.begin(), members.end()};
}

// Sizes about the words they are kept in.
TEST(LinkSets, AreSetsOfLinksInOrder) {
  std::mt19937 random(11);
  for (size_t links : {1, 63, 64, 65, 128, 200}) {
    LinkSet a(links), b(links);
    std::set<uint32_t> in_a, in_b;
    for (uint32_t link = 0; link < links; ++link) {
      if (random() % 2 != 0) a.add(link), in_a.insert(link);
      if (random() % 3 != 0) b.add(link), in_b.insert(link);
    }
    std::set<uint32_t> all, less, either, one, before;
    const auto middle = static_cast<uint32_t>(random() % links);
    for (uint32_t link = 0; link < links; ++link) {
      all.insert(link);
      if (in_a.contains(link) && !in_b.contains(link)) less.insert(link);
      if (in_a.contains(link) || in_b.contains(link)) either.insert(link);
      if (in_a.contains(link) != in_b.contains(link)) one.insert(link);
      if (in_a.contains(link) && link < middle) before.insert(link);
      EXPECT_EQ(a[link], in_a.contains(link));
    }
    EXPECT_EQ(plain(a), in_a);
    EXPECT_EQ(plain(LinkSet::all(links)), all);
    EXPECT_EQ(plain(a - b), less);
    EXPECT_EQ(plain(a | b), either);
    EXPECT_EQ(plain(a ^ b), one);
    EXPECT_EQ(plain(a.before(middle)), before);
    EXPECT_EQ(a.count(), in_a.size());
    EXPECT_EQ(a.is_within(b), less.empty());
    EXPECT_TRUE((a - b).is_within(a));
    EXPECT_EQ(a.meets(b), less.size() != in_a.size());
    EXPECT_TRUE((a ^ a).empty());
    EXPECT_EQ(a.empty(), in_a.empty());
    a.set(middle, false);
    EXPECT_FALSE(a[middle]);
  }
}

}  // namespace
}  // namespace cordon::prove
