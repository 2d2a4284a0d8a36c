#include "cordon/prove/overlay.h"

#include <gtest/gtest.h>

#include <random>

#include "cordon/prove/word_order.h"
#include "cordon/prove/words.h"

namespace cordon::prove {
namespace {

using diagram::Manager;
using diagram::Masked;
using diagram::Node;
using diagram::Range;
using diagram::Word;

constexpr uint32_t kMasks[] = {UINT32_MAX, 0xbfffffff, 0x0000f00f, 0x40000000, 0x0000000f};

Range any_range(std::mt19937& random, uint32_t mask) {
  constexpr uint32_t kEnds[] = {0,          1,          2,          3,          7,          8,
                                9,          100,        0x1000,     0x3fffffff, 0x40000000, 0x40000001,
                                0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe, 0xffffffff};
  uint64_t a = kEnds[random() % std::size(kEnds)] & mask, b = kEnds[random() % std::size(kEnds)] & mask;
  if (random() % 3 == 0) b = a;
  return {std::min(a, b), std::max(a, b)};
}

// Both made in step, from tests in any order of the words, branches shared or not.
TEST(Overlay, IsWhatChoosingNodesComesTo) {
  std::mt19937 random(1);
  for (int round = 0; round < 3000; ++round) {
    diagram::Cuts cuts;
    const WordOrder words = word_order(Endian::little);
    const bool has_masks = round % 2 == 1;
    if (has_masks)
      for (uint32_t mask : kMasks) cuts.at_mask(words[3], mask);
    Manager manager(diagram::Order::of_words(words, cuts), {});
    std::vector<Overlay> overlays;
    std::vector<Node> nodes;
    for (uint64_t value = 0; value < 3; ++value) {
      nodes.push_back(manager.leaf(value));
      overlays.emplace_back(nodes.back());
    }
    for (int step = 0; step < 20; ++step) {
      // Mostly one word; sometimes one above or below it.
      Masked word{words[random() % 4 == 0 ? 2 + random() % 3 : 3]};
      if (has_masks && word.word == words[3] && random() % 2 == 0) word.mask = kMasks[random() % std::size(kMasks)];
      const Range range = any_range(random, word.mask);
      const size_t recent = overlays.size() - 1 - random() % 2;
      const size_t other = random() % overlays.size();
      const bool recent_is_yes = random() % 2 == 0;
      const size_t yes = recent_is_yes ? recent : other, no = recent_is_yes ? other : recent;
      overlays.push_back(Overlay::branch(manager, word, range, overlays[yes], overlays[no]));
      const Node holds = in_set(manager, {std::nullopt, word.word}, word.mask, {&range, 1});
      nodes.push_back(manager.choose(holds, nodes[yes], nodes[no]));
      if (random() % 5 != 0) continue;
      ASSERT_EQ(overlays.back().node(manager), nodes.back()) << round << " " << step;
    }
    for (size_t i = 0; i < nodes.size(); ++i) ASSERT_EQ(overlays[i].node(manager), nodes[i]) << round << " " << i;
  }
}

}  // namespace
}  // namespace cordon::prove
