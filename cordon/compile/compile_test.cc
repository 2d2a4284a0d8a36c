#include "cordon/compile/compile.h"

#include <gtest/gtest.h>

#include "cordon/bpf/simulate.h"

namespace cordon::compiler {
namespace {

constexpr Action kAllow{ActionKind::allow, 0}, kErrno{ActionKind::errno_, 1}, kKill{ActionKind::kill_process, 0};
constexpr uint32_t kX86_64 = 0xc000003e, kS390x = 0x80000016;

Clause always(Action action) { return {{}, action, {Origin::Kind::default_action, 0, 0}}; }

Clause equals(uint8_t slot, uint64_t value, Action action, uint32_t rule) {
  Clause clause{{}, action, {Origin::Kind::rule, rule, 0}};
  clause.condition.kind = ResolvedCondition::Kind::test;
  clause.condition.test = {slot, UINT64_MAX, {{value, value}}};
  return clause;
}

ResolvedPolicy one_call(std::vector<Clause> clauses, uint32_t audit_arch, Endian endian) {
  ArchTable table{audit_arch, endian, 64, {{0, 0, std::move(clauses)}, {1, UINT32_MAX, {always(kErrno)}}}};
  return {{table}, kKill};
}

TEST(Compile, RefusesArchesOfBothByteOrders) {
  ResolvedPolicy policy = one_call({always(kAllow)}, kS390x, Endian::big);
  policy.arches.push_back(one_call({always(kAllow)}, kX86_64, Endian::little).arches[0]);
  Result<Filter> filter = compile(policy, {});
  ASSERT_FALSE(filter);
  EXPECT_EQ(filter.error().begin()->code, "mixed-endian");
  EXPECT_NE(filter.error().begin()->message.find("s390x"), std::string::npos);
  EXPECT_NE(filter.error().begin()->message.find("x86_64"), std::string::npos);
}

TEST(Compile, NamesTheBiggestRulesOfAProgramThatIsTooLarge) {
  std::vector<Clause> clauses;
  for (uint32_t i = 0; i < 3000; ++i)
    clauses.push_back(equals(0, i * 7 + (uint64_t{i} << 32), i % 2 == 0 ? kAllow : kKill, i == 0 ? 4 : 9));
  clauses.push_back(always(kErrno));
  Result<Filter> filter = compile(one_call(clauses, kX86_64, Endian::little), {});
  ASSERT_FALSE(filter);
  EXPECT_EQ(filter.error().begin()->code, "program-too-large");
  EXPECT_NE(filter.error().begin()->message.find("rule 9 with"), std::string::npos) << filter.error().begin()->message;
}

TEST(Compile, ReadsTheRightWordsOnABigEndianMachine) {
  Result<Filter> filter =
      compile(one_call({equals(2, UINT64_C(0x100000002), kAllow, 1), always(kErrno)}, kS390x, Endian::big), {});
  ASSERT_TRUE(filter);
  for (uint64_t value : {UINT64_C(0x100000002), UINT64_C(0x200000001), UINT64_C(2)}) {
    bpf::Input input{0, kS390x, 0, {0, 0, value}};
    uint32_t expected = value == UINT64_C(0x100000002) ? 0x7fff0000 : 0x00050001;
    EXPECT_EQ(bpf::simulate(filter->program, input, Endian::big).ret, expected) << value;
  }
}

TEST(Compile, TellsWhichRuleAReturnServes) {
  Result<Filter> filter = compile(one_call({equals(0, 5, kAllow, 3), always(kErrno)}, kX86_64, Endian::little), {});
  ASSERT_TRUE(filter);
  ASSERT_EQ(filter->provenance.size(), filter->program.size());
  for (size_t pc = 0; pc < filter->program.size(); ++pc) {
    if (filter->program[pc] != bpf::Insn{bpf::kRetK, 0, 0, 0x7fff0000}) continue;
    EXPECT_EQ(filter->provenance[pc], (std::vector<Origin>{{Origin::Kind::rule, 3, 0}}));
  }
}

TEST(Compile, GivesTheSameBytesEachTimeAndWhateverTheOrderOfDisjointRules) {
  std::vector<Clause> clauses;
  for (uint32_t i = 0; i < 20; ++i) clauses.push_back(equals(0, i * 3, i % 2 == 0 ? kAllow : kKill, i));
  std::vector<Clause> reversed(clauses.rbegin(), clauses.rend());
  clauses.push_back(always(kErrno));
  reversed.push_back(always(kErrno));
  Result<Filter> one = compile(one_call(clauses, kX86_64, Endian::little), {});
  Result<Filter> again = compile(one_call(clauses, kX86_64, Endian::little), {});
  Result<Filter> other = compile(one_call(reversed, kX86_64, Endian::little), {});
  ASSERT_TRUE(one && again && other);
  EXPECT_EQ(one->program, again->program);
  for (uint64_t value = 0; value < 64; ++value) {
    bpf::Input input{0, kX86_64, 0, {value}};
    EXPECT_EQ(bpf::simulate(one->program, input, Endian::little).ret,
              bpf::simulate(other->program, input, Endian::little).ret)
        << value;
  }
}

TEST(Compile, DumpsEachStageInOrder) {
  std::vector<std::string> dump;
  ASSERT_TRUE(compile(one_call({equals(0, 5, kAllow, 3), always(kErrno)}, kX86_64, Endian::little), {.dump = &dump}));
  ASSERT_EQ(dump.size(), 5u);
  EXPECT_NE(dump[0].find("arg0 & 0xffffffffffffffff in {0x5} -> allow (rule 3)"), std::string::npos) << dump[0];
  EXPECT_NE(dump[1].find("arg0.high"), std::string::npos) << dump[1];
  EXPECT_NE(dump[2].find("jeq 0"), std::string::npos) << dump[2];
  EXPECT_NE(dump[3].find("ld arg0.low"), std::string::npos) << dump[3];
  EXPECT_NE(dump[4].find("ld [16]"), std::string::npos) << dump[4];
}

}  // namespace
}  // namespace cordon::compiler
