#include "cordon/compile/weights.h"

#include <gtest/gtest.h>

#include "cordon/bpf/simulate.h"
#include "cordon/compile/compile.h"

namespace cordon::compiler {
namespace {

constexpr Action kAllow{ActionKind::allow, 0}, kErrno{ActionKind::errno_, 1};
constexpr uint32_t kX86_64 = 0xc000003e, kI386 = 0x40000003;

Clause always(Action action) { return {{}, action, {Origin::Kind::default_action, 0, 0}}; }

Clause if_first_is(uint64_t value, Action action) {
  Clause clause = always(action);
  clause.condition.kind = ResolvedCondition::Kind::test;
  clause.condition.test = {0, UINT64_MAX, {{value, value}}};
  return clause;
}

// Up to 300 each tenth number has an errno of its own, 5 depends on an argument; what is above is denied.
ResolvedPolicy policy() {
  ArchTable table{kX86_64, Endian::little, 64, {}};
  for (uint32_t nr = 0; nr < 300; ++nr) {
    Segment segment{nr, nr, {always(nr % 10 == 3 ? Action{ActionKind::errno_, static_cast<uint16_t>(nr)} : kAllow)}};
    if (nr == 5) segment.clauses = {if_first_is(7, kAllow), always(kErrno)};
    table.segments.push_back(std::move(segment));
  }
  table.segments.push_back({300, UINT32_MAX, {always(kErrno)}});
  return {{table}, kErrno};
}

TEST(Weights, AreInProportionToTheMostFrequentCallForWhichTheFilterRuns) {
  const CallCount counts[] = {{kX86_64, 0, 1'000'000}, {kX86_64, 5, 400}, {kX86_64, 13, 1},  {kX86_64, 23, 100},
                              {kX86_64, 23, 100},      {kX86_64, 33, 0},  {kX86_64, 999, 4}, {kI386, 13, 1'000'000}};
  EXPECT_EQ(weights_of(policy(), counts),
            (std::vector<NumberWeight>{{5, kX86_64, 100}, {13, kX86_64, 1}, {23, kX86_64, 50}, {999, kX86_64, 1}}));
}

TEST(Weights, AreThoseOfAllCallsWhereTheKernelHasNoBitmap) {
  constexpr uint32_t kX32 = 0x40000000, kMips = 0x40000008;
  ArchTable x86{kX86_64, Endian::little, 64, {{0, UINT32_MAX, {always(kAllow)}}}};
  ArchTable mips{kMips, Endian::big, 32, {{0, UINT32_MAX, {always(kAllow)}}}};
  const CallCount counts[] = {{kX86_64, 3, 7}, {kX86_64, kX32 + 3, 10}, {kMips, 4003, 5}};
  EXPECT_EQ(weights_of({{mips, x86}, kErrno}, counts),
            (std::vector<NumberWeight>{{4003, kMips, 50}, {kX32 + 3, kX86_64, 100}}));
}

TEST(Weights, OfCountsThatAreTooLargeDoNotOverflow) {
  const CallCount counts[] = {{kX86_64, 5, UINT64_MAX}, {kX86_64, 5, UINT64_MAX}, {kX86_64, 13, UINT64_MAX / 200}};
  EXPECT_EQ(weights_of(policy(), counts), (std::vector<NumberWeight>{{5, kX86_64, 100}, {13, kX86_64, 50}}));
}

uint32_t steps_of(const Filter& filter, uint32_t nr) {
  return bpf::simulate(filter.program, {nr, kX86_64, 0, {}}, Endian::little).steps;
}

TEST(Weights, BringACallNearerAndLeaveTheMeaning) {
  const ResolvedPolicy resolved = policy();
  const Result<Filter> plain = compile(resolved, {});
  ASSERT_TRUE(plain);
  unsigned nearer = 0;
  for (uint32_t nr = 3; nr < 300; nr += 10) {
    const CallCount count{kX86_64, nr, 1};
    CompileOptions options;
    options.weights = weights_of(resolved, std::span(&count, 1));
    const Result<Filter> weighted = compile(resolved, options);
    ASSERT_TRUE(weighted);
    EXPECT_LE(steps_of(*weighted, nr), steps_of(*plain, nr)) << nr;
    nearer += steps_of(*weighted, nr) < steps_of(*plain, nr) ? 1 : 0;
    for (uint32_t any = 0; any < 320; ++any) {
      const bpf::Input input{any, kX86_64, 0, {7}};
      EXPECT_EQ(bpf::simulate(weighted->program, input, Endian::little).ret,
                bpf::simulate(plain->program, input, Endian::little).ret)
          << nr << " " << any;
    }
  }
  EXPECT_GE(nearer, 15u);
}

}  // namespace
}  // namespace cordon::compiler
