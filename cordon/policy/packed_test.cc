#include "cordon/policy/packed.h"

#include <gtest/gtest.h>

#include <limits>

namespace cordon::policy {
namespace {

constexpr ResolvedCondition test(uint8_t operand, uint64_t mask, std::vector<Interval> allowed) {
  ResolvedCondition condition;
  condition.kind = ResolvedCondition::Kind::test;
  condition.test = {operand, mask, std::move(allowed)};
  return condition;
}

constexpr ResolvedCondition join(ResolvedCondition::Kind kind, std::vector<ResolvedCondition> operands) {
  ResolvedCondition condition;
  condition.kind = kind;
  condition.operands = std::move(operands);
  return condition;
}

constexpr void add(ArchTable& table, uint32_t first, uint32_t last, ResolvedCondition condition, Action action,
                   Origin origin) {
  Segment& segment = table.segments.emplace_back();
  segment.first = first;
  segment.last = last;
  segment.clauses.resize(2);
  segment.clauses.front() = {std::move(condition), action, origin};
  segment.clauses.back().action = {ActionKind::errno_, 4095};
}

// The least and the greatest value of each field.
constexpr ResolvedPolicy with_extremes() {
  using Kind = ResolvedCondition::Kind;
  ResolvedPolicy policy;
  policy.bad_arch = {ActionKind::trap, 0xffff};
  policy.bad_arch_origin = {Origin::Kind::multiplexed, UINT32_MAX, UINT32_MAX};
  policy.arches.resize(2);
  ArchTable& little = policy.arches.front();
  little = {0, Endian::little, 32, {}};
  add(little, 0, 0, test(0, 1, {{0, 0}}), {ActionKind::kill_process, 0}, {Origin::Kind::rule, 0, 0});
  ArchTable& big = policy.arches.back();
  big = {UINT32_MAX, Endian::big, 64, {}};
  add(big, 0, 0x3fffffff, test(6, UINT64_MAX, {{0, 0}, {5, 0x100000000}, {UINT64_MAX, UINT64_MAX}}),
      {ActionKind::allow, 0}, {Origin::Kind::rule, UINT32_MAX, 0});
  std::vector<ResolvedCondition> inner, outer;
  inner.push_back(test(3, 0xff00000000, {{0x100000000, 0x200000000}}));
  inner.push_back(test(4, 0xf, {{1, 1}}));
  outer.push_back(join(Kind::all, std::move(inner)));
  outer.push_back(test(5, 0xf0, {{0x10, 0x20}}));
  add(big, 0x40000000, UINT32_MAX, join(Kind::any, std::move(outer)), {ActionKind::trace, 1},
      {Origin::Kind::unknown, 0, UINT32_MAX});
  return policy;
}

constexpr bool are_equal(const ResolvedPolicy& a, const ResolvedPolicy& b) {
  auto equal_segments = [](const Segment& one, const Segment& other) {
    return one.first == other.first && one.last == other.last && one.clauses == other.clauses;
  };
  auto equal_tables = [&](const ArchTable& one, const ArchTable& other) {
    return one.audit_arch == other.audit_arch && one.endian == other.endian && one.word_bits == other.word_bits &&
           std::equal(one.segments.begin(), one.segments.end(), other.segments.begin(), other.segments.end(),
                      equal_segments);
  };
  return a.bad_arch == b.bad_arch && a.bad_arch_origin == b.bad_arch_origin &&
         std::equal(a.arches.begin(), a.arches.end(), b.arches.begin(), b.arches.end(), equal_tables);
}

TEST(Packed, is_the_policy_again_when_unpacked) {
  const Packed packed = pack(with_extremes());
  ASSERT_TRUE(packed.is_complete());
  EXPECT_TRUE(are_equal(unpack(packed), with_extremes()));
  EXPECT_TRUE(are_equal(unpack(pack({})), {}));
}

TEST(Packed, is_read_in_another_constant_expression) {
  static constexpr Packed kPacked = pack(with_extremes());
  static_assert(unpack(kPacked).arches.size() == 2);
  EXPECT_TRUE(are_equal(unpack(kPacked), with_extremes()));
}

TEST(Packed, tells_what_finds_no_place) {
  ResolvedPolicy policy;
  ArchTable& table = policy.arches.emplace_back();
  const size_t words = pack(policy).count;
  Segment& segment = table.segments.emplace_back();
  Clause clause;
  segment.clauses.push_back(clause);
  const size_t with_a_clause = pack(policy).count;
  segment.clauses.push_back(clause);
  const size_t per_clause = pack(policy).count - with_a_clause;
  const size_t fitting = (Packed::kMaxWords - words - (with_a_clause - words - per_clause)) / per_clause;
  segment.clauses.resize(fitting);
  EXPECT_TRUE(pack(policy).is_complete());
  EXPECT_EQ(unpack(pack(policy)).arches.front().segments.front().clauses.size(), fitting);
  segment.clauses.resize(fitting + 1);
  EXPECT_FALSE(pack(policy).is_complete());
}

}  // namespace
}  // namespace cordon::policy
