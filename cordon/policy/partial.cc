#include "cordon/policy/partial.h"

#include <algorithm>
#include <utility>

#include "cordon/base/assert.h"
#include "cordon/policy/evaluate.h"

namespace cordon::policy {
namespace {

ResolvedCondition always() { return {}; }
ResolvedCondition never() { return {.kind = ResolvedCondition::Kind::any, .test = {}, .operands = {}}; }

}  // namespace

ResolvedCondition specialise(const ResolvedCondition& condition, const PartialCall& call) {
  if (condition.kind == ResolvedCondition::Kind::test) {
    if (!call.known[condition.test.operand]) return condition;
    return holds(condition, call.call) ? always() : never();
  }
  const bool is_all = condition.kind == ResolvedCondition::Kind::all;
  ResolvedCondition result{.kind = condition.kind, .test = {}, .operands = {}};
  for (const ResolvedCondition& operand : condition.operands) {
    ResolvedCondition left = specialise(operand, call);
    if (is_all ? left.is_never() : left.is_always()) return left;
    if (is_all ? left.is_always() : left.is_never()) continue;
    result.operands.push_back(std::move(left));
  }
  if (result.operands.size() == 1) {
    ResolvedCondition only = std::move(result.operands.front());
    return only;
  }
  return result;
}

std::vector<Clause> outcomes(const ResolvedPolicy& policy, const PartialCall& call) {
  auto table = std::find_if(policy.arches.begin(), policy.arches.end(),
                            [&](const ArchTable& t) { return t.audit_arch == call.call.audit_arch; });
  if (table == policy.arches.end()) return {{always(), policy.bad_arch, policy.bad_arch_origin}};
  auto segment = std::find_if(table->segments.begin(), table->segments.end(),
                              [&](const Segment& s) { return call.call.nr <= s.last; });
  CORDON_ASSERT(segment != table->segments.end(), "segments cover every number");
  std::vector<Clause> result;
  for (const Clause& clause : segment->clauses) {
    ResolvedCondition left = specialise(clause.condition, call);
    if (left.is_never()) continue;
    const bool certain = left.is_always();
    result.push_back({std::move(left), clause.action, clause.origin});
    if (certain) break;
  }
  return result;
}

}  // namespace cordon::policy
