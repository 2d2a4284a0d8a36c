#include "cordon/compile/dump.h"

#include <fmt/format.h>

#include "cordon/policy/action.h"

namespace cordon::compiler {
namespace {

constexpr std::string_view kOriginNames[] = {"rule", "default", "unknown", "bad_arch", "multiplexed"};

std::string origin_text(const Origin& origin) {
  std::string text(kOriginNames[static_cast<size_t>(origin.kind)]);
  bool numbered = origin.kind == Origin::Kind::rule || origin.kind == Origin::Kind::multiplexed;
  if (numbered) text += fmt::format(" {}", origin.rule);
  if (origin.policy != 0) text += fmt::format(" of policy {}", origin.policy);
  return text;
}

std::string action_text(uint32_t ret) {
  Action action = policy::from_ret(ret);
  bool has_data =
      action.kind == ActionKind::errno_ || action.kind == ActionKind::trap || action.kind == ActionKind::trace;
  std::string text(policy::keyword(action.kind));
  if (has_data) text += fmt::format(" {}", action.data);
  return text;
}

std::string operand_text(unsigned operand) {
  return operand == ResolvedTest::kInstructionPointer ? "ip" : fmt::format("arg{}", operand);
}

std::string word_text(WordId word) {
  if (word == kWordNr) return "nr";
  if (word == kWordArch) return "arch";
  return operand_text(operand_of(word)) + (word == high_word(operand_of(word)) ? ".high" : ".low");
}

template <class Ranges>
std::string ranges_text(const Ranges& ranges) {
  std::string text;
  for (const auto& range : ranges) {
    if (!text.empty()) text += ", ";
    text += range.first == range.last ? fmt::format("{:#x}", range.first)
                                      : fmt::format("{:#x}..{:#x}", range.first, range.last);
  }
  return text;
}

// Conditions are as deep as a parser let them be (256).
std::string condition_text(const ResolvedCondition& condition) {
  if (condition.kind == ResolvedCondition::Kind::test) {
    return fmt::format("{} & {:#x} in {{{}}}", operand_text(condition.test.operand), condition.test.mask,
                       ranges_text(condition.test.allowed));
  }
  if (condition.is_always()) return "always";
  std::string text = condition.kind == ResolvedCondition::Kind::all ? "all(" : "any(";
  for (size_t i = 0; i < condition.operands.size(); ++i) {
    if (i > 0) text += "; ";
    text += condition_text(condition.operands[i]);
  }
  return text + ")";
}

std::string condition_text(const SplitCondition& condition) {
  if (condition.is_always()) return "always";
  std::string text;
  if (condition.kind != SplitCondition::Kind::alternatives) {
    for (const SplitCondition& operand : condition.operands) {
      if (!text.empty()) text += "; ";
      text += condition_text(operand);
    }
    return (condition.kind == SplitCondition::Kind::all ? "all(" : "any(") + text + ")";
  }
  for (const Alternative& alternative : condition.alternatives) {
    if (!text.empty()) text += " | ";
    if (alternative.tests.empty()) text += "always";
    for (size_t i = 0; i < alternative.tests.size(); ++i) {
      const WordTest& test = alternative.tests[i];
      text += fmt::format("{}{} & {:#x} in {{{}}}", i > 0 ? " and " : "", word_text(test.word), test.mask,
                          ranges_text(test.allowed));
    }
  }
  return text.empty() ? "never" : text;
}

std::string range_text(uint32_t first, uint32_t last) {
  return first == last ? fmt::format("{}", first) : fmt::format("{}..{}", first, last);
}

std::string child_text(uint32_t child) {
  return (child & Plan::kLeaf) != 0 ? fmt::format("node {}", child & ~Plan::kLeaf) : fmt::format("test {}", child);
}

constexpr std::string_view kOpNames[] = {"jeq", "jge", "jset"};

}  // namespace

std::string dump_resolved(const ResolvedPolicy& policy) {
  std::string text;
  for (const ArchTable& arch : policy.arches) {
    text += fmt::format("arch {:#x}\n", arch.audit_arch);
    for (const Segment& segment : arch.segments) {
      text += fmt::format("  {}\n", range_text(segment.first, segment.last));
      for (const Clause& clause : segment.clauses) {
        text += fmt::format("    {} -> {} ({})\n", condition_text(clause.condition),
                            action_text(policy::to_ret(clause.action)), origin_text(clause.origin));
      }
    }
  }
  return text + fmt::format("bad arch -> {}\n", action_text(policy::to_ret(policy.bad_arch)));
}

std::string dump_split(const SplitPolicy& policy) {
  std::string text;
  for (const SplitArch& arch : policy.arches) {
    text += fmt::format("arch {:#x}\n", arch.audit_arch);
    for (const SplitSegment& segment : arch.segments) {
      text += fmt::format("  {}\n", range_text(segment.first, segment.last));
      for (const SplitClause& clause : arch.clauses_of(segment)) {
        text += fmt::format("    {} -> {} ({})\n", condition_text(clause.condition), action_text(clause.ret),
                            origin_text(clause.origin));
      }
    }
  }
  return text + fmt::format("bad arch -> {}\n", action_text(policy.bad_arch));
}

std::string dump_trees(const std::vector<NumberTable>& tables, const NumberTrees& trees) {
  std::string text;
  auto add = [&](const std::string& what, const Plan& plan) {
    text += fmt::format("{}: {}\n", what, child_text(plan.root));
    for (size_t t = plan.tests.size(); t-- > 0;) {
      const Plan::Test& test = plan.tests[t];
      text += fmt::format("  test {}: {} {} ? {} : {}\n", t, kOpNames[static_cast<size_t>(test.op)], test.k,
                          child_text(test.yes), child_text(test.no));
    }
  };
  for (size_t i = 0; i < trees.tops.size(); ++i)
    add(fmt::format("top {}, from {} up", i, trees.tops[i].first), trees.tops[i].plan);
  for (size_t i = 0; i < tables.size(); ++i) {
    const NumberTree& tree = trees.trees[i];
    const std::string arch = fmt::format("arch {:#x}", tables[i].audit_arch);
    add(tree.top ? fmt::format("{} below top {}", arch, *tree.top) : arch, tree.plan);
    if (tree.with_bit) add(arch + ", numbers with bit 30", *tree.with_bit);
  }
  return text;
}

std::string dump_graph(const Graph& graph, NodeId root) {
  std::string text = fmt::format("root {}\n", root);
  for (NodeId id = 0; id < graph.size(); ++id) {
    const Node& node = graph[id];
    switch (node.kind) {
      case Node::Kind::ret: text += fmt::format("{}: ret {}\n", id, action_text(node.k)); break;
      case Node::Kind::load:
        text += fmt::format("{}: ld {}, then {}\n", id, word_text(node.accumulator.word), node.yes);
        break;
      case Node::Kind::mask:
      case Node::Kind::fold: text += fmt::format("{}: and {:#x}, then {}\n", id, node.k, node.yes); break;
      case Node::Kind::test:
        text += fmt::format("{}: {} & {:#x} {} {:#x} ? {} : {}\n", id, word_text(node.accumulator.word),
                            node.accumulator.mask, kOpNames[static_cast<size_t>(node.op)], node.k, node.yes, node.no);
        break;
    }
  }
  return text;
}

}  // namespace cordon::compiler
