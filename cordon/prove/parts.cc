#include "cordon/prove/parts.h"

#include <algorithm>
#include <vector>

#include "cordon/base/assert.h"

namespace cordon::prove {
namespace {

constexpr Action kAllow{ActionKind::allow, 0};

// What a policy says of the numbers of one architecture, also of one that it does not list.
class Numbers {
 public:
  Numbers(const ResolvedPolicy& policy, uint32_t audit_arch) : bad_arch_(policy.bad_arch) {
    for (const ArchTable& table : policy.arches)
      if (table.audit_arch == audit_arch) segments_ = table.segments;
  }

  // The segments have to be asked for in order; `last` is lowered to the end of what is said of `number`.
  void at(uint32_t number, uint32_t& last) {
    while (next_ < segments_.size() && segments_[next_].last < number) ++next_;
    if (next_ < segments_.size()) last = std::min(last, segments_[next_].last);
  }

  bool allows() const {
    if (segments_.empty()) return bad_arch_ == kAllow;
    const std::vector<Clause>& clauses = segments_[next_].clauses;
    return clauses.front().condition.is_always() && clauses.front().action == kAllow;
  }

  // Word for word, whoever decided it.
  bool says_the_same_as(const Numbers& other) const {
    if (segments_.empty() || other.segments_.empty())
      return segments_.empty() && other.segments_.empty() && bad_arch_ == other.bad_arch_;
    const std::vector<Clause>&a = segments_[next_].clauses, &b = other.segments_[other.next_].clauses;
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Clause& x, const Clause& y) {
      return x.action == y.action && x.condition == y.condition;
    });
  }

 private:
  Action bad_arch_;
  std::span<const Segment> segments_;  // none: bad_arch for all numbers
  size_t next_ = 0;
};

bool is_made_of(const ResolvedPolicy& policy, std::span<const ResolvedPolicy> parts, uint32_t audit_arch) {
  Numbers whole(policy, audit_arch);
  std::vector<Numbers> own;
  for (const ResolvedPolicy& part : parts) own.emplace_back(part, audit_arch);
  for (uint64_t first = 0; first <= UINT32_MAX;) {
    uint32_t last = UINT32_MAX;
    whole.at(static_cast<uint32_t>(first), last);
    for (Numbers& part : own) part.at(static_cast<uint32_t>(first), last);
    bool is_decided = whole.allows();
    for (const Numbers& part : own) {
      if (part.says_the_same_as(whole))
        is_decided = true;
      else if (!part.allows())
        return false;
    }
    if (!is_decided) return false;
    first = uint64_t{last} + 1;
  }
  return true;
}

bool lists(const ResolvedPolicy& policy, uint32_t audit_arch) {
  return std::any_of(policy.arches.begin(), policy.arches.end(),
                     [audit_arch](const ArchTable& table) { return table.audit_arch == audit_arch; });
}

}  // namespace

bool is_made_of(const ResolvedPolicy& policy, std::span<const ResolvedPolicy> parts) {
  bool is_decided = policy.bad_arch == kAllow;
  for (const ResolvedPolicy& part : parts) {
    if (part.bad_arch != policy.bad_arch && part.bad_arch != kAllow) return false;
    is_decided = is_decided || part.bad_arch == policy.bad_arch;
    for (const ArchTable& table : part.arches)
      if (!lists(policy, table.audit_arch)) return false;
  }
  return is_decided && std::all_of(policy.arches.begin(), policy.arches.end(),
                                   [&](const ArchTable& table) { return is_made_of(policy, parts, table.audit_arch); });
}

Comparison compare_parts(const ResolvedPolicy& policy, std::span<const ResolvedPolicy> parts,
                         std::span<const bpf::Program> programs, const CompareOptions& options) {
  CORDON_ASSERT(parts.size() == programs.size(), "a program for each part");
  Comparison result;
  if (!is_made_of(policy, parts)) return result;
  for (size_t i = 0; i < parts.size(); ++i) {
    const Comparison one = compare(&parts[i], programs.subspan(i, 1), options);
    result.steps += one.steps;
    if (one.verdict == Verdict::equal) continue;
    result.undecided = one.undecided;
    return result;
  }
  result.verdict = Verdict::equal;
  return result;
}

}  // namespace cordon::prove
