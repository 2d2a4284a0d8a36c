// Worlds so small that every policy and every call in them can be tried.
#include <gtest/gtest.h>

#include "cordon/bpf/cost.h"
#include "cordon/bpf/disassemble.h"
#include "cordon/compile/compile.h"
#include "cordon/compile/dump.h"
#include "cordon/policy/evaluate.h"
#include "generate.h"

namespace cordon::engines {
namespace {

using compiler::Optimize;

constexpr Action kAllow{ActionKind::allow, 0}, kErrno{ActionKind::errno_, 1}, kKill{ActionKind::kill_process, 0};
constexpr Origin kRule{Origin::Kind::rule, 0, 0};

// All subsets of 0..3 but none and all, as a test of arg0 under the mask.
ResolvedCondition subset_test(unsigned bits, uint64_t mask) {
  ResolvedCondition condition;
  condition.kind = ResolvedCondition::Kind::test;
  condition.test.mask = mask;
  for (uint64_t value = 0; value < 4; ++value) {
    if ((bits >> value & 1) == 0) continue;
    auto& allowed = condition.test.allowed;
    if (!allowed.empty() && allowed.back().last + 1 == value) {
      allowed.back().last = value;
    } else {
      allowed.push_back({value, value});
    }
  }
  return condition;
}

void expect_equal(const ResolvedPolicy& policy, const std::vector<Call>& calls) {
  for (Optimize level : {Optimize::none, Optimize::attach, Optimize::size}) {
    Result<Filter> filter = compiler::compile(policy, {.optimize = level, .dump = nullptr});
    ASSERT_TRUE(filter);
    for (const Call& call : calls) {
      ASSERT_EQ(bpf::simulate(filter->program, input_of(call), Endian::little).ret,
                policy::to_ret(policy::evaluate(policy, call).action))
          << "level " << static_cast<int>(level) << " " << text_of(call) << "\n"
          << compiler::dump_resolved(policy) << bpf::disassemble(filter->program, {});
    }
  }
}

TEST(Exhaustive, EveryLabellingOfSevenNumbersKeepsItsMeaningAndItsBitmap) {
  std::vector<Clause> kinds[] = {
      {{{}, kAllow, kRule}}, {{{}, kErrno, kRule}}, {{subset_test(2, UINT64_MAX), kAllow, kRule}, {{}, kKill, kRule}}};
  std::vector<Call> calls;
  for (uint32_t nr : {0u, 1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u, 0x7fffffffu, 0xffffffffu}) {
    calls.push_back({nr, kX86_64, 0, {}});
    calls.push_back({nr, kX86_64, 0, {1}});
    calls.push_back({nr, kX86_64, 0, {UINT64_C(0x100000001)}});
  }
  calls.push_back({0, kI386, 0, {}});
  for (unsigned code = 0; code < 2187 && !HasFatalFailure(); ++code) {
    ArchTable table{kX86_64, Endian::little, 64, {}};
    unsigned rest = code;
    for (uint32_t nr = 0; nr < 7; ++nr, rest /= 3) table.segments.push_back({nr, nr, kinds[rest % 3]});
    table.segments.push_back({7, UINT32_MAX, kinds[1]});
    ResolvedPolicy policy{{table}, kKill};
    expect_equal(policy, calls);
    Result<Filter> filter = compiler::compile(policy, {});
    rest = code;
    for (uint32_t nr = 0; nr < 7; ++nr, rest /= 3) {
      ASSERT_EQ(bpf::is_const_allow(filter->program, kX86_64, nr).answer, rest % 3 == 0) << code << " " << nr;
    }
  }
}

TEST(Exhaustive, EveryPairOfSetsOfOneArgumentUnderEveryPairOfMasks) {
  std::vector<Call> calls;
  for (uint64_t high : {UINT64_C(0), UINT64_C(1) << 32, UINT64_C(4)}) {
    for (uint64_t value = 0; value < 4; ++value) calls.push_back({1, kX86_64, 0, {high | value}});
  }
  for (uint64_t mask : {UINT64_C(3), UINT64_C(7), UINT64_C(0xffffffff), UINT64_MAX}) {
    for (uint64_t other : {UINT64_C(3), UINT64_MAX}) {
      for (unsigned a = 1; a < 15; ++a) {
        for (unsigned b = 1; b < 15 && !HasFatalFailure(); ++b) {
          std::vector<Clause> clauses{
              {subset_test(a, mask), kAllow, kRule}, {subset_test(b, other), kErrno, kRule}, {{}, kKill, kRule}};
          ArchTable table{kX86_64, Endian::little, 64, {{0, 0, {{{}, kAllow, kRule}}}, {1, UINT32_MAX, clauses}}};
          expect_equal({{table}, kKill}, calls);
        }
      }
    }
  }
}

}  // namespace
}  // namespace cordon::engines
