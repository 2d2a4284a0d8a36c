// The stack as one policy: segments are laid over each other, and the clause lists of a number are
// multiplied. Pairs in lexicographic order keep first match: the first pair that holds is that of the first
// clause of each list that holds. Pairs that exclude each other are left out, which keeps lists of
// constants (ioctl commands) as long as they were instead of squaring them.
#include <algorithm>
#include <utility>
#include <vector>

#include "cordon/policy/budget.h"
#include "cordon/policy/condition_algebra.h"
#include "cordon/policy/coverage.h"
#include "cordon/policy/resolve.h"
#include "cordon/policy/table_builder.h"

namespace cordon::policy {
namespace {

// Far above what 4096 instructions can express.
constexpr uint64_t kMaxPairs = uint64_t{1} << 23;
constexpr uint64_t kMaxWeight = uint64_t{1} << 21;

// Pairs of clauses that are looked at, and what is made of them.
struct Budgets {
  Budget pairs{kMaxPairs};
  Budget weight{kMaxWeight};

  bool is_exceeded() const { return pairs.is_exceeded() || weight.is_exceeded(); }
};

std::vector<Clause> multiply(const std::vector<Clause>& older, const std::vector<Clause>& newer, Budgets& budgets) {
  constexpr uint64_t kWeightOfPair = 64;
  std::vector<uint64_t> new_costs;
  for (const Clause& clause : newer) new_costs.push_back(weight(clause.condition) / kWeightOfPair);
  std::vector<Clause> product;
  for (const Clause& old_clause : older) {
    const uint64_t old_cost = weight(old_clause.condition) / kWeightOfPair;
    for (size_t i = 0; i < newer.size(); ++i) {
      const Clause& new_clause = newer[i];
      if (!budgets.pairs.take(1 + old_cost + new_costs[i])) return product;
      if (are_disjoint(old_clause.condition, new_clause.condition)) continue;
      ResolvedCondition both = all_of({old_clause.condition, new_clause.condition});
      if (both.is_never()) continue;
      if (!budgets.weight.take(weight(both))) return product;
      bool older_wins = old_clause.action.kind < new_clause.action.kind;
      const Clause& winner = older_wins ? old_clause : new_clause;
      bool decides_rest = both == old_clause.condition;
      product.push_back({std::move(both), winner.action, winner.origin});
      if (decides_rest) break;
    }
  }
  return product;
}

std::vector<Segment> overlay(const std::vector<Segment>& older, const std::vector<Segment>& newer, Budgets& budgets) {
  std::vector<Segment> result;
  uint32_t first = 0;
  for (size_t i = 0, j = 0; i < older.size() && j < newer.size() && !budgets.is_exceeded();) {
    uint32_t last = std::min(older[i].last, newer[j].last);
    append_segment(result, {first, last}, multiply(older[i].clauses, newer[j].clauses, budgets));
    if (older[i].last == last) ++i;
    if (newer[j].last == last) ++j;
    first = last + 1;
  }
  return result;
}

void set_policy(ResolvedPolicy& resolved, uint32_t policy) {
  resolved.bad_arch_origin.policy = policy;
  for (ArchTable& table : resolved.arches)
    for (Segment& segment : table.segments)
      for (Clause& clause : segment.clauses) clause.origin.policy = policy;
}

// What a policy answers on an audit value that it does not list.
ArchTable bad_arch_table(const ArchTable& like, const ResolvedPolicy& policy) {
  ArchTable table{like.audit_arch, like.endian, like.word_bits, {}};
  table.segments = {{0, UINT32_MAX, {{always(), policy.bad_arch, policy.bad_arch_origin}}}};
  return table;
}

ResolvedPolicy stack(const ResolvedPolicy& older, const ResolvedPolicy& newer, Budgets& budgets) {
  ResolvedPolicy result;
  const bool older_wins = older.bad_arch.kind < newer.bad_arch.kind;
  result.bad_arch = older_wins ? older.bad_arch : newer.bad_arch;
  result.bad_arch_origin = older_wins ? older.bad_arch_origin : newer.bad_arch_origin;
  auto old_table = older.arches.begin();
  auto new_table = newer.arches.begin();
  while (old_table != older.arches.end() || new_table != newer.arches.end()) {
    bool has_old = old_table != older.arches.end() &&
                   (new_table == newer.arches.end() || old_table->audit_arch <= new_table->audit_arch);
    bool has_new = new_table != newer.arches.end() &&
                   (old_table == older.arches.end() || new_table->audit_arch <= old_table->audit_arch);
    const ArchTable& like = has_old ? *old_table : *new_table;
    ArchTable table{like.audit_arch, like.endian, like.word_bits, {}};
    ArchTable left = has_old ? *old_table : bad_arch_table(like, older);
    ArchTable right = has_new ? *new_table : bad_arch_table(like, newer);
    table.segments = overlay(left.segments, right.segments, budgets);
    result.arches.push_back(std::move(table));
    if (has_old) ++old_table;
    if (has_new) ++new_table;
  }
  return result;
}

}  // namespace

Result<ResolvedPolicy> combine(std::span<const ResolvedPolicy> policies) {
  ResolvedPolicy result;
  if (policies.empty()) return result;
  result = policies.front();
  set_policy(result, 0);
  Budgets budgets;
  for (uint32_t i = 1; i < policies.size() && !budgets.is_exceeded(); ++i) {
    ResolvedPolicy newer = policies[i];
    set_policy(newer, i);
    result = stack(result, newer, budgets);
  }
  if (!budgets.is_exceeded()) return result;
  Diagnostics problem;
  problem.error("stack-too-large", {}, "the rules of the stacked policies multiply to more than any filter could hold",
                "write them as one policy, or load them one after the other");
  return problem;
}

}  // namespace cordon::policy
