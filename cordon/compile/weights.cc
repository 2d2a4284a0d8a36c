#include "cordon/compile/weights.h"

#include <algorithm>
#include <map>
#include <utility>

#include "cordon/bpf/cost.h"

namespace cordon::compiler {
namespace {

constexpr uint64_t kMostWeight = 100;

// Does the filter run for the call, or does the kernel know the answer without it?
bool runs_filter(const ResolvedPolicy& policy, uint32_t audit_arch, uint32_t nr) {
  for (const ArchTable& table : policy.arches) {
    if (table.audit_arch != audit_arch) continue;
    if (!bpf::has_bitmap_place(audit_arch, nr)) return true;
    const auto segment = std::lower_bound(table.segments.begin(), table.segments.end(), nr,
                                          [](const Segment& one, uint32_t number) { return one.last < number; });
    return std::any_of(segment->clauses.begin(), segment->clauses.end(),
                       [](const Clause& clause) { return clause.action.kind != ActionKind::allow; });
  }
  return false;
}

}  // namespace

std::vector<NumberWeight> weights_of(const ResolvedPolicy& policy, std::span<const CallCount> counts) {
  std::map<std::pair<uint32_t, uint32_t>, uint64_t> totals;
  uint64_t most = 0;
  for (const CallCount& call : counts) {
    if (call.count == 0 || !runs_filter(policy, call.audit_arch, call.nr)) continue;
    uint64_t& total = totals[{call.nr, call.audit_arch}];
    total += std::min(call.count, UINT64_MAX / kMostWeight - total);
    most = std::max(most, total);
  }
  std::vector<NumberWeight> weights;
  for (const auto& [call, total] : totals)
    weights.push_back(
        {call.first, call.second, static_cast<uint32_t>(std::max<uint64_t>(1, total * kMostWeight / most))});
  return weights;
}

}  // namespace cordon::compiler
