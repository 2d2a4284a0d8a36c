#include "cordon/diagram/count.h"

#include <gtest/gtest.h>

#include <random>

#include "cordon/diagram/sets.h"
#include "cordon/diagram/walk.h"

namespace cordon::diagram {
namespace {

using base::WideUnsigned;

constexpr Word kWords[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

bool is_true(uint64_t leaf) { return leaf == 1; }

Node masked(Manager& m, Word word, uint32_t mask, uint32_t value) {
  const Range wanted{value, value};
  return in_set(m, {std::nullopt, word}, mask, {&wanted, 1});
}

TEST(Count, of_a_constant_is_all_or_nothing) {
  Manager m(Order::of_words(kWords, {}), {});
  EXPECT_EQ(support(m, Manager::kTrue), 0);
  EXPECT_EQ(count(m, Manager::kTrue, 0, is_true), WideUnsigned(1));
  EXPECT_EQ(count(m, Manager::kTrue, 0x00f0, is_true), WideUnsigned::power_of_two(128));
  EXPECT_EQ(count(m, Manager::kFalse, 0x00f0, is_true), WideUnsigned());
}

TEST(Count, takes_words_that_are_not_asked_for_all_their_values) {
  Manager m(Order::of_words(kWords, {}), {});
  const Node node = masked(m, 5, UINT32_MAX, 7);
  EXPECT_EQ(support(m, node), 1 << 5);
  EXPECT_EQ(count(m, node, 1 << 5, is_true), WideUnsigned(1));
  EXPECT_EQ(count(m, node, 1 << 5 | 1 << 4, is_true), WideUnsigned::power_of_two(32));
  EXPECT_EQ(count(m, node, 1 << 5 | 1 << 9, is_true), WideUnsigned::power_of_two(32));
  EXPECT_EQ(count(m, m.negation(node), 1 << 5, is_true), WideUnsigned(UINT32_MAX));
}

// Functions of seven bits in three words, each value looked at.
TEST(Count, agrees_with_counting_one_by_one) {
  constexpr uint32_t kMasks[] = {0x5, 0xc0000000, 0x00810100};
  std::mt19937 random(5);
  Cuts cuts;
  for (Word word = 0; word < 3; ++word) cuts.at_mask(word, kMasks[word]);
  const std::vector<std::vector<Word>> together{{0, 2}};
  Cuts every = cuts;
  every.at_every_bit(0), every.at_every_bit(2);
  for (const Order& order : {Order::of_words(kWords, cuts), Order::interleaved(kWords, every, together)})
    for (int round = 0; round < 50; ++round) {
      Manager m(order, {});
      Node node = Manager::kFalse;
      for (int term = 0; term < 6; ++term) {
        Node one = Manager::kTrue;
        for (Word word = 0; word < 3; ++word)
          if (random() % 3 != 0)
            one = m.both(one, masked(m, word, kMasks[word], static_cast<uint32_t>(random()) & kMasks[word]));
        node = m.choose(one, term % 2 == 0 ? Manager::kTrue : Manager::kFalse, node);
      }
      uint64_t expected = 0;
      Point point{};
      uint32_t values[3] = {};
      do {
        for (Word word = 0; word < 3; ++word) point[word] = values[word];
        expected += value_at(m, node, point);
        for (int word = 0; word < 3; ++word) {
          values[word] = ((values[word] | ~kMasks[word]) + 1) & kMasks[word];
          if (values[word] != 0) break;
        }
      } while (values[0] != 0 || values[1] != 0 || values[2] != 0);
      constexpr unsigned kFreeBits = 30 + 30 + 29;
      EXPECT_EQ(count(m, node, 0x7, is_true), WideUnsigned(expected) << kFreeBits);
    }
}

}  // namespace
}  // namespace cordon::diagram
