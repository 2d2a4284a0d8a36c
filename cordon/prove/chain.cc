#include "cordon/prove/chain.h"

#include <bit>
#include <span>

#include "cordon/base/assert.h"
#include "cordon/policy/action.h"
#include "cordon/prove/encode_policy.h"

namespace cordon::prove {
namespace {

// A list of so many conditions on several arguments has a diagram of a few hundred nodes; ten times as many have more
// than fit into memory.
constexpr size_t kLongChain = 24;
// Guesses take the square of the links, and evaluate each: a program of 4096 instructions holds no more of either.
constexpr size_t kMaxParts = 6;  // of one condition
constexpr size_t kMaxLinks = 1500, kMaxWeight = 16384;

size_t weight_of(const ResolvedCondition& condition) {
  size_t weight = 1 + condition.test.allowed.size();
  for (const ResolvedCondition& operand : condition.operands) weight += weight_of(operand);
  return weight;
}

uint32_t operands_of(const ResolvedCondition& condition) {
  if (condition.kind == ResolvedCondition::Kind::test) return 1u << condition.test.operand;
  uint32_t operands = 0;
  for (const ResolvedCondition& operand : condition.operands) operands |= operands_of(operand);
  return operands;
}

// The values of a test in parts that ask the high word only, or the low word of one high word. One part: nothing to
// divide.
std::vector<ResolvedTest> parts_of(const ResolvedTest& test) {
  const uint64_t low_mask = test.mask & UINT32_MAX;
  if (low_mask == 0 || test.mask >> 32 == 0) return {test};
  std::vector<Interval> whole;                       // of high words any low word of which is allowed
  std::map<uint64_t, std::vector<Interval>> partly;  // by high word
  for (const Interval& interval : test.allowed) {
    uint64_t first = interval.first >> 32, last = interval.last >> 32;
    const bool begins_within = (interval.first & UINT32_MAX) != 0,
               ends_within = (interval.last & UINT32_MAX) < low_mask;
    if (first == last && (begins_within || ends_within)) {
      partly[first].push_back(interval);
      continue;
    }
    if (begins_within) partly[first].push_back({interval.first, first << 32 | low_mask}), ++first;
    if (ends_within) partly[last].push_back({last << 32, interval.last}), --last;
    if (first <= last) whole.push_back({first << 32, last << 32 | low_mask});
  }
  if (partly.size() + (whole.empty() ? 0 : 1) > kMaxParts) return {test};
  std::vector<ResolvedTest> parts;
  if (!whole.empty()) parts.push_back({test.operand, test.mask, std::move(whole)});
  for (auto& [high, intervals] : partly) parts.push_back({test.operand, test.mask, std::move(intervals)});
  return parts;
}

// The condition as alternatives of such parts.
std::vector<ResolvedCondition> parts_of(const ResolvedCondition& condition) {
  using Kind = ResolvedCondition::Kind;
  if (condition.kind == Kind::any) return {condition};
  std::vector<ResolvedCondition> result{condition.kind == Kind::all ? ResolvedCondition{Kind::all, {}, {}} : condition};
  auto multiply = [&](const ResolvedCondition& operand, auto add) {
    const std::vector<ResolvedTest> parts =
        operand.kind == Kind::test ? parts_of(operand.test) : std::vector<ResolvedTest>{};
    const bool is_divided = parts.size() > 1 && parts.size() * result.size() <= kMaxParts;
    std::vector<ResolvedCondition> next;
    for (const ResolvedCondition& one : result)
      for (size_t part = 0; part < (is_divided ? parts.size() : 1); ++part)
        next.push_back(add(one, is_divided ? ResolvedCondition{Kind::test, parts[part], {}} : operand));
    result = std::move(next);
  };
  if (condition.kind == Kind::test) {
    multiply(condition, [](const ResolvedCondition&, const ResolvedCondition& part) { return part; });
    return result;
  }
  for (const ResolvedCondition& operand : condition.operands)
    multiply(operand, [](ResolvedCondition all, const ResolvedCondition& part) {
      all.operands.push_back(part);
      return all;
    });
  return result;
}

// Alternatives with one answer are links of their own.
std::vector<Link> links_of(const Segment& segment, Comparisons comparisons, std::deque<ResolvedCondition>& divided) {
  std::vector<Link> links;
  for (const Clause& clause : segment.clauses) {
    CORDON_ASSERT(!clause.condition.is_always() || &clause == &segment.clauses.back(), "only the last is always");
    if (clause.condition.is_always()) continue;
    const uint64_t answer = policy::to_ret(clause.action);
    const bool is_any = clause.condition.kind == ResolvedCondition::Kind::any;
    const std::span<const ResolvedCondition> alternatives =
        is_any ? std::span(clause.condition.operands) : std::span(&clause.condition, 1);
    for (const ResolvedCondition& alternative : alternatives) {
      std::vector<ResolvedCondition> parts;
      if (comparisons == Comparisons::divided) parts = parts_of(alternative);
      if (parts.size() <= 1) {
        links.push_back({&alternative, answer, 0});
        continue;
      }
      for (ResolvedCondition& part : parts) {
        divided.push_back(std::move(part));
        links.push_back({&divided.back(), answer, 0});
      }
    }
  }
  return links;
}

bool is_hard(const std::vector<Link>& links) {
  if (links.size() < kLongChain) return false;
  uint32_t together = 0;
  size_t joint = 0;  // links that ask several arguments
  for (const Link& link : links) {
    const uint32_t operands = operands_of(*link.condition);
    together |= operands;
    if (std::popcount(operands) > 1) ++joint;
  }
  return std::popcount(together) > 1 && joint >= kLongChain / 2;
}

bool same_clauses(const Segment& a, const Segment& b) {
  if (a.clauses.size() != b.clauses.size()) return false;
  for (size_t i = 0; i < a.clauses.size(); ++i)
    if (a.clauses[i].action != b.clauses[i].action || !(a.clauses[i].condition == b.clauses[i].condition)) return false;
  return true;
}

}  // namespace

Chains::Chains(const ResolvedPolicy& policy, Comparisons comparisons) {
  size_t link_count = 0;
  for (const ArchTable& table : policy.arches)
    for (const Segment& segment : table.segments) {
      if (segment.clauses.size() < 2) continue;
      std::vector<Link> links = links_of(segment, comparisons, divided_);
      size_t weight = 0;
      for (const Link& link : links) weight += weight_of(*link.condition);
      if (!is_hard(links) || link_count + links.size() > kMaxLinks || weight > kMaxWeight) continue;
      uint32_t number = 0;
      while (number < chains_.size() &&
             (chains_[number].table->endian != table.endian || !same_clauses(*chains_[number].segment, segment)))
        ++number;
      of_[&segment] = number;
      if (number < chains_.size()) continue;
      link_count += links.size();
      chains_.push_back({&table, &segment, std::move(links), policy::to_ret(segment.clauses.back().action), weight});
    }
}

std::optional<uint32_t> Chains::of(const Segment& segment) const {
  const auto found = of_.find(&segment);
  return found == of_.end() ? std::nullopt : std::optional(found->second);
}

void Chains::encode(diagram::Manager& manager) {
  for (Chain& chain : chains_)
    for (Link& link : chain.links) link.holds = encode_condition(manager, *link.condition, chain.table->endian);
}

uint32_t Chains::number_of(Subset subset) {
  const auto [found, is_new] = numbers_.try_emplace(std::move(subset), static_cast<uint32_t>(subsets_.size()));
  if (is_new) subsets_.push_back(&found->first);
  return found->second;
}

uint32_t Chains::whole(uint32_t chain) { return number_of({chain, LinkSet::all(chains_[chain].links.size())}); }

std::optional<uint32_t> Chains::number_in(uint64_t leaf) {
  if ((leaf & 0xf0000000) != kMark || leaf > UINT32_MAX) return std::nullopt;
  return static_cast<uint32_t>(leaf & 0x0fffffff);
}

}  // namespace cordon::prove
