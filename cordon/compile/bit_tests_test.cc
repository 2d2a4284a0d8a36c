#include "cordon/compile/bit_tests.h"

#include <gtest/gtest.h>

#include <random>

#include "cordon/bpf/cost.h"
#include "cordon/bpf/simulate.h"
#include "cordon/compile/compile.h"
#include "cordon/policy/evaluate.h"

namespace cordon::compiler {
namespace {

constexpr uint32_t kX86_64 = 0xc000003e, kI386 = 0x40000003, kX32Bit = 0x40000000;
constexpr Action kAllow{ActionKind::allow, 0}, kErrno{ActionKind::errno_, 1}, kKill{ActionKind::kill_process, 0};

Segment segment(uint32_t first, uint32_t last, Action action) {
  return {first, last, {{{}, action, {Origin::Kind::default_action, 0, 0}}}};
}

void add(ArchTable& table, uint32_t number, uint32_t last, Action action) {
  if (!table.segments.empty() && table.segments.back().clauses[0].action == action)
    table.segments.back().last = last;
  else
    table.segments.push_back(segment(number, last, action));
}

// Errno where a number below 400 has a bit of the mask, or is one of some others; with x32's numbers or without.
ArchTable scattered(uint32_t audit_arch, uint32_t mask, bool with_x32) {
  ArchTable table{audit_arch, Endian::little, 64, {}};
  auto answer = [&](uint32_t number) {
    const bool is_denied = (number >= 40 && number < 300 && (number & mask) != 0) || number % 61 == 7;
    return number == 120 ? kKill : is_denied ? kErrno : kAllow;
  };
  for (uint32_t number = 0; number < 400; ++number) add(table, number, number, answer(number));
  add(table, 400, kX32Bit - 1, kErrno);
  for (uint32_t number = 0; with_x32 && number < 400; ++number)
    add(table, kX32Bit | number, kX32Bit | number, number == 13 ? kKill : answer(number));
  add(table, kX32Bit | (with_x32 ? 400 : 0), UINT32_MAX - 1, kKill);
  add(table, UINT32_MAX, UINT32_MAX, kErrno);
  return table;
}

struct Row {
  const char* what;
  ResolvedPolicy policy;
};

std::vector<Row> rows() {
  return {
      {"x32 too", {{scattered(kX86_64, 0x24, true)}, kKill}},
      {"two that end alike", {{scattered(kI386, 0x44, false), scattered(kX86_64, 0x12, false)}, kErrno}},
  };
}

TEST(BitTests, MakeASmallerProgramThatAnswersAsThePolicyDoes) {
  for (const Row& row : rows()) {
    const Result<Filter> filter = compile(row.policy, {.optimize = Optimize::max, .dump = nullptr});
    ASSERT_TRUE(filter);
    const Result<Filter> plain = compile(row.policy, {.optimize = Optimize::size, .dump = nullptr});
    EXPECT_LT(filter->program.size(), plain->program.size()) << row.what;
    for (uint32_t audit_arch : {kX86_64, kI386, 7u})
      for (uint32_t high : {0u, kX32Bit, 2 * kX32Bit, 3 * kX32Bit, 0x1000u, UINT32_MAX - 0xfff})
        for (uint32_t low = 0; low < 0x1000; ++low) {
          Call call;
          call.nr = high + low;
          call.audit_arch = audit_arch;
          const bpf::Input input{call.nr, audit_arch, 0, {}};
          const Action action = policy::evaluate(row.policy, call).action;
          ASSERT_EQ(bpf::simulate(filter->program, input, Endian::little).ret, policy::to_ret(action))
              << row.what << " " << audit_arch << " " << call.nr;
          ASSERT_EQ(bpf::is_const_allow(filter->program, audit_arch, call.nr).answer, action == kAllow)
              << row.what << " " << audit_arch << " " << call.nr;
        }
  }
}

uint32_t label_at(const NumberTable& table, uint32_t number) {
  uint32_t label = 0;
  for (const Part& part : table.parts)
    if (part.first <= number) label = part.label;
  return label;
}

// Where the tests of the number's bits lead.
NodeId end_of(const Graph& graph, NodeId node, uint32_t number) {
  while (graph[node].kind == Node::Kind::test) node = (number & graph[node].k) != 0 ? graph[node].yes : graph[node].no;
  return node;
}

TEST(BitTests, LeaveEveryNumberItsLabelWhateverTheyAsk) {
  std::mt19937 random(7);
  for (int round = 0; round < 40; ++round) {
    Graph graph({});
    const NodeId labels[] = {graph.ret(0), graph.ret(1), graph.ret(2)};
    std::vector<NumberTable> tables(2);
    for (NumberTable& table : tables)
      for (uint32_t bit : {0u, kX32Bit})
        for (uint32_t first = 0; first < 500; first += 1 + static_cast<uint32_t>(random() % 9)) {
          const uint32_t label = labels[random() % 3];
          if (table.parts.empty() || table.parts.back().label != label) table.parts.push_back({bit | first, label});
        }
    std::vector<BitTest> tests;
    for (uint32_t i = 0; i < 6; ++i) {
      auto target = [&] {
        const uint32_t chosen = static_cast<uint32_t>(random() % (3 + i));
        return chosen < 3 ? labels[chosen] : BitTest::kTest | (chosen - 3);
      };
      tests.push_back({1 + static_cast<uint32_t>(random() % 1023), target(), target()});
    }
    const std::vector<NumberTable> changed = with_bit_tests(tables, tests, graph);
    ASSERT_EQ(changed.size(), tables.size());
    for (size_t i = 0; i < tables.size(); ++i)
      for (uint32_t high : {0u, kX32Bit, 2 * kX32Bit, 3 * kX32Bit})
        for (uint32_t low = 0; low < 1200; ++low)
          ASSERT_EQ(end_of(graph, label_at(changed[i], high | low), high | low), label_at(tables[i], high | low))
              << round << " " << i << " " << (high | low);
  }
}

TEST(BitTests, AreTheSameEachTime) {
  const std::vector<NumberTable> tables = {
      {kX86_64, {{0, 1}, {4, 0}, {8, 1}, {12, 0}, {16, 1}, {20, 0}, {24, 1}, {28, 0}, {32, 1}, {36, 0}, {40, 2}}}};
  auto targets = [&](uint32_t seed) {
    std::vector<uint32_t> all;
    for (const BitTest& test : find_bit_tests(tables, {.steps = 5000, .seed = seed}))
      for (uint32_t value : {test.mask, test.yes, test.no}) all.push_back(value);
    return all;
  };
  EXPECT_FALSE(targets(1).empty());
  EXPECT_EQ(targets(1), targets(1));
}

TEST(BitTests, AreNoneWhereNothingIsSaved) {
  const std::vector<NumberTable> tables = {{kX86_64, {{0, 1}, {10, 0}}}};
  EXPECT_TRUE(find_bit_tests(tables, {.steps = 2000, .seed = 1}).empty());
}

}  // namespace
}  // namespace cordon::compiler
