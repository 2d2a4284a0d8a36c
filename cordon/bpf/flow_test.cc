#include "cordon/bpf/flow.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "cordon/bpf/simulate.h"
#include "cordon/bpf/testing.h"

namespace cordon::bpf {
namespace {

using testing::program;

constexpr Insn kArch{kLdAbs, 0, 0, 4};
constexpr Insn kNr{kLdAbs, 0, 0, 0};
constexpr Insn kAllow{kRetK, 0, 0, 0x7fff0000};
constexpr Insn kEperm{kRetK, 0, 0, 0x00050001};
constexpr Insn kKill{kRetK, 0, 0, 0x80000000};

// openat read-only; what is below open; nothing else
std::vector<Insn> small() {
  return {kArch,
          {kJeqK, 1, 0, 0xc000003e},
          kKill,
          kNr,
          {kJgeK, 0, 4, 2},
          {kJeqK, 0, 2, 257},
          {kLdAbs, 0, 0, 32},
          {kJsetK, 0, 1, 3},
          kEperm,
          kAllow};
}

struct FlowRow {
  const char* name;
  std::vector<Insn> insns;
  const char* tree;
};

TEST(Flow, IsWrittenAsATree) {
  const FlowRow rows[] = {
      {"one answer", {kAllow}, "allow\n"},
      {"names of the architecture, of calls and arguments", small(),
       "if arch == x86_64\n"
       "  if nr >= open\n"
       "    if nr == openat\n"
       "      if flags & O_ACCMODE != 0\n"
       "        errno EPERM\n"
       "      else\n"
       "        allow\n"
       "    else\n"
       "      errno EPERM                           ; open..\n"
       "  else\n"
       "    allow                                   ; read..write\n"
       "else\n"
       "  kill_process\n"},
      {"an else that is an if, and numbers without an architecture",
       {kNr, {kJeqK, 2, 0, 5}, {kJeqK, 1, 0, 6}, kAllow, kEperm},
       "if nr == 0x5\n"
       "  errno EPERM\n"
       "else if nr == 0x6\n"
       "  errno EPERM\n"
       "else\n"
       "  allow\n"},
      {"a part two ways lead to is written once",
       {kNr, {kJeqK, 1, 0, 5}, {kJeqK, 0, 3, 6}, {kLdAbs, 0, 0, 16}, {kJeqK, 0, 1, 7}, kAllow, kKill},
       "if nr == 0x5\n"
       "  [4] if arg0.low == 0x7\n"
       "    allow\n"
       "  else\n"
       "    kill_process\n"
       "else if nr == 0x6\n"
       "  go to [4]\n"
       "else\n"
       "  kill_process\n"},
      {"masks, and jumps that are none",
       {{kLdAbs, 0, 0, 16}, {kAndK, 0, 0, 0xff}, {kJgtK, 0, 0, 9}, {kJa, 0, 0, 0}, {kJgtK, 0, 1, 16}, kAllow, kKill},
       "if arg0.low & 0xff > 0x10\n"
       "  allow\n"
       "else\n"
       "  kill_process\n"},
      {"what computes keeps its instructions",
       {kNr, {kTax, 0, 0, 0}, {kLdImm, 0, 0, 3}, {kJeqX, 0, 1, 0}, kAllow, {kRetA, 0, 0, 0}},
       "ld [0]\n"
       "tax\n"
       "ld #0x3\n"
       "if A == X\n"
       "  allow\n"
       "else\n"
       "  the action in A\n"},
  };
  for (const FlowRow& row : rows) EXPECT_EQ(write_tree(make_flow(program(row.insns), {}), {}), row.tree) << row.name;
}

TEST(Flow, IsWrittenAsPseudoCode) {
  EXPECT_EQ(
      write_pseudo_code(
          make_flow(
              program({kNr, {kJeqK, 1, 0, 5}, {kJeqK, 0, 3, 6}, {kLdAbs, 0, 0, 16}, {kJeqK, 0, 1, 7}, kAllow, kKill}),
              {}),
          {}),
      "if (nr == 0x5) {\n"
      "  at_4:\n"
      "  if (arg0.low == 0x7) {\n"
      "    return allow;\n"
      "  } else {\n"
      "    return kill_process;\n"
      "  }\n"
      "} else if (nr == 0x6) {\n"
      "  goto at_4;\n"
      "} else {\n"
      "  return kill_process;\n"
      "}\n");
}

TEST(Flow, IsWrittenForGraphviz) {
  const FlowOptions options{.endian = Endian::little,
                            .annotate = [](size_t pc) { return pc == 2 ? "a \"rule\"" : std::string(); }};
  EXPECT_EQ(write_dot(make_flow(program({kNr, {kJeqK, 0, 1, 5}, kAllow, kKill}), options)),
            "digraph filter {\n"
            "  node [fontname=\"monospace\"];\n"
            "  n1 [shape=diamond, label=\"nr == 0x5\"];\n"
            "  n1 -> n2 [label=\"yes\"];\n"
            "  n1 -> n3 [label=\"no\", style=dashed];\n"
            "  n2 [shape=box, style=filled, fillcolor=lightgrey, label=\"allow (a \\\"rule\\\")\"];\n"
            "  n3 [shape=box, style=filled, fillcolor=lightgrey, label=\"kill_process\"];\n"
            "}\n");
}

// 200 conditions that must all hold: indentation ends somewhere, and nothing is lost or written twice.
TEST(Flow, WhatIsIndentedTooFarStandsAtTheMargin) {
  std::vector<Insn> insns;
  constexpr uint8_t kTests = 200;
  for (uint8_t i = 0; i < kTests; ++i) {
    insns.push_back({kLdAbs, 0, 0, 16 + 8u * (i % 6)});
    insns.push_back({kJsetK, 0, 0, 1u << (i % 32)});
  }
  insns.push_back(kAllow);
  insns.push_back(kKill);
  for (size_t pc = 1; pc < 2 * kTests; pc += 2)
    insns[pc].jf = static_cast<uint8_t>(std::min<size_t>(255, insns.size() - 2 - pc));
  // Those too far from the end go on with the next test instead.
  for (size_t pc = 1; pc < 2 * kTests; pc += 2)
    if (pc + 1 + insns[pc].jf != insns.size() - 1) insns[pc].jf = 2;
  const std::string text = write_tree(make_flow(program(insns), {}), {});
  size_t conditions = 0, references = 0, widest = 0, line = 0;
  for (size_t at = 0; (at = text.find("if arg", at)) != std::string::npos; ++at) ++conditions;
  for (size_t at = 0; (at = text.find("go to [", at)) != std::string::npos; ++at) ++references;
  for (size_t at = 0; at < text.size(); line = at + 1) {
    at = text.find('\n', line);
    if (at == std::string::npos) break;
    widest = std::max(widest, at - line);
  }
  EXPECT_EQ(conditions, kTests);
  EXPECT_GT(references, 3u);
  EXPECT_LT(widest, 120u);
}

TEST(Flow, TellsTheWaysToAnAnswer) {
  std::vector<std::string> told;
  const NoteAnswer note = [&told](size_t pc, const std::vector<FlowWay>& ways) {
    std::string text = std::to_string(pc);
    for (const FlowWay& way : ways)
      text += (way.audit_arch ? " here " : " elsewhere ") + std::to_string(way.numbers.first) + "-" +
              std::to_string(way.numbers.last);
    told.push_back(text);
    return std::string();
  };
  write_tree(make_flow(program(small()), {}), note);
  EXPECT_EQ(told, (std::vector<std::string>{"8 here 257-257", "9 here 257-257", "8 here 2-4294967295", "9 here 0-1",
                                            "2 elsewhere 0-4294967295"}));
}

// Loads, masks, comparisons and jumps at random; numbers from a few values, so that comparisons meet them.
Program random_program(std::mt19937& random) {
  auto below = [&random](size_t limit) { return static_cast<uint32_t>(random() % limit); };
  constexpr uint32_t kValues[] = {0, 1, 2, 3, 0xc000003e, 0x40000003, 0x40000000, 0xffffffff};
  std::vector<Insn> insns;
  const size_t size = 3 + below(30);
  for (size_t pc = 0; pc + 1 < size; ++pc) {
    const auto reach = static_cast<uint32_t>(size - pc - 1);
    const uint16_t branches[] = {kJeqK, kJgeK, kJgtK, kJsetK};
    switch (below(8)) {
      case 0: insns.push_back(kArch); break;
      case 1: insns.push_back(kNr); break;
      case 2: insns.push_back({kLdAbs, 0, 0, 16 + 4 * below(12)}); break;
      case 3: insns.push_back({kAndK, 0, 0, below(2) == 0 ? 0xbfffffff : 3}); break;
      case 4: insns.push_back({kJa, 0, 0, below(reach)}); break;
      case 5: insns.push_back({kRetK, 0, 0, kValues[below(3)]}); break;
      default:
        insns.push_back({branches[below(4)], static_cast<uint8_t>(below(reach)), static_cast<uint8_t>(below(reach)),
                         kValues[below(std::size(kValues))]});
    }
  }
  insns.push_back(kAllow);
  return program(std::move(insns));
}

bool is_on(const FlowWay& way, const Input& call) {
  if (call.nr < way.numbers.first || call.nr > way.numbers.last) return false;
  if (way.audit_arch) return *way.audit_arch == call.audit_arch;
  return std::find(way.other_than.begin(), way.other_than.end(), call.audit_arch) == way.other_than.end();
}

TEST(Flow, EveryRunOfAProgramIsAPathOnWaysThatAreTold) {
  std::mt19937 random(5);
  constexpr uint32_t kWords[] = {0, 1, 2, 3, 4, 0xc000003e, 0x40000003, 0x40000000, 0x40000001, 0xffffffff};
  size_t nodes = 0;
  for (int round = 0; round < 2000; ++round) {
    const Program made = random_program(random);
    const Flow flow = make_flow(made, {});
    for (int i = 0; i < 10; ++i) {
      Input call;
      call.nr = kWords[random() % std::size(kWords)];
      call.audit_arch = kWords[random() % std::size(kWords)];
      for (uint64_t& arg : call.args) arg = kWords[random() % std::size(kWords)];
      std::vector<bool> executed(made.size(), false);
      const bpf::Run run = simulate_marking(made, call, Endian::little, executed);
      size_t expected[2] = {flow.root, flow.root}, last = 0;
      for (size_t pc = 0; pc < made.size(); ++pc) {
        const FlowNode& node = flow.nodes[pc];
        if (!executed[pc] || node.kind == FlowNode::Kind::hidden) continue;
        ASSERT_TRUE(pc == expected[0] || pc == expected[1]) << write_tree(flow, {});
        if (!node.ways.empty()) {
          ASSERT_TRUE(
              std::any_of(node.ways.begin(), node.ways.end(), [&](const FlowWay& way) { return is_on(way, call); }))
              << "at " << pc << " with nr " << call.nr << "\n"
              << write_tree(flow, {});
        }
        expected[0] = node.yes;
        expected[1] = node.kind == FlowNode::Kind::branch ? node.no : node.yes;
        last = pc;
        ++nodes;
      }
      ASSERT_EQ(last, run.last_pc);
    }
  }
  EXPECT_GT(nodes, 20000u);
}

}  // namespace
}  // namespace cordon::bpf
