#include "cordon/compile/stack.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "cordon/abi/syscalls.h"
#include "cordon/bpf/cost.h"
#include "cordon/bpf/simulate.h"
#include "cordon/policy/evaluate.h"

namespace cordon::compiler {
namespace {

constexpr Action kAllow{ActionKind::allow, 0}, kKill{ActionKind::kill_process, 0}, kNotify{ActionKind::notify, 0};
constexpr uint32_t kX86_64 = 0xc000003e, kI386 = 0x40000003;

constexpr Action errno_of(uint16_t value) { return {ActionKind::errno_, value}; }

Clause always(Action action) { return {{}, action, {Origin::Kind::default_action, 0, 0}}; }

// `count` single values of one argument, with gaps between them.
Clause one_of_many(uint8_t operand, uint64_t mask, uint32_t count, Action action, uint32_t rule) {
  Clause clause{{}, action, {Origin::Kind::rule, rule, 0}};
  clause.condition.kind = ResolvedCondition::Kind::test;
  clause.condition.test = {operand, mask, {}};
  for (uint64_t i = 1; i <= count; ++i) clause.condition.test.allowed.push_back({i * 977, i * 977});
  return clause;
}

struct Judged {
  uint32_t number = 0;
  std::vector<Clause> clauses;
};

// Numbers in ascending order; the others get errno 38.
ArchTable table_of(uint32_t audit_arch, const std::vector<Judged>& calls) {
  ArchTable table{audit_arch, Endian::little, 64, {}};
  uint32_t next = 0;
  for (const Judged& call : calls) {
    if (next < call.number) table.segments.push_back({next, call.number - 1, {always(errno_of(38))}});
    table.segments.push_back({call.number, call.number, call.clauses});
    next = call.number + 1;
  }
  table.segments.push_back({next, UINT32_MAX, {always(errno_of(38))}});
  return table;
}

ResolvedPolicy policy_of(const std::vector<Judged>& calls) { return {{table_of(kX86_64, calls)}, kKill}; }

uint32_t answer_of(const FilterStack& stack, const Call& call) {
  std::vector<bpf::Program> programs;
  for (const Filter& filter : stack.filters) programs.push_back(filter.program);
  bpf::Input input{call.nr, call.audit_arch, call.instruction_pointer, {}};
  std::copy(call.args.begin(), call.args.end(), input.args);
  return bpf::simulate_stack(programs, input, Endian::little);
}

void expect_equal(const ResolvedPolicy& policy, const FilterStack& stack, uint32_t most_calls) {
  std::mt19937_64 random(1);
  for (uint32_t audit_arch : {kX86_64, kI386, 7u})
    for (uint32_t i = 0; i < most_calls; ++i) {
      Call call;
      call.audit_arch = audit_arch;
      call.nr = static_cast<uint32_t>(random() % 8);
      for (uint64_t& arg : call.args)
        arg = (random() % 12000) * 977 + random() % 2 + (random() % 4 == 0 ? 1ull << 32 : 0);
      ASSERT_EQ(policy::from_ret(answer_of(stack, call)), policy::evaluate(policy, call).action)
          << call.nr << " " << call.args[0] << " " << call.args[1];
    }
}

TEST(Stack, IsOneFilterWhereOneIsEnough) {
  const ResolvedPolicy policy = policy_of({{3, {one_of_many(0, UINT64_MAX, 100, kAllow, 1), always(kKill)}}});
  const Result<FilterStack> stack = compile_stack(policy, {});
  ASSERT_TRUE(stack);
  ASSERT_EQ(stack->filters.size(), 1u);
  EXPECT_EQ(stack->filters[0].program, compile(policy, {})->program);
}

TEST(Stack, DividesCallsWhoseConditionsAreTooManyTogether) {
  const ResolvedPolicy policy =
      policy_of({{1, {one_of_many(0, UINT64_MAX, 3000, kAllow, 1), always(kKill)}},
                 {2, {one_of_many(1, UINT32_MAX, 2500, errno_of(13), 2), always(kAllow)}},
                 {4,
                  {one_of_many(0, UINT32_MAX, 900, {ActionKind::trap, 7}, 3),
                   one_of_many(1, UINT32_MAX, 900, {ActionKind::log, 0}, 4), always(errno_of(1))}}});
  const Result<FilterStack> stack = compile_stack(policy, {});
  ASSERT_TRUE(stack);
  EXPECT_GT(stack->filters.size(), 1u);
  EXPECT_EQ(stack->filters.size(), stack->parts.size());
  expect_equal(policy, *stack, 4000);
}

TEST(Stack, DividesOneCallByTheValuesOfItsArgument) {
  const ResolvedPolicy policy =
      policy_of({{3,
                  {one_of_many(1, UINT32_MAX, 10000, kAllow, 1), one_of_many(0, UINT32_MAX, 500, errno_of(9), 2),
                   always({ActionKind::trap, 2})}}});
  const Result<FilterStack> stack = compile_stack(policy, {});
  ASSERT_TRUE(stack);
  EXPECT_GE(stack->filters.size(), 3u);
  expect_equal(policy, *stack, 5000);
}

TEST(Stack, DividesTwoArchitecturesWithTheSameRules) {
  const std::vector<Judged> calls = {{1, {one_of_many(0, UINT64_MAX, 3000, kAllow, 1), always(kKill)}},
                                     {2, {one_of_many(0, UINT32_MAX, 3500, kAllow, 2), always(errno_of(5))}}};
  ResolvedPolicy policy = policy_of(calls);
  policy.arches.insert(policy.arches.begin(), table_of(kI386, calls));
  const Result<FilterStack> stack = compile_stack(policy, {});
  ASSERT_TRUE(stack);
  expect_equal(policy, *stack, 4000);
}

TEST(Stack, JudgesSeccompAndNotifiedCallsInTheLastFilter) {
  const uint32_t prctl = *abi::number_of("prctl", Arch::x86_64), seccomp = *abi::number_of("seccomp", Arch::x86_64);
  const ResolvedPolicy policy =
      policy_of({{1, {one_of_many(0, UINT64_MAX, 3500, kAllow, 1), always(kKill)}},
                 {2, {one_of_many(0, UINT64_MAX, 20, kAllow, 1), always(kNotify)}},
                 {3, {one_of_many(0, UINT64_MAX, 3600, kAllow, 2), always(kKill)}},
                 {prctl, {one_of_many(0, UINT64_MAX, 30, kAllow, 3), always(kKill)}},
                 {seccomp, {one_of_many(0, UINT64_MAX, 30, kAllow, 4), always(errno_of(1))}}});
  const Result<FilterStack> stack = compile_stack(policy, {});
  ASSERT_TRUE(stack);
  ASSERT_GT(stack->filters.size(), 1u);
  for (size_t i = 0; i + 1 < stack->filters.size(); ++i)
    for (uint32_t number : {2u, prctl, seccomp, 77u}) {
      EXPECT_TRUE(bpf::is_const_allow(stack->filters[i].program, kX86_64, number).answer) << i << " " << number;
      EXPECT_TRUE(bpf::is_const_allow(stack->filters[i].program, 7, number).answer) << i << " " << number;
    }
  expect_equal(policy, *stack, 2000);
}

TEST(Stack, TellsTheRulesOfCallsThatAFilterDecidesOnly) {
  const ResolvedPolicy policy = policy_of({{1, {one_of_many(0, UINT64_MAX, 3500, kAllow, 1), always(kKill)}},
                                           {3, {one_of_many(0, UINT64_MAX, 3600, kAllow, 2), always(kKill)}}});
  const Result<FilterStack> stack = compile_stack(policy, {});
  ASSERT_TRUE(stack);
  for (const Filter& filter : stack->filters)
    for (const std::vector<Origin>& origins : filter.provenance)
      for (const Origin& origin : origins) EXPECT_EQ(origin.policy, 0u);
}

struct Refused {
  const char* what;
  ResolvedPolicy policy;
  const char* why;
};

TEST(Stack, RefusesWithTheBiggestRulesWhatCannotBeDivided) {
  std::vector<Clause> bits;
  for (uint32_t i = 0; i < 3000; ++i) {
    Clause clause = one_of_many(0, (i + 1) * 2654435761u | 1, 1, i % 2 == 0 ? kAllow : kKill, i == 0 ? 4 : 9);
    clause.condition.test.allowed = {{1, 1}};
    bits.push_back(clause);
  }
  bits.push_back(always(errno_of(1)));
  std::vector<Judged> many;
  for (uint32_t number = 0; number < 12; ++number) {
    Clause clause = one_of_many(0, UINT64_MAX, 3000, kAllow, number);
    for (Interval& interval : clause.condition.test.allowed)
      interval = {interval.first + number, interval.last + number};
    many.push_back({number, {clause, always(kKill)}});
  }
  const uint32_t seccomp = *abi::number_of("seccomp", Arch::x86_64);
  const Refused rows[] = {
      {"scattered bits", policy_of({{0, bits}}), "the conditions of read on x86_64 alone are too many for one filter"},
      {"more than all filters may have", policy_of(many), "the kernel takes at most 32768"},
      {"seccomp itself", policy_of({{seccomp, {one_of_many(0, UINT64_MAX, 9000, kAllow, 4), always(kKill)}}}),
       "have to be judged by one filter"},
  };
  for (const Refused& row : rows) {
    const Result<FilterStack> stack = compile_stack(row.policy, {});
    ASSERT_FALSE(stack) << row.what;
    const Diagnostic& problem = *stack.error().begin();
    EXPECT_EQ(problem.code, "program-too-large") << row.what;
    EXPECT_NE(problem.message.find("the most are there for rule"), std::string::npos) << row.what << problem.message;
    ASSERT_FALSE(problem.notes.empty()) << row.what;
    EXPECT_NE(problem.notes[0].message.find(row.why), std::string::npos) << problem.notes[0].message;
  }
}

}  // namespace
}  // namespace cordon::compiler
