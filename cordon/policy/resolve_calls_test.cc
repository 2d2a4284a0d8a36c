// Which calls get what: order, targets, ABIs, unknown calls, multiplexed calls, dead rules.
#include <gtest/gtest.h>

#include "cordon/abi/syscalls.h"
#include "cordon/policy/evaluate.h"
#include "cordon/policy/resolve.h"
#include "cordon/policy/testing.h"

namespace cordon::policy {

using namespace testing;  // NOLINT: builders only

namespace {

constexpr uint32_t kX32Bit = abi::kX32Bit;

ResolvedPolicy resolved(const Policy& policy) {
  Result<ResolvedPolicy> result = resolve(policy, {});
  EXPECT_TRUE(result) << codes(result.diagnostics());
  return result ? *result : ResolvedPolicy{};
}

Decision decide(const Policy& policy, const Call& call) { return evaluate(resolved(policy), call); }
Action answer(const Policy& policy, const Call& call) { return decide(policy, call).action; }
std::string warnings(const Policy& policy) { return codes(resolve(policy, {}).diagnostics()); }
uint32_t nr(std::string_view call, Arch arch) { return abi::number_of(call, arch).value(); }

Policy with(std::vector<Arch> arches, Action default_action, std::vector<Rule> rules) {
  Policy policy = make_policy(std::move(arches), default_action);
  policy.rules = std::move(rules);
  return policy;
}

void expect_partition(const ResolvedPolicy& policy) {
  for (const ArchTable& table : policy.arches) {
    uint64_t next = 0;
    for (const Segment& segment : table.segments) {
      EXPECT_EQ(segment.first, next);
      ASSERT_FALSE(segment.clauses.empty());
      EXPECT_TRUE(segment.clauses.back().condition.is_always());
      next = uint64_t{segment.last} + 1;
    }
    EXPECT_EQ(next, uint64_t{1} << 32);
  }
}

TEST(FirstMatchTest, TheFirstRuleThatMatchesDecides) {
  Policy policy = with(
      {Arch::x86_64}, kKill,
      {on("openat", kAllow, test("flags", CompareOp::eq, {number(0)}, name("O_ACCMODE"))), on("openat", failing(22))});
  EXPECT_EQ(answer(policy, call_of(Arch::x86_64, 257, {0, 0, 0})), kAllow);
  EXPECT_EQ(answer(policy, call_of(Arch::x86_64, 257, {0, 0, 1})), failing(22));
  EXPECT_EQ(decide(policy, call_of(Arch::x86_64, 257, {0, 0, 1})).origin, (Origin{Origin::Kind::rule, 1, 0}));
  EXPECT_EQ(decide(policy, call_of(Arch::x86_64, 0)).origin.kind, Origin::Kind::default_action);
  EXPECT_EQ(warnings(policy), "");
  expect_partition(resolved(policy));
}

TEST(FirstMatchTest, AGroupIsOneRuleAndSkipsWhatAnAbiLacks) {
  Policy policy = with({Arch::x86_64}, kKill, {on_group("startup", kAllow)});
  EXPECT_EQ(answer(policy, call_of(Arch::x86_64, nr("execve", Arch::x86_64))), kAllow);
  EXPECT_EQ(decide(policy, call_of(Arch::x86_64, nr("mmap", Arch::x86_64))).origin.rule, 0u);
  EXPECT_EQ(warnings(policy), "");
}

TEST(FirstMatchTest, NumbersAndRangesAndEvery) {
  Policy policy = with(
      {Arch::x86_64}, kKill,
      {on_numbers(451, 451, kAllow), on_numbers(1000, UINT32_MAX, failing(38)), on_every(kLog, equals("arg0", 7))});
  EXPECT_EQ(answer(policy, call_of(Arch::x86_64, 451)), kAllow);
  EXPECT_EQ(answer(policy, call_of(Arch::x86_64, 999)), kKill);
  EXPECT_EQ(answer(policy, call_of(Arch::x86_64, 1000)), failing(38));
  EXPECT_EQ(answer(policy, call_of(Arch::x86_64, UINT32_MAX)), failing(38));
  EXPECT_EQ(answer(policy, call_of(Arch::x86_64, 0, {7})), kLog);
  // read's descriptor has 32 bits, lookups in a hole compare the whole register
  EXPECT_EQ(answer(policy, call_of(Arch::x86_64, 0, {0x7700000000000007})), kLog);
  EXPECT_EQ(answer(policy, call_of(Arch::x86_64, 999, {0x7700000000000007})), kKill);
  expect_partition(resolved(policy));
}

TEST(FirstMatchTest, ATargetsArchLimitsTheRule) {
  Policy policy = with({Arch::x86_64, Arch::i386}, kKill, {on_arch("read", Arch::i386, kAllow)});
  EXPECT_EQ(answer(policy, call_of(Arch::i386, 3)), kAllow);
  EXPECT_EQ(answer(policy, call_of(Arch::x86_64, 0)), kKill);
  EXPECT_EQ(answer(policy, call_of(Arch::x86_64, 3)), kKill);
}

TEST(FirstMatchTest, ANameOfAnotherAbiIsFine) {
  EXPECT_EQ(warnings(with({Arch::x86_64}, kKill, {on("mmap2", kAllow)})), "absent-call");
  EXPECT_FALSE(resolve(with({Arch::x86_64}, kKill, {on("mmap2", kAllow)}), {}).diagnostics().has_findings());
}

TEST(FirstMatchTest, ANameOfAnotherAbiIsAWarningInMinijailsFormat) {
  Policy policy = with({Arch::x86_64}, kKill, {on("mmap2", kAllow)});
  policy.format = PolicyFormat::minijail;
  EXPECT_TRUE(resolve(policy, {}).diagnostics().has_findings());
  policy.format = PolicyFormat::oci;
  EXPECT_EQ(warnings(policy), "");
}

TEST(FirstMatchTest, ErrnoNamesAreTheTargetsAbi) {
  Policy policy = with({Arch::x86_64, Arch::mips}, kKill, {on("read", failing(38))});
  policy.rules[0].errno_name = "ENOSYS";
  EXPECT_EQ(answer(policy, call_of(Arch::x86_64, 0)), failing(38));
  EXPECT_EQ(answer(policy, call_of(Arch::mips, nr("read", Arch::mips))), failing(89));
}

TEST(FirstMatchTest, ErrnoZeroWarns) {
  EXPECT_EQ(warnings(with({Arch::x86_64}, kKill, {on("read", failing(0))})), "errno-zero");
}

// ---- ABIs ----------------------------------------------------------------------------------------------

struct NumberRow {
  const char* name;
  std::vector<Arch> arches;
  uint32_t number;
  Origin::Kind decided_by;
};

void PrintTo(const NumberRow& row, std::ostream* out) { *out << row.name; }

class X32Test : public ::testing::TestWithParam<NumberRow> {};

TEST_P(X32Test, NumbersBelongToOneAbi) {
  Policy policy = with(GetParam().arches, kKill, {on("read", kAllow)});
  policy.bad_arch.action = failing(1);
  EXPECT_EQ(decide(policy, call_of(Arch::x86_64, GetParam().number)).origin.kind, GetParam().decided_by);
  expect_partition(resolved(policy));
  EXPECT_EQ(resolved(policy).arches.size(), 1u);
}

using Kind = Origin::Kind;
INSTANTIATE_TEST_SUITE_P(
    Rows, X32Test,
    ::testing::Values(NumberRow{"x86_64_number", {Arch::x86_64}, 0, Kind::rule},
                      NumberRow{"x86_64_last", {Arch::x86_64}, kX32Bit - 1, Kind::default_action},
                      NumberRow{"x32_off", {Arch::x86_64}, kX32Bit, Kind::bad_arch},
                      NumberRow{"x32_off_to_the_end", {Arch::x86_64}, UINT32_MAX - 1, Kind::bad_arch},
                      NumberRow{"minus_one", {Arch::x86_64}, UINT32_MAX, Kind::default_action},
                      NumberRow{"x32_on", {Arch::x86_64, Arch::x32}, kX32Bit, Kind::rule},
                      NumberRow{"x32_on_in_any_order", {Arch::x32, Arch::x86_64}, kX32Bit, Kind::rule},
                      NumberRow{"x32_on_and_x86_64", {Arch::x86_64, Arch::x32}, 0, Kind::rule},
                      NumberRow{"x32_on_minus_one", {Arch::x86_64, Arch::x32}, UINT32_MAX, Kind::default_action},
                      NumberRow{"x32_alone", {Arch::x32}, kX32Bit, Kind::rule},
                      NumberRow{"x32_alone_without_x86_64", {Arch::x32}, 0, Kind::bad_arch},
                      NumberRow{"x32_alone_minus_one", {Arch::x32}, UINT32_MAX, Kind::default_action}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(ArchTest, RulesForEveryNumberDoNotOpenAnotherAbi) {
  Policy policy = with({Arch::x86_64}, kKill, {on_every(kAllow)});
  EXPECT_EQ(answer(policy, call_of(Arch::x86_64, kX32Bit + 1)), kKill);
  EXPECT_EQ(answer(policy, call_of(Arch::x86_64, UINT32_MAX)), kAllow);
  EXPECT_EQ(warnings(with({Arch::x86_64}, kKill, {on_numbers(kX32Bit, kX32Bit + 9, kAllow)})), "numbers-of-other-abi");
  Diagnostics small = resolve(with({Arch::x32}, kKill, {on_numbers(0, 9, kAllow)}), {}).diagnostics();
  ASSERT_EQ(codes(small), "numbers-of-other-abi");
  EXPECT_EQ(small.begin()->hint, "add x86_64 to the 'arch' line");
}

TEST(ArchTest, AnArchThatIsNotListedGetsBadarch) {
  Policy policy = with({Arch::x86_64}, kAllow, {});
  policy.bad_arch.action = failing(13);
  EXPECT_EQ(decide(policy, call_of(Arch::i386, 1)), (Decision{failing(13), {Origin::Kind::bad_arch, 0, 0}}));
}

TEST(ArchTest, NoArchMeansTheNativeOne) {
  ResolvedPolicy policy = resolved(with({}, kAllow, {}));
  ASSERT_EQ(policy.arches.size(), 1u);
  EXPECT_EQ(policy.arches[0].audit_arch, abi::info(abi::native_arch()).audit_arch);
}

// ---- unknown and since -----------------------------------------------------------------------------------

Policy since_6_1(std::vector<Arch> arches, std::vector<Rule> rules) {
  Policy policy = with(std::move(arches), kKill, std::move(rules));
  policy.since = KernelVersion{6, 1};
  return policy;
}

TEST(UnknownTest, CallsNewerThanSinceAreUnknown) {
  Policy policy = since_6_1({Arch::x86_64}, {on("read", kAllow)});
  uint32_t newer = nr("fchmodat2", Arch::x86_64);
  EXPECT_EQ(decide(policy, call_of(Arch::x86_64, newer)), (Decision{failing(38), {Origin::Kind::unknown, 0, 0}}));
  EXPECT_EQ(answer(policy, call_of(Arch::x86_64, nr("write", Arch::x86_64))), kKill);
  EXPECT_EQ(answer(policy, call_of(Arch::x86_64, 0)), kAllow);
  EXPECT_EQ(answer(policy, call_of(Arch::x86_64, abi::table_end(Arch::x86_64))), failing(38));
  EXPECT_EQ(answer(policy, call_of(Arch::x86_64, kX32Bit - 1)), failing(38));
  expect_partition(resolved(policy));
}

TEST(UnknownTest, HolesAndMinusOneAndForeignNumbersAreNotUnknown) {
  Policy policy = since_6_1({Arch::x86_64}, {});
  EXPECT_EQ(decide(policy, call_of(Arch::x86_64, 400)).origin.kind, Origin::Kind::default_action);
  EXPECT_EQ(decide(policy, call_of(Arch::x86_64, UINT32_MAX)).origin.kind, Origin::Kind::default_action);
  EXPECT_EQ(decide(policy, call_of(Arch::x86_64, kX32Bit + 900)).origin.kind, Origin::Kind::bad_arch);
  EXPECT_EQ(decide(since_6_1({Arch::i386}, {}), call_of(Arch::i386, UINT32_MAX)).origin.kind,
            Origin::Kind::default_action);
}

TEST(UnknownTest, ARuleThatNamesTheCallMakesItKnown) {
  uint32_t newer = nr("fchmodat2", Arch::x86_64);
  EXPECT_EQ(answer(since_6_1({Arch::x86_64}, {on("fchmodat2", kAllow)}), call_of(Arch::x86_64, newer)), kAllow);
  Policy conditional = since_6_1({Arch::x86_64}, {on("fchmodat2", kAllow, equals("arg0", 1))});
  EXPECT_EQ(answer(conditional, call_of(Arch::x86_64, newer, {2})), kKill);
  EXPECT_EQ(answer(since_6_1({Arch::x86_64}, {on_every(kAllow)}), call_of(Arch::x86_64, newer)), kAllow);
}

TEST(UnknownTest, ANumberThatCameLaterToAnAbiIsUnknownThere) {
  Policy policy = with({Arch::x86_64, Arch::i386, Arch::s390x}, kKill, {});
  auto decided_by = [&](KernelVersion since, Arch arch, const char* call) {
    policy.since = since;
    return decide(policy, call_of(arch, nr(call, arch))).origin.kind;
  };
  EXPECT_EQ(decided_by({4, 2}, Arch::i386, "socket"), Kind::unknown);
  EXPECT_EQ(decided_by({4, 2}, Arch::s390x, "socket"), Kind::unknown);
  EXPECT_EQ(decided_by({4, 2}, Arch::x86_64, "socket"), Kind::default_action);
  EXPECT_EQ(decided_by({4, 3}, Arch::i386, "socket"), Kind::default_action);
  EXPECT_EQ(decided_by({5, 0}, Arch::i386, "shmget"), Kind::unknown);
  EXPECT_EQ(decided_by({5, 1}, Arch::i386, "shmget"), Kind::default_action);
}

TEST(UnknownTest, TheAnswerCanBeGiven) {
  Policy policy = since_6_1({Arch::x86_64, Arch::mips}, {});
  EXPECT_EQ(answer(policy, call_of(Arch::mips, nr("fchmodat2", Arch::mips))), failing(89));
  policy.unknown = NamedAction{kLog, ""};
  EXPECT_EQ(answer(policy, call_of(Arch::x86_64, nr("fchmodat2", Arch::x86_64))), kLog);
}

TEST(UnknownTest, NothingIsUnknownWithoutSince) {
  EXPECT_EQ(answer(with({Arch::x86_64}, kKill, {}), call_of(Arch::x86_64, 100000)), kKill);
}

// ---- multiplexed calls and hidden arguments --------------------------------------------------------------

Call socketcall(uint32_t which, uint64_t upper = 0) {
  return call_of(Arch::i386, nr("socketcall", Arch::i386), {upper << 32 | which, 0x1000});
}
Call ipc(uint32_t which) { return call_of(Arch::i386, nr("ipc", Arch::i386), {which}); }

TEST(MultiplexTest, ARuleHoldsOnEveryWayIntoTheCall) {
  Policy policy = with({Arch::i386}, kKill, {on("socket", kAllow), on("shmat", kAllow)});
  EXPECT_EQ(answer(policy, call_of(Arch::i386, nr("socket", Arch::i386))), kAllow);
  EXPECT_EQ(answer(policy, socketcall(1)), kAllow);
  EXPECT_EQ(answer(policy, socketcall(1, 0x77)), kAllow);
  EXPECT_EQ(answer(policy, socketcall(2)), kKill);
  EXPECT_EQ(answer(policy, ipc(21)), kAllow);
  EXPECT_EQ(answer(policy, ipc(0x10000 | 21)), kAllow);
  EXPECT_EQ(answer(policy, ipc(22)), kKill);
  EXPECT_EQ(warnings(policy), "");
  expect_partition(resolved(policy));
}

TEST(MultiplexTest, ACallWithoutANumberIsReachedThroughTheMultiplexer) {
  Policy policy = with({Arch::i386}, kKill, {on("accept", kAllow)});
  EXPECT_EQ(answer(policy, socketcall(5)), kAllow);
  EXPECT_EQ(warnings(policy), "");
}

TEST(MultiplexTest, AHiddenArgumentThatCouldDenyDenies) {
  Policy policy = with({Arch::i386}, kAllow, {on("socket", failing(1), equals("family", 38))});
  EXPECT_EQ(answer(policy, socketcall(1)), failing(1));
  EXPECT_EQ(decide(policy, socketcall(1)).origin, (Origin{Origin::Kind::multiplexed, 0, 0}));
  EXPECT_EQ(answer(policy, socketcall(2)), kAllow);
  EXPECT_EQ(answer(policy, call_of(Arch::i386, nr("socket", Arch::i386), {2})), kAllow);
  EXPECT_EQ(warnings(policy), "multiplexed-stricter");
}

TEST(MultiplexTest, AHiddenArgumentThatMustAllowDoesNot) {
  Policy policy = with({Arch::i386}, kKill, {on("socket", kAllow, equals("family", 1))});
  EXPECT_EQ(answer(policy, socketcall(1)), kKill);
  EXPECT_EQ(answer(policy, call_of(Arch::i386, nr("socket", Arch::i386), {1})), kAllow);
  EXPECT_EQ(warnings(policy), "multiplexed-stricter");
}

TEST(MultiplexTest, BetweenEqualKindsTheEarlierRulesDataIsTaken) {
  Policy policy =
      with({Arch::i386}, kKill, {on("socket", failing(97), equals("family", 38)), on("socket", failing(1))});
  EXPECT_EQ(answer(policy, socketcall(1)), failing(97));
}

TEST(MultiplexTest, OutcomesThatAllHiddenValuesShareAreExact) {
  Policy policy = with(
      {Arch::i386}, kKill,
      {on("socket", kAllow, equals("family", 1)), on("socket", kAllow, test("family", CompareOp::ne, {number(1)}))});
  EXPECT_EQ(answer(policy, socketcall(1)), kAllow);
}

TEST(MultiplexTest, WhatCanBeSeenIsTested) {
  Policy policy =
      with({Arch::i386}, kAllow,
           {on("socket", failing(1), joined(Condition::Kind::all, {equals("ip", 0x1000), equals("family", 38)}))});
  Call call = socketcall(1);
  EXPECT_EQ(answer(policy, call), kAllow);
  call.instruction_pointer = 0x1000;
  EXPECT_EQ(answer(policy, call), failing(1));
}

TEST(MultiplexTest, ARuleOnTheMultiplexerCountsAtItsPlace) {
  Policy first = with({Arch::i386}, kKill, {on("socketcall", kAllow), on("socket", failing(1))});
  EXPECT_EQ(answer(first, socketcall(1)), kAllow);
  Policy second = with({Arch::i386}, kKill, {on("socket", failing(1)), on("socketcall", kAllow)});
  EXPECT_EQ(answer(second, socketcall(1)), failing(1));
  EXPECT_EQ(answer(second, socketcall(2)), kAllow);
  EXPECT_EQ(answer(second, socketcall(99)), kAllow);
  Policy visible = with({Arch::i386}, kKill, {on("socketcall", kAllow, equals("call", 3)), on("connect", failing(1))});
  EXPECT_EQ(answer(visible, socketcall(3)), kAllow);
  Policy between =
      with({Arch::i386}, kKill, {on("socket", failing(1), equals("family", 38)), on("socketcall", kAllow)});
  EXPECT_EQ(answer(between, socketcall(1)), failing(1));
  EXPECT_EQ(answer(between, socketcall(3)), kAllow);
}

TEST(MultiplexTest, GroupsAndEveryNameBothWays) {
  EXPECT_EQ(answer(with({Arch::i386}, kKill, {on_every(kAllow)}), socketcall(1)), kAllow);
  Policy policy = with({Arch::i386}, kAllow, {on_every(failing(1), equals("arg0", 38))});
  EXPECT_EQ(answer(policy, socketcall(1)), failing(1));
  EXPECT_EQ(answer(policy, call_of(Arch::i386, nr("socket", Arch::i386), {2})), kAllow);
}

TEST(MultiplexTest, ARuleOnTheNumberHoldsOnEveryWay) {
  uint32_t number = nr("socket", Arch::i386);
  EXPECT_EQ(answer(with({Arch::i386}, kAllow, {on_numbers(number, number, failing(1))}), socketcall(1)), failing(1));
  EXPECT_EQ(answer(with({Arch::i386}, kAllow, {on_numbers(number, number, failing(1))}), socketcall(2)), kAllow);
  Policy hidden = with({Arch::i386}, kAllow, {on_numbers(number, number, failing(1), equals("arg0", 38))});
  EXPECT_EQ(answer(hidden, socketcall(1)), failing(1));
  EXPECT_EQ(answer(hidden, socketcall(2)), kAllow);
  EXPECT_EQ(warnings(hidden), "multiplexed-stricter");
  Policy range = with({Arch::i386}, kAllow, {on_numbers(0, UINT32_MAX, failing(1), equals("arg0", 38))});
  EXPECT_EQ(answer(range, socketcall(1)), failing(1));
  EXPECT_EQ(answer(range, socketcall(5)), failing(1));  // accept has no number of its own
  Policy other = with({Arch::i386}, kAllow, {on_numbers(0, number - 1, failing(1), equals("arg0", 38))});
  EXPECT_EQ(answer(other, socketcall(1)), kAllow);
  EXPECT_EQ(answer(other, socketcall(5)), kAllow);
}

TEST(MultiplexTest, TheHoleOfOthersIsReproducedOnRequest) {
  Policy policy = with({Arch::i386}, kKill, {on("socket", kAllow, equals("family", 1))});
  policy.allow_unsafe_multiplexed = true;
  EXPECT_EQ(answer(policy, socketcall(1)), kAllow);
  EXPECT_EQ(warnings(policy), "");
}

TEST(MultiplexTest, AnAbiWithoutMultiplexersHasOneWay) {
  Policy policy = with({Arch::x86_64}, kAllow, {on("socket", failing(1), equals("family", 38))});
  EXPECT_EQ(warnings(policy), "");
}

TEST(HiddenArgumentTest, AnArgumentThatAnAbiPassesInMemoryIsHidden) {
  Policy policy = with({Arch::x86_64, Arch::i386}, kAllow,
                       {on("mmap", failing(1), test("prot", CompareOp::ne, {number(0)}, name("PROT_EXEC")))});
  EXPECT_EQ(answer(policy, call_of(Arch::x86_64, 9, {0, 0, 1})), kAllow);
  EXPECT_EQ(answer(policy, call_of(Arch::i386, 90, {0, 0, 1})), failing(1));
  EXPECT_EQ(warnings(policy), "hidden-argument");
}

// ---- dead rules --------------------------------------------------------------------------------------------

struct DeadRow {
  const char* name;
  std::vector<Arch> arches;
  std::vector<Rule> rules;
  const char* codes;
};

void PrintTo(const DeadRow& row, std::ostream* out) { *out << row.name; }

class DeadRuleTest : public ::testing::TestWithParam<DeadRow> {};

TEST_P(DeadRuleTest, IsWhollyCoveredByOneOfItsAction) {
  Policy policy = with(GetParam().arches, kKill, GetParam().rules);
  EXPECT_EQ(warnings(policy), GetParam().codes);
}

std::vector<Rule> one_of_many() {
  std::vector<Rule> rules;
  for (uint64_t cmd = 0; cmd < 200; ++cmd) rules.push_back(on("ioctl", failing(1), equals("cmd", cmd)));
  rules.push_back(on("ioctl", kAllow));
  rules.push_back(on("ioctl", failing(1), equals("cmd", 199)));
  return rules;
}

INSTANTIATE_TEST_SUITE_P(
    Rows, DeadRuleTest,
    ::testing::Values(
        DeadRow{"twice_the_same", {Arch::x86_64}, {on("read", kAllow), on("read", kAllow)}, "dead-rule"},
        DeadRow{
            "narrower_later", {Arch::x86_64}, {on("read", kAllow), on("read", kAllow, equals("fd", 1))}, "dead-rule"},
        DeadRow{
            "narrower_earlier_is_normal", {Arch::x86_64}, {on("read", kLog, equals("fd", 1)), on("read", kAllow)}, ""},
        DeadRow{"one_of_several_covers_with_its_action",
                {Arch::x86_64},
                {on("read", kAllow, equals("fd", 0)), on("read", kLog, test("fd", CompareOp::ne, {number(0)})),
                 on("read", kAllow)},
                "dead-rule"},
        DeadRow{"one_of_many_covers_with_its_action", {Arch::x86_64}, one_of_many(), "dead-rule"},
        DeadRow{"covered_on_one_abi_only",
                {Arch::x86_64, Arch::i386},
                {on_arch("read", Arch::i386, kLog), on("read", kAllow)},
                ""},
        DeadRow{"a_group_that_overlaps_in_part", {Arch::x86_64}, {on("execve", kLog), on_group("startup", kAllow)}, ""},
        DeadRow{"a_member_after_its_group",
                {Arch::x86_64},
                {on_group("startup", kAllow), on("execve", kAllow)},
                "dead-rule"},
        DeadRow{"a_number_after_its_name", {Arch::x86_64}, {on("read", kAllow), on_numbers(0, 0, kAllow)}, "dead-rule"},
        DeadRow{
            "a_range_with_one_number_left", {Arch::x86_64}, {on_numbers(0, 8, kAllow), on_numbers(0, 9, kAllow)}, ""},
        DeadRow{"the_default_said_aloud_is_not_dead", {Arch::x86_64}, {on("read", kKill)}, ""},
        DeadRow{"a_rule_that_never_holds_is_not_also_dead",
                {Arch::x86_64},
                {on("close", kAllow), on("close", kAllow, test("fd", CompareOp::lt, {number(0)}))},
                "never-true"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(DeadRuleTest, OtherFormatsMayContradictThemselves) {
  Policy policy = with({Arch::x86_64}, kKill, {on("read", kAllow), on("read", failing(1))});
  policy.format = PolicyFormat::oci;
  Result<ResolvedPolicy> result = resolve(policy, {});
  ASSERT_TRUE(result);
  EXPECT_EQ(codes(result.warnings()), "contradiction");
}

// ---- stacks --------------------------------------------------------------------------------------------------

TEST(CombineTest, TheStricterAnswerWinsAndTheNewestBetweenEquals) {
  Policy old_policy = with({Arch::x86_64}, kAllow,
                           {on("read", failing(1), equals("fd", 0)), on("write", kLog), on("close", failing(1))});
  Policy new_policy = with({Arch::x86_64}, kAllow,
                           {on("read", kLog, equals("count", 5)), on("write", failing(2)), on("close", failing(2))});
  std::vector<ResolvedPolicy> stack = {resolved(old_policy), resolved(new_policy)};
  ResolvedPolicy both = *combine(stack);
  expect_partition(both);
  for (uint32_t number = 0; number < 5; ++number) {
    for (uint64_t fd : {0, 1}) {
      for (uint64_t count : {5, 6}) {
        Call call = call_of(Arch::x86_64, number, {fd, 0, count});
        Decision older = evaluate(stack[0], call);
        Decision newer = evaluate(stack[1], call);
        EXPECT_EQ(evaluate(both, call).action, stricter(newer.action, older.action)) << number;
        bool older_wins = older.action.kind < newer.action.kind;
        EXPECT_EQ(evaluate(both, call).origin.policy, older_wins ? 0u : 1u) << number;
      }
    }
  }
}

TEST(CombineTest, AnArchThatOnePolicyLacksGetsItsBadarch) {
  Policy one = with({Arch::x86_64}, kAllow, {});
  Policy two = with({Arch::x86_64, Arch::i386}, kAllow, {});
  one.bad_arch.action = failing(1);
  two.bad_arch.action = kLog;
  std::vector<ResolvedPolicy> stack = {resolved(one), resolved(two)};
  ResolvedPolicy both = *combine(stack);
  EXPECT_EQ(evaluate(both, call_of(Arch::i386, 3)), (Decision{failing(1), {Origin::Kind::bad_arch, 0, 0}}));
  EXPECT_EQ(evaluate(both, call_of(Arch::arm64, 3)).action, failing(1));
  EXPECT_EQ(evaluate(both, call_of(Arch::x86_64, 3)).action, kAllow);
}

TEST(CombineTest, TheStricterBadarchKeepsItsOrigin) {
  std::vector<ResolvedPolicy> stack;
  for (Action bad_arch : {kLog, failing(1), kLog}) {
    Policy policy = with({Arch::x86_64}, kAllow, {});
    policy.bad_arch.action = bad_arch;
    stack.push_back(resolved(policy));
  }
  EXPECT_EQ(evaluate(*combine(stack), call_of(Arch::i386, 3)), (Decision{failing(1), {Kind::bad_arch, 0, 1}}));
  // … also where a newer policy lists the audit value
  stack.push_back(resolved(with({Arch::i386}, kAllow, {})));
  EXPECT_EQ(evaluate(*combine(stack), call_of(Arch::i386, 3)), (Decision{failing(1), {Kind::bad_arch, 0, 1}}));
  EXPECT_EQ(evaluate(*combine(stack), call_of(Arch::x86_64, 3)), (Decision{kKill, {Kind::bad_arch, 0, 3}}));
}

TEST(CombineTest, ListsThatMultiplyAreRefused) {
  auto lists = [](const char* name) {
    std::vector<Rule> rules;
    for (uint64_t i = 0; i < 6000; ++i) rules.push_back(on("ioctl", kAllow, equals(name, 2 * i)));
    return resolved(with({Arch::x86_64}, kKill, rules));
  };
  std::vector<ResolvedPolicy> stack = {lists("fd"), lists("cmd")};
  Result<ResolvedPolicy> both = combine(stack);
  ASSERT_FALSE(both);
  EXPECT_EQ(codes(both.error()), "stack-too-large");
}

TEST(CombineTest, ListsOfConstantsDoNotMultiply) {
  std::vector<Rule> rules;
  for (uint64_t cmd = 0; cmd < 50; ++cmd) rules.push_back(on("ioctl", kAllow, equals("cmd", cmd)));
  std::vector<ResolvedPolicy> stack(2, resolved(with({Arch::x86_64}, kKill, rules)));
  ResolvedPolicy both = *combine(stack);
  for (const Segment& segment : both.arches[0].segments) EXPECT_LE(segment.clauses.size(), 101u);
  EXPECT_EQ(evaluate(both, call_of(Arch::x86_64, 16, {0, 49})).action, kAllow);
  EXPECT_EQ(evaluate(both, call_of(Arch::x86_64, 16, {0, 50})).action, kKill);
}

}  // namespace
}  // namespace cordon::policy
