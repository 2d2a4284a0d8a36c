#include "profiles.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <random>
#include <sstream>

#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cordon/abi/syscalls.h"
#include "cordon/compile/compile.h"
#include "cordon/formats/builtin.h"
#include "cordon/formats/cordon_text.h"
#include "cordon/formats/oci.h"
#include "cordon/policy/resolve.h"

namespace cordon::bench {
namespace {

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(1);
}

bool add_compares(const Condition& condition, std::vector<scmp_arg_cmp>& compares) {
  if (condition.kind == Condition::Kind::all || condition.kind == Condition::Kind::always) {
    for (const Condition& operand : condition.operands) {
      if (!add_compares(operand, compares)) return false;
    }
    return true;
  }
  if (condition.kind != Condition::Kind::test) return false;
  const ArgTest& test = condition.test;
  scmp_arg_cmp compare{test.operand.slot, SCMP_CMP_EQ, test.values[0].low.number, 0};
  switch (test.op) {
    case CompareOp::eq: break;
    case CompareOp::ne: compare.op = SCMP_CMP_NE; break;
    case CompareOp::lt: compare.op = SCMP_CMP_LT; break;
    case CompareOp::le: compare.op = SCMP_CMP_LE; break;
    case CompareOp::gt: compare.op = SCMP_CMP_GT; break;
    case CompareOp::ge: compare.op = SCMP_CMP_GE; break;
    case CompareOp::in: return false;
  }
  if (!test.mask.empty())
    compare = {test.operand.slot, SCMP_CMP_MASKED_EQ, test.mask[0].number, test.values[0].low.number};
  compares.push_back(compare);
  return true;
}

Policy list_of_calls(Action default_action, Action action) {
  Policy policy;
  policy.arches = {Arch::x86_64};
  policy.default_action = {default_action, {}};
  constexpr size_t kCalls = 300;
  for (size_t i = 0; i < kCalls; ++i) {
    Rule rule;
    rule.action = action;
    rule.target.name = std::string(abi::syscall_at(Arch::x86_64, i).name);
    policy.rules.push_back(rule);
  }
  return policy;
}

constexpr Action kAllow{ActionKind::allow, 0}, kEperm{ActionKind::errno_, 1};

Condition compare(uint8_t slot, CompareOp op, uint64_t number) {
  Condition condition;
  condition.kind = Condition::Kind::test;
  condition.test.operand.slot = slot;
  condition.test.operand.raw = true;
  condition.test.op = op;
  Value value;
  value.number = number;
  condition.test.values.push_back({value, {}});
  return condition;
}

Condition both(Condition a, Condition b) {
  Condition condition;
  condition.kind = Condition::Kind::all;
  condition.operands = {std::move(a), std::move(b)};
  return condition;
}

Rule rule_for(const std::string& name, Condition condition) {
  Rule rule;
  rule.action = kAllow;
  rule.target.name = name;
  rule.condition = std::move(condition);
  return rule;
}

CompareOp any_op(std::mt19937& random) {
  constexpr CompareOp kOps[] = {CompareOp::eq, CompareOp::eq, CompareOp::ne, CompareOp::lt,
                                CompareOp::le, CompareOp::gt, CompareOp::ge};
  return kOps[random() % std::size(kOps)];
}

size_t count(const Condition& condition) {
  size_t sum = condition.kind == Condition::Kind::test ? 1 : 0;
  for (const Condition& operand : condition.operands) sum += count(operand);
  return sum;
}

Policy read_containers_profile(bool sub_arches) {
  std::ifstream file("/usr/share/containers/seccomp.json");
  std::stringstream text;
  text << file.rdbuf();
  formats::ReadOptions options;
  options.arch = Arch::x86_64;
  options.kernel = KernelVersion{6, 18};
  options.sub_arches = sub_arches;
  Result<Policy> policy = formats::read_oci(text.str(), "seccomp.json", options);
  if (!policy) give_up("seccomp.json: " + policy.error().begin()->message);
  if (!sub_arches) policy->arches = {Arch::x86_64};
  return *policy;
}

}  // namespace

Policy containers_profile() { return read_containers_profile(false); }
Policy containers_profile_with_sub_arches() { return read_containers_profile(true); }

Policy docker_default(bool sub_arches) {
  Result<Policy> policy = formats::read_cordon(formats::find_builtin("docker-default")->text, "docker-default", {});
  if (!policy) give_up("docker-default: " + policy.error().begin()->message);
  policy->arches = {Arch::x86_64};
  if (sub_arches) policy->arches.insert(policy->arches.end(), {Arch::i386, Arch::x32});
  return *policy;
}

Policy allow_list() { return list_of_calls(kEperm, kAllow); }
Policy deny_list() { return list_of_calls(kAllow, kEperm); }

Policy hard_profile() {
  Policy policy = list_of_calls(kEperm, kAllow);
  std::mt19937 random(7);
  auto value = [&] { return random() % 3 == 0 ? uint64_t{random()} << 32 | random() : uint64_t{random() % 0x100000}; };
  std::vector<Rule> rules;
  for (size_t i = 0; i < policy.rules.size(); ++i) {
    if (i % 5 != 0) {
      rules.push_back(policy.rules[i]);
      continue;
    }
    constexpr int kAlternatives = 4;
    for (int one = 0; one < kAlternatives; ++one) {
      Condition condition = compare(static_cast<uint8_t>(random() % 3), any_op(random), value());
      if (random() % 2 == 0)
        condition =
            both(std::move(condition), compare(static_cast<uint8_t>(3 + random() % 3), any_op(random), value()));
      rules.push_back(rule_for(policy.rules[i].target.name, std::move(condition)));
    }
  }
  policy.rules = std::move(rules);
  return policy;
}

