#include "cordon/compile/blocks.h"

#include <gtest/gtest.h>

#include "cordon/compile/provenance.h"
#include "cordon/compile/tree.h"

namespace cordon::compiler {
namespace {

constexpr uint32_t kAllow = 0x7fff0000, kKill = 0x80000000;

WordTest equals(WordId word, uint32_t mask, uint32_t value) { return {word, mask, {{value, value}}}; }

SplitClause clause_of(std::vector<Alternative> alternatives) {
  SplitClause clause{{}, kAllow, {Origin::Kind::rule, 0, 0}};
  clause.condition.kind = SplitCondition::Kind::alternatives;
  clause.condition.alternatives = std::move(alternatives);
  return clause;
}

SplitClause otherwise() { return {{}, kKill, {}}; }

// Nothing can be grouped: each alternative asks for the word under a mask of its own.
std::vector<SplitClause> unlike_alternatives(uint32_t count) {
  std::vector<Alternative> alternatives;
  for (uint32_t i = 0; i < count; ++i) alternatives.push_back({{equals(low_word(0), 0xff | i << 8, 1)}});
  return {clause_of(std::move(alternatives)), otherwise()};
}

TEST(Blocks, StopAtTheStepsTheyMayTake) {
  std::vector<SplitClause> clauses = unlike_alternatives(300);
  Graph graph({}), other({});
  BlockOptions few;
  few.max_steps = 1000;
  BlockBuilder bounded(graph, few), builder(other, {});
  bounded.build(clauses);
  EXPECT_TRUE(bounded.is_exceeded());
  EXPECT_LT(graph.size(), 50u) << "nothing more is made";
  builder.build(clauses);
  EXPECT_FALSE(builder.is_exceeded());
}

TEST(Blocks, OfManyEqualListsAreMadeOnce) {
  std::vector<Alternative> alternatives;
  for (uint32_t i = 0; i < 50; ++i) alternatives.push_back({{equals(low_word(0), UINT32_MAX, 3 * i)}});
  SplitPolicy policy;
  SplitArch& arch = policy.arches.emplace_back();
  for (uint32_t number = 0; number < 20; ++number) {
    auto begin = static_cast<uint32_t>(arch.clauses.size());
    if (number % 2 == 0) arch.clauses.push_back(clause_of(alternatives));
    arch.clauses.push_back(otherwise());
    arch.segments.push_back({number, number, begin, static_cast<uint32_t>(arch.clauses.size())});
  }
  Graph graph({});
  BlockBuilder builder(graph, {});
  std::vector<NumberTable> tables = build_tables(policy, builder);
  ASSERT_EQ(tables.front().parts.size(), 20u);
  EXPECT_EQ(tables.front().parts[0].label, tables.front().parts[18].label);
  EXPECT_EQ(builder.origins().size(), 12u) << "two of the one block, one of each plain number";
}

TEST(Blocks, GiveTheirClausesToTheNodesThatStandForOthers) {
  Graph graph({});
  BlockBuilder builder(graph, {});
  NodeId node = builder.build(unlike_alternatives(1)), by = graph.ret(7);
  size_t before = builder.attributions().size();
  Replacement replacements[] = {{node, by}};
  builder.attribute(replacements);
  ASSERT_EQ(builder.attributions().size(), before + 1);
  EXPECT_EQ(builder.attributions().back().node, by);
}

TEST(Blocks, NameTheNumberThatAsksForTooMuch) {
  SplitPolicy policy;
  SplitArch& arch = policy.arches.emplace_back();
  arch.clauses = unlike_alternatives(30);
  arch.segments = {{0, 15, 1, 2}, {16, 16, 0, 2}, {17, UINT32_MAX, 1, 2}};
  Diagnostic error = too_many_alternatives(policy);
  EXPECT_EQ(error.code, "program-too-large");
  EXPECT_NE(error.message.find("31 for number 16"), std::string::npos) << error.message;
  EXPECT_FALSE(error.hint.empty());
}

}  // namespace
}  // namespace cordon::compiler
