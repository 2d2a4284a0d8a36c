// Policies as people write them.
#include <string>

#include "generate.h"

namespace cordon::engines {
namespace {

constexpr const char* kNames[] = {"read",      "write",      "open",  "openat",  "close",       "ioctl",  "mmap",
                                  "mprotect",  "socket",     "clone", "clone3",  "personality", "futex",  "fcntl",
                                  "lseek",     "prctl",      "kill",  "getppid", "exit_group",  "execve", "setsockopt",
                                  "prlimit64", "socketcall", "ipc",   "openat2", "statx"};
constexpr const char* kGroups[] = {"startup", "file-read", "io", "debug"};
constexpr uint64_t kValues[] = {0,
                                1,
                                2,
                                3,
                                8,
                                16,
                                0x20000,
                                0x20008,
                                0x5401,
                                0x5412,
                                0x7fffffff,
                                0x80000000,
                                0xffffffff,
                                UINT64_C(0x100000000),
                                UINT64_C(0x100000007),
                                UINT64_MAX};
constexpr ActionKind kKinds[] = {ActionKind::allow,       ActionKind::allow,  ActionKind::allow,
                                 ActionKind::errno_,      ActionKind::errno_, ActionKind::kill_process,
                                 ActionKind::kill_thread, ActionKind::log,    ActionKind::trap,
                                 ActionKind::trace,       ActionKind::notify};

Action random_action(Random& random) {
  Action action{random.pick(kKinds), 0};
  if (action.kind == ActionKind::errno_) action.data = static_cast<uint16_t>(1 + random.below(40));
  if (action.kind == ActionKind::trap || action.kind == ActionKind::trace)
    action.data = static_cast<uint16_t>(random.below(9));
  return action;
}

Value number(uint64_t value) {
  Value result;
  result.number = value;
  return result;
}

Condition random_test(Random& random) {
  Condition condition;
  condition.kind = Condition::Kind::test;
  ArgTest& test = condition.test;
  test.operand.slot = static_cast<uint8_t>(random.below(3));
  test.operand.raw = random.chance(30);
  if (random.chance(25)) test.mask.push_back(number(random.chance(50) ? 0xff : random.pick(kValues) | 1));
  constexpr CompareOp kOps[] = {CompareOp::eq, CompareOp::eq, CompareOp::ne, CompareOp::lt, CompareOp::le,
                                CompareOp::gt, CompareOp::ge, CompareOp::in, CompareOp::in};
  test.op = random.pick(kOps);
  size_t count = test.op == CompareOp::in ? 1 + random.below(6) : 1;
  for (size_t i = 0; i < count; ++i) {
    uint64_t low = random.pick(kValues), high = random.pick(kValues);
    ValueRange range{number(low), {}};
    if (test.op == CompareOp::in && low < high && random.chance(30)) range.high.push_back(number(high));
    test.values.push_back(range);
  }
  return condition;
}

Condition random_condition(Random& random, unsigned depth) {
  if (depth == 0 || random.chance(60)) return random_test(random);
  Condition condition;
  constexpr Condition::Kind kKind[] = {Condition::Kind::all, Condition::Kind::all, Condition::Kind::any,
                                       Condition::Kind::none};
  condition.kind = random.pick(kKind);
  size_t count = condition.kind == Condition::Kind::none ? 1 : 2 + random.below(2);
  for (size_t i = 0; i < count; ++i) condition.operands.push_back(random_condition(random, depth - 1));
  return condition;
}

Rule random_rule(Random& random) {
  Rule rule;
  rule.action = random_action(random);
  uint64_t shape = random.below(100);
  if (shape < 80) {
    rule.target.kind = Target::Kind::name;
    rule.target.name = random.pick(kNames);
    if (random.chance(55)) rule.condition = random_condition(random, 2);
  } else if (shape < 88) {
    rule.target.kind = Target::Kind::group;
    rule.target.name = random.pick(kGroups);
  } else {
    rule.target.kind = Target::Kind::numbers;
    rule.target.first = static_cast<uint32_t>(random.below(480));
    rule.target.last = rule.target.first + static_cast<uint32_t>(random.below(random.chance(50) ? 1 : 40));
    if (random.chance(30)) rule.condition = random_condition(random, 1);
  }
  if (random.chance(10)) rule.target.arch = Arch::x86_64;
  return rule;
}

}  // namespace

Policy random_policy(Random& random) {
  Policy policy;
  policy.arches = {Arch::x86_64};
  if (random.chance(40)) policy.arches.push_back(Arch::i386);
  if (random.chance(25)) policy.arches.push_back(Arch::x32);
  policy.default_action.action = random_action(random);
  policy.bad_arch.action = random_action(random);
  if (random.chance(30)) {
    policy.since = KernelVersion{static_cast<uint16_t>(4 + random.below(3)), static_cast<uint16_t>(random.below(10))};
    policy.unknown = NamedAction{{ActionKind::errno_, 38}, {}};
  }
  for (size_t i = 0, n = 1 + random.below(random.chance(20) ? 30 : 8); i < n; ++i)
    policy.rules.push_back(random_rule(random));
  return policy;
}

}  // namespace cordon::engines
