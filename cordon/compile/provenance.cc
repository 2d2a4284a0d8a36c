#include "cordon/compile/provenance.h"

#include <algorithm>
#include <string_view>
#include <utility>

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

// Keys are below `count`; equal ones stay in their order.
template <class Key>
void counting_sort(std::vector<Attribution>& items, size_t count, Key key) {
  std::vector<uint32_t> begin(count + 1, 0);
  for (const Attribution& item : items) ++begin[key(item) + 1];
  for (size_t i = 1; i < count; ++i) begin[i] += begin[i - 1];
  std::vector<Attribution> sorted(items.size());
  for (const Attribution& item : items) sorted[begin[key(item)]++] = item;
  items = std::move(sorted);
}

// By policy, kind, rule. Rules are many and mostly different: comparing them would take longer than building what
// they are there for.
void sort_by_origin(std::vector<Attribution>& attributions, const std::vector<Origin>& origins) {
  auto sort_by = [&](auto field) {
    size_t count = 0;
    for (const Origin& origin : origins) count = std::max(count, size_t{field(origin)} + 1);
    if (count > 1) counting_sort(attributions, count, [&](const Attribution& a) { return field(origins[a.origin]); });
  };
  sort_by([](const Origin& origin) { return origin.rule; });
  sort_by([](const Origin& origin) { return static_cast<uint32_t>(origin.kind); });
  // Numbers of policies can be any.
  auto policy_of = [&](const Attribution& a) { return origins[a.origin].policy; };
  auto by_policy = [&](const Attribution& a, const Attribution& b) { return policy_of(a) < policy_of(b); };
  if (!std::is_sorted(attributions.begin(), attributions.end(), by_policy))
    std::stable_sort(attributions.begin(), attributions.end(), by_policy);
}

}  // namespace

std::vector<std::vector<Origin>> provenance(const Code& code, const BlockBuilder& builder) {
  const std::vector<Origin>& origins = builder.origins();
  std::vector<Attribution> attributions = builder.attributions();
  sort_by_origin(attributions, origins);
  NodeId end = 0;
  for (const Attribution& a : attributions) end = std::max(end, a.node + 1);
  std::vector<std::vector<Origin>> by_node(end);
  for (const Attribution& a : attributions) {
    std::vector<Origin>& of_node = by_node[a.node];
    if (of_node.empty() || of_node.back() != origins[a.origin]) of_node.push_back(origins[a.origin]);
  }
  std::vector<std::vector<Origin>> result(code.insns.size());
  for (size_t pc = 0; pc < code.insns.size(); ++pc)
    if (code.nodes[pc] < end) result[pc] = by_node[code.nodes[pc]];
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
