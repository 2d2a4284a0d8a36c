// The stack as one policy: segments are laid over each other, and the clause lists of a number are
// multiplied. Pairs in lexicographic order keep first match: the first pair that holds is that of the first
// clause of each list that holds. Pairs that exclude each other are left out, which keeps lists of
// constants (ioctl commands) as long as they were instead of squaring them.
#include <algorithm>
#include <utility>
#include <vector>

#include "cordon/policy/condition_algebra.h"
#include "cordon/policy/coverage.h"
#include "cordon/policy/resolve.h"
#include "cordon/policy/table_builder.h"

namespace cordon::policy {
namespace {

std::vector<Clause> multiply(const std::vector<Clause>& older, const std::vector<Clause>& newer) {
  std::vector<Clause> product;
  for (const Clause& old_clause : older) {
    for (const Clause& new_clause : newer) {
      if (are_disjoint(old_clause.condition, new_clause.condition)) continue;
      ResolvedCondition both = all_of({old_clause.condition, new_clause.condition});
      if (both.is_never()) continue;
      bool older_wins = old_clause.action.kind < new_clause.action.kind;
      const Clause& winner = older_wins ? old_clause : new_clause;
      bool decides_rest = both == old_clause.condition;
      product.push_back({std::move(both), winner.action, winner.origin});
      if (decides_rest) break;
    }
  }
  return product;
}

std::vector<Segment> overlay(const std::vector<Segment>& older, const std::vector<Segment>& newer) {
  std::vector<Segment> result;
  uint32_t first = 0;
  for (size_t i = 0, j = 0; i < older.size() && j < newer.size();) {
    uint32_t last = std::min(older[i].last, newer[j].last);
    append_segment(result, {first, last}, multiply(older[i].clauses, newer[j].clauses));
    if (older[i].last == last) ++i;
    if (newer[j].last == last) ++j;
    first = last + 1;
  }
  return result;
}

void set_policy(ResolvedPolicy& resolved, uint32_t policy) {
  for (ArchTable& table : resolved.arches)
    for (Segment& segment : table.segments)
      for (Clause& clause : segment.clauses) clause.origin.policy = policy;
}

// What a policy answers on an audit value that it does not list.
ArchTable bad_arch_table(const ArchTable& like, Action bad_arch, uint32_t policy) {
  ArchTable table{like.audit_arch, like.endian, like.word_bits, {}};
  table.segments = {{0, UINT32_MAX, {{always(), bad_arch, {Origin::Kind::bad_arch, 0, policy}}}}};
  return table;
}

ResolvedPolicy stack(const ResolvedPolicy& older, const ResolvedPolicy& newer, uint32_t newer_index) {
  ResolvedPolicy result;
  result.bad_arch = stricter(newer.bad_arch, older.bad_arch);
  auto old_table = older.arches.begin();
  auto new_table = newer.arches.begin();
  while (old_table != older.arches.end() || new_table != newer.arches.end()) {
    bool has_old = old_table != older.arches.end() &&
                   (new_table == newer.arches.end() || old_table->audit_arch <= new_table->audit_arch);
    bool has_new = new_table != newer.arches.end() &&
                   (old_table == older.arches.end() || new_table->audit_arch <= old_table->audit_arch);
    const ArchTable& like = has_old ? *old_table : *new_table;
    ArchTable table{like.audit_arch, like.endian, like.word_bits, {}};
    ArchTable left = has_old ? *old_table : bad_arch_table(like, older.bad_arch, newer_index - 1);
    ArchTable right = has_new ? *new_table : bad_arch_table(like, newer.bad_arch, newer_index);
    table.segments = overlay(left.segments, right.segments);
    result.arches.push_back(std::move(table));
    if (has_old) ++old_table;
    if (has_new) ++new_table;
  }
  return result;
}

}  // namespace

ResolvedPolicy combine(std::span<const ResolvedPolicy> policies) {
  ResolvedPolicy result;
  if (policies.empty()) return result;
  result = policies.front();
  set_policy(result, 0);
  for (uint32_t i = 1; i < policies.size(); ++i) {
    ResolvedPolicy newer = policies[i];
    set_policy(newer, i);
    result = stack(result, newer, i);
  }
  return result;
}

}  // namespace cordon::policy
