#include "cordon/compile/provenance.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "cordon/bpf/insn.h"

namespace cordon::compiler {
namespace {

constexpr size_t kNamedRules = 3;

constexpr std::string_view kCure = "give fewer values or ranges to these rules, or use a mask for them";

// For sorting: by policy, kind, rule.
constexpr auto before = [](const Origin& a, const Origin& b) {
  if (a.policy != b.policy) return a.policy < b.policy;
  return a.kind != b.kind ? a.kind < b.kind : a.rule < b.rule;
};

// The attributions by node: those of node n are list[begin[n]] to list[begin[n + 1]].
struct ByNode {
  std::vector<uint32_t> begin;
  std::vector<uint32_t> list;  // origins
};

ByNode sort_by_node(const std::vector<Attribution>& attributions) {
  NodeId end = 0;
  for (const Attribution& a : attributions) end = std::max(end, a.node + 1);
  ByNode result{std::vector<uint32_t>(end + 1, 0), std::vector<uint32_t>(attributions.size())};
  for (const Attribution& a : attributions) ++result.begin[a.node];
  uint32_t sum = 0;
  for (uint32_t& begin : result.begin) sum = begin += sum;
  for (size_t i = attributions.size(); i-- > 0;)
    result.list[--result.begin[attributions[i].node]] = attributions[i].origin;
  return result;
}

}  // namespace

std::vector<std::vector<Origin>> provenance(const Code& code, const BlockBuilder& builder) {
  ByNode by_node = sort_by_node(builder.attributions());
  std::vector<std::vector<Origin>> result(code.insns.size());
  for (size_t pc = 0; pc < code.insns.size(); ++pc) {
    NodeId node = code.nodes[pc];
    if (node + 1 >= by_node.begin.size()) continue;
    std::vector<Origin>& origins = result[pc];
    origins.reserve(by_node.begin[node + 1] - by_node.begin[node]);
    for (uint32_t i = by_node.begin[node]; i < by_node.begin[node + 1]; ++i)
      origins.push_back(builder.origins()[by_node.list[i]]);
    std::sort(origins.begin(), origins.end(), before);
    origins.erase(std::unique(origins.begin(), origins.end()), origins.end());
  }
  return result;
}

Diagnostic too_large(const Code& code, const std::vector<std::vector<Origin>>& origins) {
  struct Count {
    Origin origin;
    size_t insns;
  };
  std::vector<Origin> all;
  for (size_t pc = 0; pc < origins.size(); ++pc) {
    if (code.insns[pc].code == bpf::kRetK) continue;
    for (const Origin& origin : origins[pc]) {
      if (origin.kind == Origin::Kind::rule || origin.kind == Origin::Kind::multiplexed) all.push_back(origin);
    }
  }
  std::sort(all.begin(), all.end(), before);
  std::vector<Count> counts;
  for (const Origin& origin : all) {
    if (counts.empty() || !(counts.back().origin == origin)) counts.push_back({origin, 0});
    ++counts.back().insns;
  }
  std::stable_sort(counts.begin(), counts.end(), [](const Count& a, const Count& b) { return a.insns > b.insns; });
  std::string biggest;
  for (size_t i = 0; i < std::min(counts.size(), kNamedRules); ++i) {
    biggest += fmt::format("{}rule {} with {}", i > 0 ? ", " : "", counts[i].origin.rule, counts[i].insns);
  }
  Diagnostic error;
  error.code = "program-too-large";
  error.message =
      fmt::format("the program has {} instructions, the kernel takes at most {}", code.insns.size(), bpf::kMaxInsns);
  if (!biggest.empty()) error.message += "; the most are there for " + biggest;
  error.hint = kCure;
  return error;
}

Diagnostic too_many_alternatives(const SplitPolicy& policy) {
  size_t most = 0;
  uint32_t number = 0;
  for (const SplitArch& arch : policy.arches) {
    for (const SplitSegment& segment : arch.segments) {
      size_t count = 0;
      for (const SplitClause& clause : arch.clauses_of(segment))
        count += std::max<size_t>(clause.condition.alternatives.size(), 1);
      if (count <= most) continue;
      most = count;
      number = segment.first;
    }
  }
  Diagnostic error;
  error.code = "program-too-large";
  error.message = fmt::format(
      "the rules have more alternatives than fit a program: {} for number {}, and the kernel takes at most {} "
      "instructions",
      most, number, bpf::kMaxInsns);
  error.hint = kCure;
  return error;
}

}  // namespace cordon::compiler
