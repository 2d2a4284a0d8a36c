// Policies libseccomp can express too: one comparison for each argument, one rule for a call, values below
// 2^32 (above, libseccomp 2.5 and 2.6 combine comparisons wrongly).
#include <gtest/gtest.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "cordon/bpf/disassemble.h"
#include "cordon/compile/compile.h"
#include "cordon/policy/evaluate.h"
#include "generate.h"

namespace cordon::engines {
namespace {

constexpr uint32_t kValues[] = {0, 1, 2, 5, 8, 0x5412, 0x20000, 0x7fffffff, 0x80000000, 0xfffffffe};
constexpr Action kBadArch{ActionKind::kill_thread, 0};

struct SimpleRule {
  uint32_t nr;
  std::vector<scmp_arg_cmp> compares;
  Action action;
};

ResolvedCondition condition_of(const scmp_arg_cmp& compare) {
  ResolvedCondition condition;
  condition.kind = ResolvedCondition::Kind::test;
  condition.test.operand = static_cast<uint8_t>(compare.arg);
  condition.test.mask = UINT64_MAX;
  uint64_t value = compare.datum_a;
  auto& allowed = condition.test.allowed;
  switch (compare.op) {
    case SCMP_CMP_EQ: allowed = {{value, value}}; break;
    case SCMP_CMP_NE:
      if (value > 0) allowed.push_back({0, value - 1});
      allowed.push_back({value + 1, UINT64_MAX});
      break;
    case SCMP_CMP_LE: allowed = {{0, value}}; break;
    case SCMP_CMP_GT: allowed = {{value + 1, UINT64_MAX}}; break;
    default:  // masked: datum_a is the mask, datum_b the value
      condition.test.mask = compare.datum_a;
      allowed = {{compare.datum_b, compare.datum_b}};
      break;
  }
  return condition;
}

std::vector<SimpleRule> random_rules(Random& random) {
  std::vector<SimpleRule> rules;
  for (uint32_t nr = 0; nr < 450; ++nr) {
    if (!random.chance(random.chance(50) ? 5 : 20)) continue;
    SimpleRule rule{nr, {}, {random.chance(80) ? ActionKind::allow : ActionKind::trap, 0}};
    for (unsigned arg = 0; arg < 6; ++arg) {
      if (!random.chance(8)) continue;
      constexpr scmp_compare kOps[] = {SCMP_CMP_EQ, SCMP_CMP_NE, SCMP_CMP_LE, SCMP_CMP_GT, SCMP_CMP_MASKED_EQ};
      scmp_arg_cmp compare{arg, random.pick(kOps), random.pick(kValues), 0};
      if (compare.op == SCMP_CMP_MASKED_EQ) {
        compare.datum_a |= 1;
        compare.datum_b = compare.datum_a & random.pick(kValues);
      }
      rule.compares.push_back(compare);
    }
    rules.push_back(rule);
  }
  return rules;
}

ResolvedPolicy resolved_of(const std::vector<SimpleRule>& rules, Action default_action) {
  ArchTable table{kX86_64, Endian::little, 64, {}};
  Clause otherwise{{}, default_action, {Origin::Kind::default_action, 0, 0}};
  uint32_t next = 0;
  auto fill = [&](uint32_t end) {
    if (next < end) table.segments.push_back({next, end - 1, {otherwise}});
  };
  for (size_t i = 0; i < rules.size(); ++i) {
    fill(rules[i].nr);
    next = rules[i].nr + 1;
    ResolvedCondition condition;
    for (const scmp_arg_cmp& compare : rules[i].compares) condition.operands.push_back(condition_of(compare));
    std::vector<Clause> clauses{{condition, rules[i].action, {Origin::Kind::rule, static_cast<uint32_t>(i), 0}}};
    if (!condition.is_always()) clauses.push_back(otherwise);
    table.segments.push_back({rules[i].nr, rules[i].nr, clauses});
  }
  fill(0x40000000);
  table.segments.push_back({0x40000000, 0xfffffffe, {{{}, kBadArch, {Origin::Kind::bad_arch, 0, 0}}}});
  table.segments.push_back({UINT32_MAX, UINT32_MAX, {otherwise}});
  return {{table}, kBadArch};
}

Result<bpf::Program> libseccomp_program(const std::vector<SimpleRule>& rules, Action default_action) {
  scmp_filter_ctx ctx = seccomp_init(policy::to_ret(default_action));
  seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, policy::to_ret(kBadArch));
  for (const SimpleRule& rule : rules) {
    seccomp_rule_add_array(ctx, policy::to_ret(rule.action), static_cast<int>(rule.nr),
                           static_cast<unsigned>(rule.compares.size()), rule.compares.data());
  }
  int fd = memfd_create("filter", MFD_CLOEXEC);
  seccomp_export_bpf(ctx, fd);
  std::vector<bpf::Insn> insns(static_cast<size_t>(lseek(fd, 0, SEEK_END)) / sizeof(bpf::Insn));
  EXPECT_EQ(pread(fd, insns.data(), insns.size() * sizeof(bpf::Insn), 0),
            static_cast<ssize_t>(insns.size() * sizeof(bpf::Insn)));
  close(fd);
  seccomp_release(ctx);
  return bpf::Program::create(std::move(insns));
}

TEST(Libseccomp, AgreesOnPoliciesItCanExpress) {
  for (uint64_t seed = 1; seed <= 200 && !HasFatalFailure(); ++seed) {
    Random random(seed);
    Action default_action{random.chance(50) ? ActionKind::errno_ : ActionKind::kill_process, 0};
    if (default_action.kind == ActionKind::errno_) default_action.data = 1;
    std::vector<SimpleRule> rules = random_rules(random);
    ResolvedPolicy policy = resolved_of(rules, default_action);
    Result<Filter> filter = compiler::compile(policy, {.optimize = compiler::Optimize::size, .dump = nullptr});
    ASSERT_TRUE(filter);
    Result<bpf::Program> theirs = libseccomp_program(rules, default_action);
    ASSERT_TRUE(theirs);
    for (const Call& call : boundary_calls(policy, random)) {
      uint32_t expected = policy::to_ret(policy::evaluate(policy, call).action);
      ASSERT_EQ(bpf::simulate(filter->program, input_of(call), Endian::little).ret, expected)
          << "cordon, seed " << seed << " " << text_of(call);
      ASSERT_EQ(bpf::simulate(*theirs, input_of(call), Endian::little).ret, expected)
          << "libseccomp, seed " << seed << " " << text_of(call);
    }
    EXPECT_LE(filter->program.size(), theirs->size()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace cordon::engines
