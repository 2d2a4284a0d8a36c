#include "cordon/prove/overlay.h"

#include <gtest/gtest.h>

#include <random>

#include "cordon/prove/word_order.h"
#include "cordon/prove/words.h"

namespace cordon::prove {
namespace {

using diagram::Edge;
using diagram::Level;
using diagram::Manager;
using diagram::Node;
using diagram::Range;

Node is_within(Manager& manager, Level level, Range range) {
  std::vector<Edge> edges;
  if (range.first > 0) edges.push_back({static_cast<uint32_t>(range.first - 1), Manager::kFalse});
  edges.push_back({static_cast<uint32_t>(range.last), Manager::kTrue});
  if (range.last < UINT32_MAX) edges.push_back({UINT32_MAX, Manager::kFalse});
  return manager.switch_on(level, edges);
}

Range any_range(std::mt19937& random) {
  constexpr uint64_t kEnds[] = {0, 1, 2, 3, 7, 8, 9, 100, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
  uint64_t a = kEnds[random() % std::size(kEnds)], b = kEnds[random() % std::size(kEnds)];
  if (random() % 3 == 0) b = a;
  return {std::min(a, b), std::max(a, b)};
}

// Both made in step, from tests in any order of the words, branches shared or not.
TEST(Overlay, IsWhatChoosingNodesComesTo) {
  std::mt19937 random(1);
  for (int round = 0; round < 3000; ++round) {
    Manager manager(diagram::Order::of_words(word_order(Endian::little), {}), {});
    std::vector<Overlay> overlays;
    std::vector<Node> nodes;
    for (uint64_t value = 0; value < 3; ++value) {
      nodes.push_back(manager.leaf(value));
      overlays.emplace_back(nodes.back());
    }
    for (int step = 0; step < 20; ++step) {
      // Mostly one word; sometimes one above or below it.
      const Level level = random() % 4 == 0 ? static_cast<Level>(2 + random() % 3) : Level{3};
      const Range range = any_range(random);
      const size_t recent = overlays.size() - 1 - random() % 2;
      const size_t other = random() % overlays.size();
      const bool recent_is_yes = random() % 2 == 0;
      const size_t yes = recent_is_yes ? recent : other, no = recent_is_yes ? other : recent;
      overlays.push_back(Overlay::branch(manager, level, range, overlays[yes], overlays[no]));
      nodes.push_back(manager.choose(is_within(manager, level, range), nodes[yes], nodes[no]));
      if (random() % 5 != 0) continue;
      ASSERT_EQ(overlays.back().node(manager), nodes.back()) << round << " " << step;
    }
    for (size_t i = 0; i < nodes.size(); ++i) ASSERT_EQ(overlays[i].node(manager), nodes[i]) << round << " " << i;
  }
}

}  // namespace
}  // namespace cordon::prove
