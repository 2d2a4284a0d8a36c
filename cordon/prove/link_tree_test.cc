#include "cordon/prove/link_tree.h"

#include <gtest/gtest.h>

#include <random>

#include "cordon/diagram/walk.h"
#include "cordon/prove/encode_policy.h"
#include "cordon/prove/word_order.h"

namespace cordon::prove {
namespace {

using diagram::Manager;
using diagram::Node;

uint64_t below(std::mt19937& random, uint64_t end) { return random() % end; }

ResolvedCondition test_of(uint8_t operand, uint64_t mask, Interval allowed) {
  return {ResolvedCondition::Kind::test, {operand, mask, {allowed}}, {}};
}

// Values of several arguments under two masks, ranges, alternatives: all that a link can be.
ResolvedCondition any_condition(std::mt19937& random) {
  const auto operand = static_cast<uint8_t>(below(random, 3));
  const uint64_t value = below(random, 12);
  const ResolvedCondition one = test_of(operand, UINT64_MAX, {value, value});
  const ResolvedCondition masked = test_of(operand, 0xff, {value, value});
  const ResolvedCondition range = test_of(3, UINT64_MAX, {value, value + below(random, 9)});
  switch (below(random, 5)) {
    case 0: return one;
    case 1: return range;
    case 2: return {ResolvedCondition::Kind::any, {}, {one, range}};
    case 3: return {ResolvedCondition::Kind::all, {}, {masked, range}};
    default: return {ResolvedCondition::Kind::all, {}, {one, range}};
  }
}

class LinkTrees : public testing::Test {
 protected:
  LinkTrees() { make_manager(); }

  void make_manager() {
    diagram::Cuts cuts;
    for (unsigned word = 0; word < diagram::kWordCount; ++word) cuts.at_mask(static_cast<diagram::Word>(word), 0xff);
    manager.emplace(diagram::Order::of_words(word_order(Endian::little), cuts), diagram::Limits{});
  }

  void make_chain(size_t links) {
    chain = {&table, nullptr, {}, 0, 0};
    conditions.clear();
    for (size_t i = 0; i < links; ++i) conditions.push_back(any_condition(random));
    for (const ResolvedCondition& condition : conditions)
      chain.links.push_back({&condition, 0, encode_condition(*manager, condition, Endian::little)});
  }

  std::mt19937 random{3};
  std::optional<Manager> manager;
  ArchTable table;
  std::vector<ResolvedCondition> conditions;
  Chain chain;
};

TEST_F(LinkTrees, FindTheLinksThatMeetARegionAndNoOthers) {
  size_t found = 0, missed = 0;
  for (int round = 0; round < 300; ++round) {
    make_manager();
    make_chain(1 + below(random, 60));
    const LinkTree tree(*manager, chain);
    for (int query = 0; query < 5; ++query) {
      const Node region = manager->both(encode_condition(*manager, any_condition(random), Endian::little),
                                        encode_condition(*manager, any_condition(random), Endian::little));
      LinkSet chosen(chain.links.size());
      std::vector<uint32_t> expected;
      for (uint32_t link = 0; link < chain.links.size(); ++link) {
        chosen.set(link, below(random, 4) != 0);
        const bool meets = manager->both(region, chain.links[link].holds) != Manager::kFalse;
        (meets ? found : missed) += 1;
        if (meets && chosen[link]) expected.push_back(link);
      }
      ASSERT_EQ(tree.hits(region, chosen), expected) << round << " " << query;
    }
  }
  EXPECT_GT(found, 1000u);
  EXPECT_GT(missed, 1000u);
}

TEST_F(LinkTrees, LeaveLinksUnaskedThatCannotMeetTheRegion) {
  make_chain(0);
  for (uint64_t value = 0; value < 512; ++value)
    conditions.push_back({ResolvedCondition::Kind::all,
                          {},
                          {test_of(0, UINT64_MAX, {value, value}), test_of(3, UINT64_MAX, {value, 2 * value + 1})}});
  for (const ResolvedCondition& condition : conditions)
    chain.links.push_back({&condition, 0, encode_condition(*manager, condition, Endian::little)});
  const LinkTree tree(*manager, chain);
  const Node region = encode_condition(*manager, test_of(0, UINT64_MAX, {77, 77}), Endian::little);
  const uint64_t before = manager->steps();
  EXPECT_EQ(tree.hits(region, LinkSet::all(512)), std::vector<uint32_t>{77});
  EXPECT_LT(manager->steps() - before, 512u);
}

}  // namespace
}  // namespace cordon::prove
