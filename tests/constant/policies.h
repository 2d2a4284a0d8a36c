// Resolved policies made in constant expressions, as policy::resolve would make them.
//
//   constexpr Call kCalls[] = {{"read", {}}, {"socket", unix_only}};
//   constant::policy({Arch::x86_64}, kCalls)
#pragma once

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "cordon/abi/syscalls.h"
#include "cordon/policy/resolved_policy.h"

namespace cordon::constant {

inline constexpr Action kAllow{ActionKind::allow, 0}, kErrno{ActionKind::errno_, 1};
inline constexpr Action kKill{ActionKind::kill_process, 0};

constexpr ResolvedCondition test(uint8_t slot, uint64_t mask, std::vector<Interval> allowed) {
  ResolvedCondition condition;
  condition.kind = ResolvedCondition::Kind::test;
  condition.test = {slot, mask, std::move(allowed)};
  return condition;
}

constexpr ResolvedCondition join(ResolvedCondition::Kind kind, std::vector<ResolvedCondition> operands) {
  ResolvedCondition condition;
  condition.kind = kind;
  condition.operands = std::move(operands);
  return condition;
}

constexpr Clause always(Action action) { return {{}, action, {Origin::Kind::default_action, 0, 0}}; }

constexpr ResolvedCondition no_condition() { return {}; }

// A call that is allowed where the condition holds.
struct Call {
  std::string_view name;
  ResolvedCondition (*condition)() = no_condition;
};

struct Numbered {
  uint32_t number = 0;
  const Call* call = nullptr;
};

constexpr std::vector<Clause> clauses_of(const Call& call) {
  std::vector<Clause> clauses;
  ResolvedCondition condition = call.condition();
  if (condition.is_always()) {
    clauses.push_back(always(kAllow));
    return clauses;
  }
  clauses.push_back({std::move(condition), kAllow, {Origin::Kind::rule, 0, 0}});
  clauses.push_back(always(kErrno));
  return clauses;
}

constexpr void add(ArchTable& table, uint32_t first, uint32_t last, std::vector<Clause> clauses) {
  table.segments.push_back({first, last, std::move(clauses)});
}

// The numbers of the calls on one ABI, from `next` up; `next` becomes the first after them.
constexpr uint32_t add_calls(ArchTable& table, Arch arch, std::span<const Call> calls, uint32_t next) {
  std::vector<Numbered> numbers;
  for (const Call& call : calls)
    if (std::optional<uint32_t> number = abi::number_of(call.name, arch)) numbers.push_back({*number, &call});
  std::sort(numbers.begin(), numbers.end(), [](const Numbered& a, const Numbered& b) { return a.number < b.number; });
  for (const Numbered& one : numbers) {
    if (one.number > next) add(table, next, one.number - 1, {always(kErrno)});
    add(table, one.number, one.number, clauses_of(*one.call));
    next = one.number + 1;
  }
  return next;
}

constexpr ArchTable table_of(Arch arch, bool has_x32, std::span<const Call> calls) {
  ArchTable table;
  table.audit_arch = abi::info(arch).audit_arch;
  table.endian = abi::info(arch).endian;
  table.word_bits = abi::info(arch).word_bits;
  uint32_t next = add_calls(table, arch, calls, 0);
  if (arch == Arch::x86_64) {
    add(table, next, abi::kX32Bit - 1, {always(kErrno)});
    next = abi::kX32Bit;
    if (has_x32) next = add_calls(table, Arch::x32, calls, next);
    add(table, next, UINT32_MAX - 1, {always(has_x32 ? kErrno : kKill)});
    next = UINT32_MAX;
  }
  add(table, next, UINT32_MAX, {always(kErrno)});
  return table;
}

// x32 counts to x86_64, which must be there too. In order of audit values.
constexpr ResolvedPolicy policy(std::vector<Arch> arches, std::span<const Call> calls) {
  const bool has_x32 = std::find(arches.begin(), arches.end(), Arch::x32) != arches.end();
  ResolvedPolicy result;
  result.bad_arch = kKill;
  for (Arch arch : arches)
    if (arch != Arch::x32) result.arches.push_back(table_of(arch, has_x32, calls));
  std::sort(result.arches.begin(), result.arches.end(),
            [](const ArchTable& a, const ArchTable& b) { return a.audit_arch < b.audit_arch; });
  return result;
}

}  // namespace cordon::constant
