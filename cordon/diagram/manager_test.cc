#include "cordon/diagram/manager.h"

#include <gtest/gtest.h>

#include <bit>
#include <random>

#include "cordon/diagram/sets.h"
#include "cordon/diagram/walk.h"

namespace cordon::diagram {
namespace {

constexpr Word kWords[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

Manager manager_of(const Cuts& cuts) { return Manager(Order::of_words(kWords, cuts), {}); }

Node range(Manager& m, Word word, uint32_t first, uint32_t last) {
  const Range wanted{first, last};
  return in_set(m, {std::nullopt, word}, UINT32_MAX, {&wanted, 1});
}

TEST(Order, CutsAWordWhereMasksBeginAndEnd) {
  Cuts cuts;
  cuts.at_mask(4, 0xff00);
  const Order order = Order::of_words(kWords, cuts);
  ASSERT_EQ(order.levels_of(4).size(), 3u);
  const uint8_t lows[] = {16, 8, 0}, widths[] = {16, 8, 8};
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(order.field(order.levels_of(4)[i]).low, lows[i]);
    EXPECT_EQ(order.field(order.levels_of(4)[i]).width, widths[i]);
  }
  EXPECT_EQ(order.size(), 18);
}

TEST(Order, TakesTheBitsOfAGroupInTurns) {
  Cuts cuts;
  cuts.at_every_bit(4), cuts.at_every_bit(7);
  const std::vector<std::vector<Word>> groups{{4, 7}};
  const Order order = Order::interleaved(kWords, cuts, groups);
  EXPECT_EQ(order.levels_of(7)[0], order.levels_of(4)[0] + 1);
  EXPECT_EQ(order.levels_of(4)[1], order.levels_of(7)[0] + 1);
  EXPECT_EQ(order.size(), 14 + 64);
}

TEST(Manager, MakesEqualFunctionsOneNode) {
  Manager m = manager_of({});
  const Node a = range(m, 0, 10, 20), b = range(m, 3, 5, UINT32_MAX);
  EXPECT_EQ(m.both(a, b), m.both(b, a));
  EXPECT_EQ(m.negation(m.either(a, b)), m.both(m.negation(a), m.negation(b)));
  EXPECT_EQ(m.either(range(m, 0, 10, 14), range(m, 0, 15, 20)), a);
  EXPECT_EQ(m.choose(a, m.leaf(7), m.leaf(7)), m.leaf(7));
  EXPECT_NE(a, b);
}

TEST(Manager, CombinesLeaves) {
  Manager m = manager_of({});
  const LeafFunction add = [](uint64_t a, uint64_t b) { return a + b; };
  const Node a = m.choose(range(m, 0, 1, 5), m.leaf(100), m.leaf(200));
  const Node b = m.choose(range(m, 2, 0, 9), m.leaf(1), m.leaf(2));
  Point point{};
  point[0] = 3, point[2] = 10;
  EXPECT_EQ(value_at(m, m.combine(add, a, b), point), 102u);
  point[0] = 6, point[2] = 9;
  EXPECT_EQ(value_at(m, m.combine(add, a, b), point), 201u);
}

TEST(Manager, TellsWithoutADiagramWhetherTwoMeet) {
  Cuts cuts;
  cuts.at_mask(1, 0xff0);
  Manager m = manager_of(cuts);
  std::mt19937 random(5);
  // Unions of boxes over three words, small enough that many miss each other.
  auto any = [&] {
    Node node = Manager::kFalse;
    for (int i = 0; i < 3; ++i) {
      Node box = Manager::kTrue;
      for (Word word = 0; word < 3; ++word) {
        const auto first = static_cast<uint32_t>(random() % 8192);
        box = m.both(box, range(m, word, first, first + static_cast<uint32_t>(random() % 3000)));
      }
      node = m.either(node, box);
    }
    return node;
  };
  int met = 0, missed = 0;
  for (int round = 0; round < 500; ++round) {
    const Node a = any(), b = any();
    ASSERT_EQ(m.meets(a, b), m.both(a, b) != Manager::kFalse) << round;
    (m.meets(b, a) ? met : missed) += 1;
  }
  EXPECT_GT(met, 50);
  EXPECT_GT(missed, 50);
  EXPECT_FALSE(m.meets(Manager::kTrue, Manager::kFalse));
}

TEST(Manager, SaysWhenItsBoundIsReached) {
  Manager m(Order::of_words(kWords, {}), {.max_steps = 1000});
  Node all = Manager::kTrue;
  for (Word word = 0; word < 16; ++word) all = m.both(range(m, word, 3, 9), all);
  EXPECT_FALSE(m.exhausted());
  for (uint32_t i = 0; i < 40; ++i) all = m.either(all, range(m, 0, 3 * i, 3 * i));
  EXPECT_TRUE(m.exhausted());
}

// Sets of masked values: the diagram and the definition agree at ends, beside them and elsewhere.
TEST(InSet, HoldsWhereTheMaskedValueLiesInARange) {
  struct Row {
    const char* name;
    uint64_t mask;
    std::vector<Range> ranges;
  };
  const Row rows[] = {
      {"one 64-bit value", UINT64_MAX, {{0x1'00000005, 0x1'00000005}}},
      {"a range over both words", UINT64_MAX, {{0xfffffff0, 0x2'00000010}}},
      {"everything above", UINT64_MAX, {{0x5'00000000, UINT64_MAX}}},
      {"all but one", UINT64_MAX, {{0, 6}, {8, UINT64_MAX}}},
      {"low bits", 0x3, {{1, 2}}},
      {"a mask with holes", 0xf0f0, {{0x10, 0x1010}, {0x8000, 0x80f0}}},
      {"a mask over both words", 0xf'000000f0, {{0x10, 0x1'00000000}, {0x3'000000f0, 0xf'00000000}}},
      {"many", UINT64_MAX, {{1, 1}, {3, 3}, {5, 9}, {0xffffffff, 0x1'00000000}, {0x7'00000000, 0x7'ffffffff}}},
  };
  std::mt19937_64 random(3);
  for (const Row& row : rows) {
    Cuts cuts;
    cuts.at_mask(4, static_cast<uint32_t>(row.mask));
    cuts.at_mask(5, static_cast<uint32_t>(row.mask >> 32));
    Manager m = manager_of(cuts);
    const Node node = in_set(m, {Word{5}, Word{4}}, row.mask, row.ranges);
    std::vector<uint64_t> values{0, UINT64_MAX};
    for (const Range& wanted : row.ranges)
      for (uint64_t end : {wanted.first, wanted.last})
        for (uint64_t noise : {uint64_t{0}, ~row.mask})
          for (uint64_t value : {end - 1, end, end + 1}) values.push_back(value | noise);
    for (int i = 0; i < 2000; ++i) values.push_back(random() & (i % 2 == 0 ? UINT64_MAX : 0xf'0000f0ff));
    for (uint64_t value : values) {
      const uint64_t masked = value & row.mask;
      bool expected = false;
      for (const Range& wanted : row.ranges) expected |= wanted.first <= masked && masked <= wanted.last;
      Point point{};
      point[4] = static_cast<uint32_t>(value), point[5] = static_cast<uint32_t>(value >> 32);
      ASSERT_EQ(value_at(m, node, point), expected ? 1u : 0u) << row.name << " " << value;
    }
  }
}

TEST(ByWord, KeepsItsPiecesHoweverTheWordIsCut) {
  for (uint32_t mask : {0u, 1u, 0x40000000u, 0xff00u, 0x55555555u}) {
    Cuts cuts;
    cuts.at_mask(0, mask);
    Manager m = manager_of(cuts);
    const Edge pieces[] = {{0, m.leaf(5)},          {9, m.leaf(6)},          {0x1234, m.leaf(7)},
                           {0x3fffffff, m.leaf(5)}, {0xfffffffe, m.leaf(9)}, {UINT32_MAX, m.leaf(5)}};
    const Node node = by_word(m, {0}, pieces);
    uint32_t first = 0;
    for (const Edge& piece : pieces) {
      for (uint32_t value : {first, piece.last, first + (piece.last - first) / 2}) {
        Point point{};
        point[0] = value;
        EXPECT_EQ(value_at(m, node, point), m.value(piece.child)) << mask << " " << value;
      }
      first = piece.last + 1;
    }
  }
}

TEST(PiecesOf, GivesTheIntervalsOfAWordBackHoweverItIsCut) {
  for (uint32_t mask : {0u, 1u, 0x40000000u, 0xff00u}) {
    Cuts cuts;
    cuts.at_mask(0, mask);
    Manager m = manager_of(cuts);
    const Edge edges[] = {{0, m.leaf(5)}, {9, m.leaf(6)}, {0x3fff, m.leaf(7)}, {UINT32_MAX, range(m, 2, 1, 4)}};
    const auto pieces = pieces_of(m, by_word(m, {0}, edges), 0, 100'000);
    ASSERT_TRUE(pieces) << mask;
    ASSERT_EQ(pieces->size(), 4u) << mask;
    for (size_t i = 0; i < 4; ++i) {
      EXPECT_EQ((*pieces)[i].last, edges[i].last);
      EXPECT_EQ((*pieces)[i].node, edges[i].child);
    }
  }
}

TEST(PiecesOf, GivesUpWhereThereAreTooMany) {
  Cuts cuts;
  cuts.at_mask(0, 1);
  Manager m = manager_of(cuts);
  const Range odd{1, 1};
  EXPECT_FALSE(pieces_of(m, in_set(m, {std::nullopt, Word{0}}, 1, {&odd, 1}), 0, 1000));
}

TEST(Find, GivesAPointWithTheWantedValueAndPrefersWhatItIsTold) {
  Manager m = manager_of({});
  const Node node = m.choose(range(m, 1, 100, 900), m.choose(range(m, 2, 7, 7), m.leaf(3), m.leaf(4)), m.leaf(5));
  const uint32_t numbers[] = {50, 500};
  Preferences preferences;
  preferences[1] = numbers;
  auto wants = [](uint64_t wanted) { return [wanted](uint64_t leaf) { return leaf == wanted; }; };
  auto found = find(m, node, wants(3), preferences);
  ASSERT_TRUE(found);
  EXPECT_EQ((*found)[1], 500u);
  EXPECT_EQ((*found)[2], 7u);
  EXPECT_EQ((*find(m, node, wants(5), preferences))[1], 50u);
  EXPECT_FALSE(find(m, node, wants(6), preferences));
  EXPECT_EQ(leaves(m, node).size(), 3u);
}

TEST(PointIn, IsTheLeastPointOfARegionHoweverWordsAreCut) {
  for (uint32_t mask : {UINT32_MAX, 0xff00u, 0x00f0f000u}) {
    Cuts cuts;
    cuts.at_mask(1, mask);
    Manager m = manager_of(cuts);
    const Node region = m.both(range(m, 1, 0x1234, 0xabcdef), range(m, 3, 7, 9));
    const auto point = point_in(m, region);
    ASSERT_TRUE(point);
    EXPECT_EQ((*point)[1], 0x1234u);
    EXPECT_EQ((*point)[3], 7u);
    EXPECT_EQ(value_at(m, region, *point), 1u);
    EXPECT_EQ(*point, *find(m, region, [](uint64_t leaf) { return leaf == 1; }, {}));
  }
}

TEST(PointIn, IsNoneOfAnEmptyRegion) {
  Manager m = manager_of({});
  EXPECT_FALSE(point_in(m, Manager::kFalse));
  EXPECT_TRUE(point_in(m, Manager::kTrue));
}

}  // namespace
}  // namespace cordon::diagram
