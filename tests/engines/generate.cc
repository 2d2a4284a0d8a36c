#include "generate.h"

#include <algorithm>

#include <fmt/format.h>

namespace cordon::engines {
namespace {

constexpr uint64_t kMasks[] = {UINT64_MAX,
                               UINT64_MAX,
                               0xffffffff,
                               0xffffffff,
                               0xffff,
                               1,
                               2,
                               3,
                               6,
                               0xff00,
                               0x7e020000,
                               0x80000000,
                               UINT64_C(1) << 32,
                               UINT64_C(0xf0000000f),
                               UINT64_C(0xffffffff00000000)};
constexpr uint64_t kValues[] = {0,
                                1,
                                2,
                                3,
                                4,
                                5,
                                6,
                                7,
                                8,
                                15,
                                16,
                                0xff,
                                0x5412,
                                0x7fffffff,
                                0x80000000,
                                0xfffffffe,
                                0xffffffff,
                                UINT64_C(0x100000000),
                                UINT64_C(0x100000001),
                                UINT64_C(0x100000005),
                                UINT64_C(0x1ffffffff),
                                UINT64_C(0x200000000),
                                UINT64_C(0x7fffffffffffffff),
                                UINT64_C(0xfffffffffffffffe),
                                UINT64_MAX};
constexpr uint32_t kNumbers[] = {0,          1,          2,          3,          5,          8,         9,   10,
                                 11,         40,         41,         42,         100,        254,       255, 256,
                                 257,        310,        424,        470,        511,        512,       547, 0x3fffffff,
                                 0x40000000, 0x40000009, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
constexpr Action kActions[] = {{ActionKind::allow, 0},        {ActionKind::allow, 0},       {ActionKind::errno_, 1},
                               {ActionKind::errno_, 38},      {ActionKind::errno_, 0},      {ActionKind::errno_, 4095},
                               {ActionKind::kill_process, 0}, {ActionKind::kill_thread, 0}, {ActionKind::trap, 7},
                               {ActionKind::trace, 65535},    {ActionKind::log, 0},         {ActionKind::notify, 0}};

uint64_t random_value(Random& random, uint64_t mask) {
  uint64_t value = random.chance(80) ? random.pick(kValues) : random.bits();
  return value & mask;
}

std::vector<Interval> random_intervals(Random& random, uint64_t mask) {
  std::vector<Interval> raw;
  size_t count = random.chance(60) ? 1 : 1 + random.below(6);
  for (size_t i = 0; i < count; ++i) {
    uint64_t first = random_value(random, mask);
    uint64_t last = random.chance(60) ? first : std::max(first, random_value(random, mask));
    if (random.chance(10)) last = mask;
    if (random.chance(10)) first = 0;
    raw.push_back({first, last});
  }
  std::sort(raw.begin(), raw.end(), [](const Interval& a, const Interval& b) { return a.first < b.first; });
  std::vector<Interval> result;
  for (const Interval& next : raw) {
    if (!result.empty() && (result.back().last == UINT64_MAX || next.first <= result.back().last + 1)) {
      result.back().last = std::max(result.back().last, next.last);
    } else {
      result.push_back(next);
    }
  }
  if (result.size() == 1 && result[0] == Interval{0, mask}) result[0].last = mask - 1;
  return result;
}

ResolvedCondition random_test(Random& random, bool narrow) {
  ResolvedCondition condition;
  condition.kind = ResolvedCondition::Kind::test;
  condition.test.operand = static_cast<uint8_t>(random.chance(3) ? 6 : random.below(random.chance(50) ? 2 : 6));
  condition.test.mask = random.pick(kMasks);
  if (narrow) condition.test.mask &= 0xffffffff;
  if (condition.test.mask == 0) condition.test.mask = 0xffffffff;
  condition.test.allowed = random_intervals(random, condition.test.mask);
  return condition;
}

ResolvedCondition random_condition(Random& random, bool narrow, unsigned depth) {
  if (depth == 0 || random.chance(45)) return random_test(random, narrow);
  ResolvedCondition condition;
  condition.kind = random.chance(60) ? ResolvedCondition::Kind::all : ResolvedCondition::Kind::any;
  for (size_t i = 0, n = 2 + random.below(3); i < n; ++i) {
    condition.operands.push_back(random_condition(random, narrow, depth - 1));
  }
  return condition;
}

std::vector<Clause> random_clauses(Random& random, bool narrow) {
  std::vector<Clause> clauses;
  size_t count = random.chance(50) ? 0 : random.below(random.chance(10) ? 24 : 5);
  Action action = random.pick(kActions);
  for (size_t i = 0; i < count; ++i) {
    if (random.chance(40)) action = random.pick(kActions);
    clauses.push_back({random_condition(random, narrow, random.chance(20) ? 3 : 1),
                       action,
                       {Origin::Kind::rule, static_cast<uint32_t>(random.below(50)), 0}});
  }
  clauses.push_back({{}, random.pick(kActions), {Origin::Kind::default_action, 0, 0}});
  return clauses;
}

ArchTable random_table(Random& random, uint32_t audit_arch, bool narrow) {
  ArchTable table;
  table.audit_arch = audit_arch;
  table.word_bits = narrow ? 32 : 64;
  std::vector<uint32_t> cuts{0};
  for (size_t i = 0, n = random.below(random.chance(10) ? 40 : 10); i < n; ++i) {
    cuts.push_back(random.chance(60) ? random.pick(kNumbers) : static_cast<uint32_t>(random.below(480)));
  }
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  std::vector<std::vector<Clause>> pool;
  for (size_t i = 0, n = 1 + random.below(6); i < n; ++i) pool.push_back(random_clauses(random, narrow));
  for (size_t i = 0; i < cuts.size(); ++i) {
    uint32_t last = i + 1 < cuts.size() ? cuts[i + 1] - 1 : UINT32_MAX;
    table.segments.push_back({cuts[i], last, random.pick(pool)});
  }
  return table;
}

using Tests = std::vector<const ResolvedTest*>;

void collect_tests(const ResolvedCondition& condition, Tests& tests) {
  if (condition.kind == ResolvedCondition::Kind::test) tests.push_back(&condition.test);
  for (const ResolvedCondition& operand : condition.operands) collect_tests(operand, tests);
}

void set_operand(Call& call, unsigned operand, uint64_t value, uint64_t mask) {
  uint64_t& word = operand == ResolvedTest::kInstructionPointer ? call.instruction_pointer : call.args[operand];
  word = (word & ~mask) | (value & mask);
}

uint64_t boundary_value(const ResolvedTest& test, Random& random) {
  const Interval& interval = random.pick(test.allowed);
  switch (random.below(8)) {
    case 0: return interval.first - 1;
    case 1: return interval.last + 1;
    case 2: return interval.last;
    case 3: return interval.first ^ (UINT64_C(1) << random.below(64));
    case 4: return interval.first + (UINT64_C(1) << 32);
    case 5: return interval.first + random.below(interval.last - interval.first);
    default: return interval.first;
  }
}

// A call whose arguments meet boundaries of tests: mostly of all tests in turn, so that conjunctions hold.
Call aimed_call(const Tests& tests, const ResolvedCondition* aim, Random& random) {
  Call call;
  for (uint64_t& arg : call.args) arg = random.chance(50) ? 0 : random.pick(kValues);
  call.instruction_pointer = random.chance(80) ? 0x401000 : random.pick(kValues);
  for (const ResolvedTest* test : tests) {
    if (random.chance(30)) set_operand(call, test->operand, boundary_value(*test, random), test->mask);
  }
  Tests aimed;
  if (aim != nullptr) collect_tests(*aim, aimed);
  for (const ResolvedTest* test : aimed) {
    const Interval& interval = random.pick(test->allowed);
    if (random.chance(90))
      set_operand(call, test->operand, random.chance(50) ? interval.first : interval.last, test->mask);
  }
  return call;
}

}  // namespace

ResolvedPolicy random_resolved(Random& random) {
  ResolvedPolicy policy;
  policy.bad_arch = random.pick(kActions);
  if (random.chance(50)) policy.arches.push_back(random_table(random, kI386, true));
  if (random.chance(5)) {
    for (uint32_t foreign : {0x40000028u, 0x40000083u, 0x80000008u, 0xc000000cu, 0xc00000b7u, 0xc00000f3u}) {
      policy.arches.push_back(random_table(random, foreign, foreign < 0x80000000));
    }
  }
  policy.arches.push_back(random_table(random, kX86_64, false));
  std::sort(policy.arches.begin(), policy.arches.end(),
            [](const ArchTable& a, const ArchTable& b) { return a.audit_arch < b.audit_arch; });
  return policy;
}

std::vector<Call> boundary_calls(const ResolvedPolicy& policy, Random& random) {
  std::vector<Call> calls;
  for (const ArchTable& table : policy.arches) {
    for (const Segment& segment : table.segments) {
      Tests tests;
      for (const Clause& clause : segment.clauses) collect_tests(clause.condition, tests);
      auto add = [&](const ResolvedCondition* aim) {
        Call call = aimed_call(tests, aim, random);
        uint64_t size = static_cast<uint64_t>(segment.last) - segment.first + 1;
        uint64_t from_first[] = {0, size - 1, random.below(size)};
        call.nr = segment.first + static_cast<uint32_t>(random.pick(from_first));
        call.audit_arch = table.audit_arch;
        calls.push_back(call);
      };
      add(nullptr);
      calls.back().nr = segment.first;
      add(nullptr);
      calls.back().nr = segment.last;
      for (size_t i = 0; i < tests.size() * 4; ++i) add(nullptr);
      for (const Clause& clause : segment.clauses) {
        Tests own;
        collect_tests(clause.condition, own);
        for (size_t i = 0; i < own.size() * 6; ++i) add(&clause.condition);
      }
    }
  }
  for (uint32_t arch : {kX86_64, kI386, 0u, 0xffffffffu, 0xc00000b7u}) {
    for (int i = 0; i < 4; ++i) {
      Call call = aimed_call({}, nullptr, random);
      call.nr = random.pick(kNumbers);
      call.audit_arch = arch;
      calls.push_back(call);
    }
  }
  return calls;
}

std::vector<Call> some_calls(const std::vector<Call>& calls, size_t count, Random& random) {
  if (calls.size() <= count) return calls;
  std::vector<Call> result;
  for (size_t i = 0; i < count; ++i)
    result.push_back(calls[i * calls.size() / count + random.below(calls.size() / count)]);
  return result;
}

bpf::Input input_of(const Call& call) {
  bpf::Input input;
  input.nr = call.nr;
  input.audit_arch = call.audit_arch;
  input.instruction_pointer = call.instruction_pointer;
  std::copy(call.args.begin(), call.args.end(), input.args);
  return input;
}

std::string text_of(const Call& call) {
  return fmt::format("arch={:#x} nr={:#x} ip={:#x} args={:#x},{:#x},{:#x},{:#x},{:#x},{:#x}", call.audit_arch, call.nr,
                     call.instruction_pointer, call.args[0], call.args[1], call.args[2], call.args[3], call.args[4],
                     call.args[5]);
}

}  // namespace cordon::engines
