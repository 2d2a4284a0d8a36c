#include "cordon/compile/shares.h"

#include <algorithm>

#include "cordon/policy/condition_algebra.h"
#include "cordon/policy/intervals.h"
#include "cordon/policy/table_builder.h"

namespace cordon::compiler {
namespace {

using Kind = ResolvedCondition::Kind;

Clause leave(ResolvedCondition condition) { return {std::move(condition), {ActionKind::allow, 0}, kLeftToAnother}; }

// One operand under one mask, and where its tests say something new.
struct Column {
  uint8_t operand = 0;
  uint64_t mask = 0;
  std::vector<uint64_t> borders;
};

Column& column_of(std::vector<Column>& columns, const ResolvedTest& test) {
  for (Column& column : columns)
    if (column.operand == test.operand && column.mask == test.mask) return column;
  return columns.emplace_back(Column{test.operand, test.mask, {}});
}

void add_borders(const ResolvedCondition& condition, std::vector<Column>& columns) {
  for (const ResolvedCondition& operand : condition.operands) add_borders(operand, columns);
  if (condition.kind != Kind::test) return;
  Column& column = column_of(columns, condition.test);
  for (const Interval& interval : condition.test.allowed) {
    if (interval.first != 0) column.borders.push_back(interval.first);
    const auto next = interval.last < column.mask ? policy::next_under_mask(interval.last + 1, column.mask)
                                                  : std::optional<uint64_t>();
    if (next) column.borders.push_back(*next);
  }
}

std::vector<Column> columns_of(const std::vector<Clause>& clauses) {
  std::vector<Column> columns;
  for (const Clause& clause : clauses) add_borders(clause.condition, columns);
  for (Column& column : columns) {
    std::sort(column.borders.begin(), column.borders.end());
    column.borders.erase(std::unique(column.borders.begin(), column.borders.end()), column.borders.end());
  }
  return columns;
}

size_t count_intervals(const ResolvedCondition& condition) {
  size_t count = condition.test.allowed.size();
  for (const ResolvedCondition& operand : condition.operands) count += count_intervals(operand);
  return count;
}

// What the condition says where the region's test holds.
ResolvedCondition within(const ResolvedCondition& condition, const ResolvedTest& region) {
  if (condition.kind == Kind::test) {
    const ResolvedTest& test = condition.test;
    if (test.operand != region.operand || test.mask != region.mask) return condition;
    std::vector<Interval> both = policy::intersection(test.allowed, region.allowed, test.mask);
    if (both == region.allowed) return policy::always();
    return policy::make_test(test.operand, test.mask, std::move(both));
  }
  std::vector<ResolvedCondition> operands;
  for (const ResolvedCondition& operand : condition.operands) operands.push_back(within(operand, region));
  return condition.kind == Kind::all ? policy::all_of(std::move(operands)) : policy::any_of(std::move(operands));
}

Share share_within(const Share& share, const ResolvedTest& region) {
  Share result{share.arch, share.first, share.last, {}};
  result.clauses.push_back(
      leave(policy::make_test(region.operand, region.mask, policy::complement(region.allowed, region.mask))));
  for (const Clause& clause : share.clauses) {
    Clause inside{within(clause.condition, region), clause.action, clause.origin};
    if (inside.condition.is_never()) continue;
    const bool is_last = inside.condition.is_always();
    result.clauses.push_back(std::move(inside));
    if (is_last) break;
  }
  return result;
}

}  // namespace

std::vector<Share> shares_of(const ResolvedPolicy& policy) {
  std::vector<Share> shares;
  for (size_t arch = 0; arch < policy.arches.size(); ++arch)
    for (const Segment& segment : policy.arches[arch].segments)
      shares.push_back({arch, segment.first, segment.last, segment.clauses});
  return shares;
}

ResolvedPolicy part_of(const ResolvedPolicy& policy, std::vector<Share> shares, Rest rest) {
  std::sort(shares.begin(), shares.end(),
            [](const Share& a, const Share& b) { return a.arch != b.arch ? a.arch < b.arch : a.first < b.first; });
  const bool is_rest = rest == Rest::as_policy;
  ResolvedPolicy part{
      {}, is_rest ? policy.bad_arch : Action{ActionKind::allow, 0}, is_rest ? policy.bad_arch_origin : kLeftToAnother};
  size_t at = 0;
  for (size_t arch = 0; arch < policy.arches.size(); ++arch) {
    const ArchTable& whole = policy.arches[arch];
    ArchTable table{whole.audit_arch, whole.endian, whole.word_bits, {}};
    uint64_t next = 0;
    auto leave_up_to = [&](uint64_t end) {
      if (next < end)
        policy::append_segment(table.segments, {static_cast<uint32_t>(next), static_cast<uint32_t>(end - 1)},
                               {leave(policy::always())});
    };
    const size_t begin = at;
    for (; at < shares.size() && shares[at].arch == arch; ++at) {
      leave_up_to(shares[at].first);
      policy::append_segment(table.segments, {shares[at].first, shares[at].last}, std::move(shares[at].clauses));
      next = uint64_t{shares[at].last} + 1;
    }
    leave_up_to(uint64_t{UINT32_MAX} + 1);
    if (at > begin || is_rest) part.arches.push_back(std::move(table));
  }
  return part;
}

size_t size_of(const Share& share) {
  size_t size = 0;
  for (const Clause& clause : share.clauses) size += 1 + count_intervals(clause.condition);
  return size;
}

std::optional<std::pair<Share, Share>> cut(const Share& share) {
  const std::vector<Column> columns = columns_of(share.clauses);
  const auto most = std::max_element(columns.begin(), columns.end(), [](const Column& a, const Column& b) {
    return a.borders.size() < b.borders.size();
  });
  if (most == columns.end() || most->borders.empty()) return std::nullopt;
  const uint64_t middle = most->borders[most->borders.size() / 2];
  const std::vector<Interval> below{{0, policy::previous_under_mask(middle - 1, most->mask)}};
  const std::vector<Interval> above{{middle, most->mask}};
  Share low = share_within(share, {most->operand, most->mask, below});
  Share high = share_within(share, {most->operand, most->mask, above});
  const size_t size = size_of(share);
  if (size_of(low) >= size || size_of(high) >= size) return std::nullopt;
  return std::pair(std::move(low), std::move(high));
}

}  // namespace cordon::compiler
