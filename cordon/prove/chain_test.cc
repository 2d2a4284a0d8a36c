#include "cordon/prove/chain.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "cordon/policy/action.h"
#include "cordon/prove/encode_policy.h"
#include "cordon/prove/word_order.h"

namespace cordon::prove {
namespace {

using diagram::Manager;
using diagram::Node;

constexpr size_t kLinks = 40;

uint64_t any_value(std::mt19937_64& random) {
  constexpr uint64_t kWords[] = {0, 1, 5, 0x7fffffff, 0xfffffffe, UINT32_MAX};
  return kWords[random() % std::size(kWords)] << 32 | kWords[random() % std::size(kWords)];
}

// Up to three intervals, with ends at and beside the ends of words.
ResolvedTest any_test(uint8_t operand, uint64_t mask, std::mt19937_64& random) {
  std::vector<uint64_t> ends;
  for (size_t i = 0, count = 2 * (1 + random() % 3); i < count; ++i) ends.push_back(any_value(random) & mask);
  std::sort(ends.begin(), ends.end());
  ResolvedTest test{operand, mask, {}};
  for (size_t i = 0; i < ends.size(); i += 2)
    if (test.allowed.empty() || ends[i] > test.allowed.back().last + 1) test.allowed.push_back({ends[i], ends[i + 1]});
  return test;
}

ResolvedCondition holds(ResolvedTest test) { return {ResolvedCondition::Kind::test, std::move(test), {}}; }

// Each link has an answer of its own.
ResolvedPolicy policy_of(std::mt19937_64& random) {
  constexpr uint64_t kMasks[] = {UINT64_MAX, UINT32_MAX, 0xff000000ff, 0xffff00000000};
  Segment segment{0, UINT32_MAX, {}};
  for (uint16_t link = 0; link < kLinks; ++link) {
    ResolvedCondition condition{ResolvedCondition::Kind::all, {}, {}};
    condition.operands = {holds(any_test(0, kMasks[random() % std::size(kMasks)], random)),
                          holds(any_test(1, UINT64_MAX, random))};
    segment.clauses.push_back({condition, {ActionKind::errno_, link}, {}});
  }
  segment.clauses.push_back({{}, {ActionKind::kill_process, 0}, {}});
  return {{{0xc000003e, Endian::little, 64, {segment}}}, {ActionKind::kill_process, 0}};
}

TEST(DividedComparisons, AreTogetherWhatTheWholeOnesAre) {
  std::mt19937_64 random(4);
  size_t divided_links = 0;
  for (int round = 0; round < 60; ++round) {
    const ResolvedPolicy policy = policy_of(random);
    diagram::Cuts cuts;
    collect_cuts(policy, cuts);
    Manager manager(diagram::Order::of_words(word_order(Endian::little), cuts), {});
    Chains whole(policy, Comparisons::whole), divided(policy, Comparisons::divided);
    ASSERT_FALSE(whole.empty());
    ASSERT_FALSE(divided.empty());
    whole.encode(manager), divided.encode(manager);
    std::map<uint64_t, Node> any_of;
    for (const Link& link : divided.all()[0].links) {
      Node& node = any_of.try_emplace(link.answer, Manager::kFalse).first->second;
      EXPECT_EQ(manager.both(node, link.holds), Manager::kFalse) << "parts do not meet";
      node = manager.either(node, link.holds);
    }
    for (const Link& link : whole.all()[0].links) ASSERT_EQ(any_of[link.answer], link.holds) << round;
    divided_links += divided.all()[0].links.size() - whole.all()[0].links.size();
  }
  EXPECT_GT(divided_links, 1000u);
}

}  // namespace
}  // namespace cordon::prove
