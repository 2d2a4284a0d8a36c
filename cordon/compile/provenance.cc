#include "cordon/compile/provenance.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "cordon/bpf/insn.h"

namespace cordon::compiler {
namespace {

constexpr size_t kNamedRules = 3;

auto key(const Origin& origin) { return std::tuple(origin.policy, origin.kind, origin.rule); }
bool before(const Origin& a, const Origin& b) { return key(a) < key(b); }

}  // namespace

std::vector<std::vector<Origin>> provenance(const Code& code, const BlockBuilder& builder) {
  std::vector<Attribution> sorted = builder.attributions();
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Attribution& a, const Attribution& b) { return a.node < b.node; });
  std::vector<std::vector<Origin>> result(code.insns.size());
  for (size_t pc = 0; pc < code.insns.size(); ++pc) {
    auto at = std::lower_bound(sorted.begin(), sorted.end(), code.nodes[pc],
                               [](const Attribution& a, NodeId node) { return a.node < node; });
    std::vector<Origin>& origins = result[pc];
    for (; at != sorted.end() && at->node == code.nodes[pc]; ++at) origins.push_back(builder.origins()[at->origin]);
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
  error.hint =
      "give fewer values or ranges to these rules, use a mask for them, or split the policy and stack the parts";
  return error;
}

}  // namespace cordon::compiler
