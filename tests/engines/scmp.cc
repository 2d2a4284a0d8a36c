#include "scmp.h"

#include <cerrno>
#include <map>

#include <sys/mman.h>
#include <unistd.h>

#include "cordon/policy/action.h"

namespace cordon::engines {
namespace {

constexpr uint32_t kX86_64Arch = 0xc000003e, kX32Numbers = 0x40000000;

std::vector<Interval> below(uint64_t value) {
  return value == 0 ? std::vector<Interval>{} : std::vector<Interval>{{0, value - 1}};
}

std::vector<Interval> above(uint64_t value) {
  return value == UINT64_MAX ? std::vector<Interval>{} : std::vector<Interval>{{value + 1, UINT64_MAX}};
}

std::vector<Interval> except(uint64_t value) {
  std::vector<Interval> intervals = below(value);
  for (const Interval& interval : above(value)) intervals.push_back(interval);
  return intervals;
}

std::vector<Interval> intervals_of(const scmp_arg_cmp& compare) {
  const uint64_t value = compare.datum_a;
  switch (compare.op) {
    case SCMP_CMP_NE: return except(value);
    case SCMP_CMP_LT: return below(value);
    case SCMP_CMP_LE: return value == UINT64_MAX ? std::vector<Interval>{{0, UINT64_MAX}} : below(value + 1);
    case SCMP_CMP_GE: return value == 0 ? std::vector<Interval>{{0, UINT64_MAX}} : above(value - 1);
    case SCMP_CMP_GT: return above(value);
    case SCMP_CMP_MASKED_EQ: return {{compare.datum_b & value, compare.datum_b & value}};  // datum_a is the mask
    default: return {{value, value}};
  }
}

constexpr ResolvedCondition kNever{ResolvedCondition::Kind::any, {}, {}};

ResolvedCondition condition_of(const ScmpRule& rule) {
  ResolvedCondition all;
  for (const scmp_arg_cmp& compare : rule.compares) {
    ResolvedTest test{static_cast<uint8_t>(compare.arg), UINT64_MAX, intervals_of(compare)};
    if (compare.op == SCMP_CMP_MASKED_EQ) test.mask = compare.datum_a;
    if (test.allowed.empty()) return kNever;
    if (test.mask == 0 || test.allowed[0] == Interval{0, test.mask}) continue;  // always true
    all.operands.push_back({ResolvedCondition::Kind::test, std::move(test), {}});
  }
  return all.operands.size() == 1 ? all.operands[0] : all;
}

}  // namespace

ResolvedPolicy meaning_of(const ScmpPolicy& policy) {
  const Clause otherwise{{}, policy.default_action, {Origin::Kind::default_action, 0, 0}};
  std::map<uint32_t, std::vector<Clause>> clauses;
  for (uint32_t i = 0; i < policy.rules.size(); ++i) {
    ResolvedCondition condition = condition_of(policy.rules[i]);
    std::vector<Clause>& list = clauses[policy.rules[i].nr];
    const bool is_decided = !list.empty() && list.back().condition.is_always();
    if (condition.is_never() || is_decided) continue;
    list.push_back({std::move(condition), policy.rules[i].action, {Origin::Kind::rule, i, 0}});
  }
  ArchTable table{kX86_64Arch, Endian::little, 64, {}};
  uint32_t next = 0;
  auto fill = [&](uint32_t end) {
    if (next < end) table.segments.push_back({next, end - 1, {otherwise}});
  };
  for (auto& [nr, list] : clauses) {
    fill(nr);
    next = nr + 1;
    if (list.empty() || !list.back().condition.is_always()) list.push_back(otherwise);
    table.segments.push_back({nr, nr, std::move(list)});
  }
  fill(kX32Numbers);
  table.segments.push_back({kX32Numbers, UINT32_MAX - 1, {{{}, policy.bad_arch, {Origin::Kind::bad_arch, 0, 0}}}});
  table.segments.push_back({UINT32_MAX, UINT32_MAX, {otherwise}});
  return {{table}, policy.bad_arch};
}

Result<bpf::Program> exported(const ScmpPolicy& policy) {
  scmp_filter_ctx ctx = seccomp_init(policy::to_ret(policy.default_action));
  int error = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, policy::to_ret(policy.bad_arch));
  if (error == 0) error = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, policy.optimize);
  if (error == 0 && !policy.arches.empty()) error = seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE);
  for (uint32_t arch : policy.arches)
    if (error == 0) error = seccomp_arch_add(ctx, arch);
  for (const ScmpRule& rule : policy.rules) {
    if (error != 0) break;
    error = seccomp_rule_add_array(ctx, policy::to_ret(rule.action), static_cast<int>(rule.nr),
                                   static_cast<unsigned>(rule.compares.size()), rule.compares.data());
  }
  const int fd = memfd_create("filter", MFD_CLOEXEC);
  if (error == 0) error = seccomp_export_bpf(ctx, fd);
  seccomp_release(ctx);
  std::vector<bpf::Insn> insns(static_cast<size_t>(lseek(fd, 0, SEEK_END)) / sizeof(bpf::Insn));
  const size_t size = insns.size() * sizeof(bpf::Insn);
  const bool is_read = pread(fd, insns.data(), size, 0) == static_cast<ssize_t>(size);
  close(fd);
  if (error != 0 || !is_read) return system_error("make a filter with libseccomp", error != 0 ? -error : EIO);
  return bpf::Program::create(std::move(insns));
}

}  // namespace cordon::engines
