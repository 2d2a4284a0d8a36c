#include "cordon/prove/parts.h"

#include <gtest/gtest.h>

namespace cordon::prove {
namespace {

constexpr Action kAllow{ActionKind::allow, 0}, kEperm{ActionKind::errno_, 1}, kEacces{ActionKind::errno_, 13};
constexpr Action kKill{ActionKind::kill_process, 0};
constexpr uint32_t kX86 = 0xc000003e, kI386 = 0x40000003;

Clause always(Action action) { return {{}, action, {}}; }
Clause where(uint64_t value, Action action) {
  ResolvedCondition condition;
  condition.kind = ResolvedCondition::Kind::test;
  condition.test = {0, UINT64_MAX, {{value, value}}};
  return {condition, action, {Origin::Kind::rule, 7, 0}};
}

using Clauses = std::vector<Clause>;

// Numbers 0..9, 10..19 and all others.
ArchTable table(uint32_t audit_arch, Clauses few, Clauses more, Clauses rest) {
  return {audit_arch, Endian::little, 64, {{0, 9, few}, {10, 19, more}, {20, UINT32_MAX, rest}}};
}

const Clauses kFew{where(1, kAllow), always(kEperm)}, kMore{where(2, kEacces), always(kAllow)}, kRest{always(kEperm)};
const Clauses kLeft{always(kAllow)};

ResolvedPolicy whole() { return {{table(kI386, kFew, kRest, kRest), table(kX86, kFew, kMore, kRest)}, kKill, {}}; }
ResolvedPolicy part(std::vector<ArchTable> arches, Action bad_arch) { return {std::move(arches), bad_arch, {}}; }

struct Row {
  const char* name;
  std::vector<ResolvedPolicy> parts;
  bool is_made;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

const ArchTable kI386Whole = table(kI386, kFew, kRest, kRest);

const Row kRows[] = {
    {"itself", {whole()}, true},
    {"itself_twice", {whole(), whole()}, true},
    {"calls_by_number",
     {part({table(kX86, kFew, kLeft, kLeft)}, kAllow), part({kI386Whole, table(kX86, kLeft, kMore, kRest)}, kKill)},
     true},
    {"other_borders",
     {part({{kX86, Endian::little, 64, {{0, 4, kFew}, {5, UINT32_MAX, kLeft}}}}, kAllow),
      part({kI386Whole,
            {kX86, Endian::little, 64, {{0, 4, kLeft}, {5, 9, kFew}, {10, 19, kMore}, {20, UINT32_MAX, kRest}}}},
           kKill)},
     true},
    {"a_number_that_nobody_decides",
     {part({table(kX86, kFew, kLeft, kLeft)}, kAllow), part({kI386Whole, table(kX86, kLeft, kLeft, kRest)}, kKill)},
     false},
    {"a_number_decided_another_way",
     {part({table(kX86, kFew, kLeft, kMore)}, kAllow), part({kI386Whole, table(kX86, kLeft, kMore, kRest)}, kKill)},
     false},
    {"an_architecture_that_nobody_decides", {part({table(kX86, kFew, kMore, kRest)}, kAllow), part({}, kAllow)}, false},
    {"an_architecture_refused_by_the_one_that_leaves_it_out",
     {part({table(kX86, kFew, kMore, kRest)}, kKill), part({kI386Whole, table(kX86, kLeft, kLeft, kLeft)}, kKill)},
     false},
    {"foreign_architectures_that_nobody_refuses", {part({kI386Whole, table(kX86, kFew, kMore, kRest)}, kAllow)}, false},
    {"an_architecture_of_its_own", {part({table(0x28, kLeft, kLeft, kLeft)}, kAllow), whole()}, false},
    {"nothing", {}, false},
};

class Parts : public testing::TestWithParam<Row> {};

TEST_P(Parts, are_a_policy_where_each_number_is_decided_as_by_it) {
  EXPECT_EQ(is_made_of(whole(), GetParam().parts), GetParam().is_made);
}

INSTANTIATE_TEST_SUITE_P(Rows, Parts, testing::ValuesIn(kRows),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace cordon::prove
