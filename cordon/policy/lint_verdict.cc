#include "cordon/policy/lint_verdict.h"

#include <algorithm>
#include <iterator>

#include "cordon/abi/constants.h"
#include "cordon/abi/syscalls.h"
#include "cordon/policy/partial.h"

namespace cordon::policy {

bool runs_unasked(ActionKind kind) { return kind == ActionKind::allow || kind == ActionKind::log; }

uint16_t no_such_call(Arch arch) { return abi::errno_number("ENOSYS", arch).value_or(38); }

const Segment* find_segment(const ResolvedPolicy& resolved, uint32_t audit_arch, uint32_t number) {
  for (const ArchTable& table : resolved.arches) {
    if (table.audit_arch != audit_arch) continue;
    auto after = std::upper_bound(table.segments.begin(), table.segments.end(), number,
                                  [](uint32_t value, const Segment& segment) { return value < segment.first; });
    return &*std::prev(after);
  }
  return nullptr;
}

Place place_of_rule(const Policy& policy, std::optional<uint32_t> rule) {
  return rule && *rule < policy.rules.size() ? policy.sources.locate(policy.rules[*rule].span) : Place{};
}

std::string enumeration(std::span<const std::string_view> words) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i)
    text += (i == 0 ? "" : i + 1 == words.size() ? " and " : ", ") + std::string(words[i]);
  return text;
}

std::vector<Clause> Verdicts::through(const Multiplexer& multiplexer, uint32_t call, Arch arch) const {
  std::optional<uint32_t> number = abi::number_of(multiplexer.name, arch);
  if (!number) return {};
  PartialCall way;
  way.call.nr = *number;
  way.call.audit_arch = abi::info(arch).audit_arch;
  way.call.args[0] = call;
  way.known[0] = true;
  return outcomes(resolved_, way);
}

std::optional<Verdict> Verdicts::of(std::string_view name, Arch arch) const {
  if (std::optional<uint32_t> number = abi::number_of(name, arch)) {
    const Segment* segment = find_segment(resolved_, abi::info(arch).audit_arch, *number);
    if (segment == nullptr) return std::nullopt;
    return of(segment->clauses, arch);
  }
  std::optional<MultiplexedWay> way = find_multiplexed(name);
  if (!way) return std::nullopt;
  std::vector<Clause> clauses = through(*way->multiplexer, way->number, arch);
  if (clauses.empty()) return std::nullopt;
  return of(clauses, arch);
}

Verdict Verdicts::of(std::span<const Clause> clauses, Arch arch) {
  const uint16_t absent = no_such_call(arch);
  Verdict result;
  bool is_denied = false;
  for (const Clause& clause : clauses) {
    bool by_rule = clause.origin.kind == Origin::Kind::rule || clause.origin.kind == Origin::Kind::multiplexed;
    std::optional<uint32_t> rule;
    if (by_rule) rule = clause.origin.rule;
    result.is_named = result.is_named || by_rule;
    if (!result.rule) result.rule = rule;
    bool may = may_run(clause.action.kind);
    result.can_run = result.can_run || may;
    // What a notify or trace rule names is decided by somebody else, who would be gone round.
    const bool runs = runs_unasked(clause.action.kind);
    result.always_runs = result.always_runs && runs;
    bool is_errno = clause.action.kind == ActionKind::errno_;
    if (is_errno && !result.failing) {
      result.failing = clause.action;
      result.failing_rule = rule;
    }
    if (!runs && by_rule && !result.denying) result.denying = rule;
    is_denied = is_denied || (!runs && !(is_errno && clause.action.data == absent));
  }
  result.is_restricted = result.is_named && is_denied;
  return result;
}

}  // namespace cordon::policy