Policy pairs_profile(int rules) {
  Policy policy = list_of_calls(kEperm, kAllow);
  std::erase_if(policy.rules, [](const Rule& rule) { return rule.target.name == "prctl"; });
  std::mt19937 random(8);
  for (int i = 0; i < rules; ++i)
    policy.rules.push_back(
        rule_for("prctl", both(compare(static_cast<uint8_t>(random() % 3), CompareOp::eq, random() % 65536),
                               compare(3, any_op(random), random() % 65536))));
  return policy;
}

Policy values_profile(int values) {
  Policy policy = list_of_calls(kEperm, kAllow);
  std::erase_if(policy.rules, [](const Rule& rule) { return rule.target.name == "ioctl"; });
  std::mt19937 random(9);
  for (int i = 0; i < values; ++i) policy.rules.push_back(rule_for("ioctl", compare(1, CompareOp::eq, random())));
  return policy;
}

size_t count_comparisons(const Policy& policy) {
  size_t sum = 0;
  for (const Rule& rule : policy.rules) sum += count(rule.condition);
  return sum;
}

Policy small_profile() {
  Policy policy;
  policy.arches = {Arch::x86_64};
  policy.default_action = {{ActionKind::errno_, 1}, {}};
  for (const char* name : {"read",   "write",        "close",        "fstat",  "mmap",   "mprotect",   "munmap",
                           "brk",    "rt_sigaction", "rt_sigreturn", "execve", "exit",   "exit_group", "arch_prctl",
                           "openat", "getrandom",    "newfstatat",   "ioctl",  "socket", "fcntl"}) {
    Rule rule;
    rule.action = {ActionKind::allow, 0};
    rule.target.name = name;
    policy.rules.push_back(rule);
  }
  for (size_t i = 17; i < 20; ++i) {
    Condition& condition = policy.rules[i].condition;
    condition.kind = Condition::Kind::test;
    condition.test.operand.slot = i == 18 ? 0 : 1;
    condition.test.operand.raw = true;
    Value value;
    value.number = i == 17 ? 0x5401 : 1;
    condition.test.values.push_back({value, {}});
  }
  return policy;
}

ScmpPolicy scmp_policy(const Policy& policy) {
  ScmpPolicy result;
  result.default_ret = policy::to_ret(policy.default_action.action);
  for (Arch arch : policy.arches) {
    if (arch == Arch::i386) result.more_arches.push_back(SCMP_ARCH_X86);
    if (arch == Arch::x32) result.more_arches.push_back(SCMP_ARCH_X32);
  }
  for (const Rule& rule : policy.rules) {
    ScmpRule out{rule.target.name, policy::to_ret(rule.action), {}};
    if (out.ret == result.default_ret || !add_compares(rule.condition, out.compares)) continue;
    result.rules.push_back(std::move(out));
  }
  return result;
}

std::vector<bpf::Insn> libseccomp_compile(const ScmpPolicy& policy, bool tree) {
  static const int fd = memfd_create("filter", MFD_CLOEXEC);
  scmp_filter_ctx ctx = seccomp_init(policy.default_ret);
  for (uint32_t arch : policy.more_arches) seccomp_arch_add(ctx, arch);
  if (tree) seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
  for (const ScmpRule& rule : policy.rules) {
    int nr = seccomp_syscall_resolve_name(rule.name.c_str());
    if (nr < 0) continue;
    seccomp_rule_add_array(ctx, rule.ret, nr, static_cast<unsigned>(rule.compares.size()), rule.compares.data());
  }
  ftruncate(fd, 0);
  lseek(fd, 0, SEEK_SET);
  seccomp_export_bpf(ctx, fd);
  seccomp_release(ctx);
  std::vector<bpf::Insn> insns(static_cast<size_t>(lseek(fd, 0, SEEK_END)) / sizeof(bpf::Insn));
  if (pread(fd, insns.data(), insns.size() * sizeof(bpf::Insn), 0) < 0) give_up("cannot read libseccomp's program");
  return insns;
}

ResolvedPolicy resolve(const Policy& policy) {
  Result<ResolvedPolicy> resolved = policy::resolve(policy, {.allow_unknown = true});
  if (!resolved) give_up("resolve: " + resolved.error().begin()->message);
  return std::move(*resolved);
}

std::vector<bpf::Insn> cordon_compile(const Policy& policy) {
  const ResolvedPolicy resolved = resolve(policy);
  Result<Filter> filter = compiler::compile(resolved, {});
  if (!filter) give_up("compile: " + filter.error().begin()->message);
  return {filter->program.insns().begin(), filter->program.insns().end()};
}

bool install(const std::vector<bpf::Insn>& insns) {
  struct {
    unsigned short len;
    const bpf::Insn* insns;
  } program{static_cast<unsigned short>(insns.size()), insns.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

std::vector<bpf::Insn> allow_all() { return {{bpf::kRetK, 0, 0, 0x7fff0000}}; }

uint64_t now_ns() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1000000000u + static_cast<uint64_t>(time.tv_nsec);
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::nth_element(values.begin(), values.begin() + static_cast<ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

}  // namespace cordon::bench
