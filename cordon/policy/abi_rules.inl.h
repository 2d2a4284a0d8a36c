// The body of abi_rules.h, for policies of any text and whoever hears what is wrong with them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "cordon/abi/arguments.h"
#include "cordon/abi/constants.h"
#include "cordon/abi/groups.h"
#include "cordon/abi/syscalls.h"
#include "cordon/base/fixed_array.h"
#include "cordon/base/hash_index.h"
#include "cordon/policy/abi_rules.h"
#include "cordon/policy/budget.h"
#include "cordon/policy/condition_algebra.h"
#include "cordon/policy/multiplex.h"
#include "cordon/policy/policy.h"
#include "cordon/policy/resolve_condition.inl.h"

namespace cordon::policy {
namespace detail {

// More than any filter could hold; a bound for what a hostile policy can make of a few lines.
inline constexpr size_t kMaxNamed = size_t{1} << 19;
inline constexpr uint64_t kMaxConditionWeight = uint64_t{1} << 23;

constexpr size_t first_index_from(Arch arch, uint32_t number) {
  size_t low = 0;
  size_t high = abi::syscall_count(arch);
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    abi::syscall_at(arch, middle).number < number ? low = middle + 1 : high = middle;
  }
  return low;
}

template <class Text, class Hearer>
class Collector {
 public:
  constexpr Collector(const BasicPolicy<Text>& policy, AbiRules& rules, Hearer& report, std::vector<char>& found)
      : policy_(policy), rules_(rules), report_(report), found_(found) {}

  constexpr void run();

 private:
  static constexpr uint32_t kAlways = 0;  // the first of AbiRules::conditions

  constexpr void add_rule(uint32_t index);
  constexpr void add_name(uint32_t index, std::string_view name);
  constexpr void add_numbers(uint32_t index, NumberRange numbers);
  constexpr void add_conditional_numbers(uint32_t index, NumberRange numbers);
  constexpr void add_multiplexed(uint32_t index, NumberRange numbers);
  constexpr void add_way(MultiplexedRules& multiplexed, uint32_t call, uint32_t index, uint32_t condition);
  constexpr void add(uint32_t index, NumberRange numbers, uint32_t condition);
  constexpr uint32_t condition(uint32_t index, std::string_view syscall, bool by_number);
  constexpr uint32_t condition_on_number(uint32_t index, std::string_view syscall);

  const BasicPolicy<Text>& policy_;
  AbiRules& rules_;
  Hearer& report_;
  std::vector<char>& found_;
  Action action_;  // of the rule at hand
  size_t way_count_ = 0;
  Budget budget_{kMaxConditionWeight};
  // What the rule at hand means for calls whose arguments are alike, and how the arguments of calls are.
  base::HashIndex likenesses_;
  std::vector<uint32_t> meanings_;       // of likenesses_
  base::FixedArray<uint64_t> likeness_;  // by the index of the name; 0: not yet known
};

template <class Text, class Hearer>
constexpr uint32_t Collector<Text, Hearer>::condition(uint32_t index, std::string_view syscall, bool by_number) {
  const BasicCondition<Text>& written = policy_.rules[index].condition;
  if (written.is_always()) return kAlways;
  ResolvedCondition resolved = resolve_condition(written, {index, rules_.arch, syscall, by_number}, report_);
  if (!budget_.take(weight(resolved))) return kAlways;
  rules_.conditions.push_back(std::move(resolved));
  return static_cast<uint32_t>(rules_.conditions.size() - 1);
}

template <class Text, class Hearer>
constexpr uint32_t Collector<Text, Hearer>::condition_on_number(uint32_t index, std::string_view syscall) {
  constexpr uint64_t kNoName = 1;
  if (likeness_.empty()) likeness_ = base::FixedArray<uint64_t>(abi::syscall_names().size() + 1);
  uint64_t likeness = kNoName;
  if (!syscall.empty()) {
    uint64_t& known = likeness_[abi::syscall_index(syscall)];
    if (known == 0) known = abi::slots_in_one_number(syscall, rules_.arch);
    likeness = known;
  }
  const size_t same = likenesses_.find(likeness);
  if (same != base::HashIndex::kNone) return meanings_[same];
  likenesses_.add(likeness);
  return meanings_.emplace_back(condition(index, syscall, true));
}

template <class Text, class Hearer>
constexpr void Collector<Text, Hearer>::add(uint32_t index, NumberRange numbers, uint32_t resolved) {
  found_[index] = 1;
  rules_.named.push_back({numbers, index, action_, resolved});
}

template <class Text, class Hearer>
constexpr void Collector<Text, Hearer>::add_way(MultiplexedRules& multiplexed, uint32_t call, uint32_t index,
                                                uint32_t resolved) {
  found_[index] = 1;
  ++way_count_;
  multiplexed.rules.push_back({call, {{}, index, action_, resolved}});
}

template <class Text, class Hearer>
constexpr void Collector<Text, Hearer>::add_name(uint32_t index, std::string_view name) {
  std::optional<uint32_t> number = abi::number_of(name, rules_.arch);
  std::optional<MultiplexedWay> way;
  if (!rules_.multiplexed.empty()) way = find_multiplexed(name);
  if (!number && !way) return;
  const uint32_t resolved = condition(index, name, false);
  for (MultiplexedRules& multiplexed : rules_.multiplexed)
    if (way && way->multiplexer == multiplexed.multiplexer)
      add_way(multiplexed, way->number, index, policy_.allow_unsafe_multiplexed ? kAlways : resolved);
  if (number) add(index, {*number, *number}, resolved);
}

// A rule on numbers holds on every way into the calls that have them. Calls without a number of their own are
// meant where all numbers of the table are. Without a condition the multiplexer's own number says it already.
template <class Text, class Hearer>
constexpr void Collector<Text, Hearer>::add_multiplexed(uint32_t index, NumberRange numbers) {
  if (policy_.allow_unsafe_multiplexed) return;
  auto is_in = [numbers](uint32_t number) { return numbers.first <= number && number <= numbers.last; };
  const bool is_always = policy_.rules[index].condition.is_always();
  const bool is_whole = is_in(abi::syscall_at(rules_.arch, 0).number) && is_in(abi::table_end(rules_.arch) - 1);
  for (MultiplexedRules& multiplexed : rules_.multiplexed) {
    if (is_always && is_in(multiplexed.number)) continue;
    for (const MultiplexedCall& call : multiplexed.multiplexer->calls) {
      std::optional<uint32_t> number = abi::number_of(call.name, rules_.arch);
      if (number ? !is_in(*number) : !is_whole) continue;
      add_way(multiplexed, call.number, index, is_always ? kAlways : condition_on_number(index, call.name));
    }
  }
}

// A number with a name has its prototype's widths, so a range falls into the numbers that have names and
// what lies between them.
template <class Text, class Hearer>
constexpr void Collector<Text, Hearer>::add_conditional_numbers(uint32_t index, NumberRange numbers) {
  uint64_t next = numbers.first;
  size_t count = abi::syscall_count(rules_.arch);
  for (size_t i = first_index_from(rules_.arch, numbers.first); i < count; ++i) {
    abi::NumberedName entry = abi::syscall_at(rules_.arch, i);
    if (entry.number > numbers.last) break;
    if (entry.number > next)
      add(index, {static_cast<uint32_t>(next), entry.number - 1}, condition_on_number(index, {}));
    add(index, {entry.number, entry.number}, condition_on_number(index, entry.name));
    next = uint64_t{entry.number} + 1;
  }
  if (next <= numbers.last) add(index, {static_cast<uint32_t>(next), numbers.last}, condition_on_number(index, {}));
}

template <class Text, class Hearer>
constexpr void Collector<Text, Hearer>::add_numbers(uint32_t index, NumberRange numbers) {
  likenesses_.clear();
  meanings_.clear();
  if (!rules_.multiplexed.empty()) add_multiplexed(index, numbers);
  for (const NumberRange& part : rules_.share) {
    NumberRange common{std::max(part.first, numbers.first), std::min(part.last, numbers.last)};
    if (common.first > common.last) continue;
    if (policy_.rules[index].condition.is_always()) {
      add(index, common, kAlways);
    } else {
      add_conditional_numbers(index, common);
    }
  }
}

template <class Text, class Hearer>
constexpr void Collector<Text, Hearer>::add_rule(uint32_t index) {
  using Kind = typename BasicTarget<Text>::Kind;
  const BasicRule<Text>& rule = policy_.rules[index];
  const BasicTarget<Text>& target = rule.target;
  if (target.arch && *target.arch != rules_.arch) return;
  action_ = action_on(rule.action, rule.errno_name, rules_.arch);
  switch (target.kind) {
    case Kind::name: add_name(index, target.name); break;
    case Kind::numbers: add_numbers(index, {target.first, target.last}); break;
    case Kind::every: add_numbers(index, {0, UINT32_MAX}); break;
    case Kind::group:
      for (std::string_view member : abi::group_members(target.name)) add_name(index, member);
      break;
  }
}

template <class Text, class Hearer>
constexpr void Collector<Text, Hearer>::run() {
  rules_.named.reserve(policy_.rules.size());
  for (uint32_t i = 0; i < policy_.rules.size(); ++i) {
    add_rule(i);
    if (rules_.named.size() + way_count_ > kMaxNamed) {
      report_.names_too_many_numbers(i, kMaxNamed);
      return;
    }
    if (budget_.is_exceeded()) {
      report_.asks_for_too_many_values(i);
      return;
    }
  }
}

constexpr std::vector<NumberRange> unknown_numbers(KernelVersion newest, Arch arch,
                                                   const std::vector<NumberRange>& share) {
  std::vector<NumberRange> unknown;
  uint64_t above = abi::table_end(arch);
  for (size_t i = 0; i < abi::syscall_count(arch); ++i) {
    abi::NumberedName entry = abi::syscall_at(arch, i);
    std::optional<KernelVersion> since = abi::since_at(arch, i);
    bool is_newer = since && *since > newest;
    if (entry.number >= above) {  // a private number among those above the table
      if (entry.number > above) unknown.push_back({static_cast<uint32_t>(above), entry.number - 1});
      above = uint64_t{entry.number} + 1;
    }
    if (is_newer) unknown.push_back({entry.number, entry.number});
  }
  uint32_t end = 0;
  for (const NumberRange& part : share)
    if (part.first != UINT32_MAX) end = std::max(end, std::min(part.last, UINT32_MAX - 1));
  if (above <= end) unknown.push_back({static_cast<uint32_t>(above), end});
  return unknown;
}

}  // namespace detail

template <class Text, class Hearer>
constexpr AbiRules collect_rules(const BasicPolicy<Text>& policy, Arch arch, std::vector<NumberRange> share,
                                 Hearer& report, std::vector<char>& found) {
  AbiRules rules;
  rules.arch = arch;
  rules.conditions.push_back(always());
  rules.share = std::move(share);
  rules.default_action = action_on(policy.default_action.action, policy.default_action.errno_name, arch);
  if (policy.since) {
    rules.unknown_action = action_on({ActionKind::errno_, 38}, "ENOSYS", arch);
    if (policy.unknown) rules.unknown_action = action_on(policy.unknown->action, policy.unknown->errno_name, arch);
    rules.unknown = detail::unknown_numbers(*policy.since, arch, rules.share);
  }
  for (const Multiplexer& multiplexer : multiplexers())
    if (std::optional<uint32_t> number = abi::number_of(multiplexer.name, arch))
      rules.multiplexed.push_back({&multiplexer, *number, {}});
  detail::Collector<Text, Hearer>(policy, rules, report, found).run();
  return rules;
}

}  // namespace cordon::policy
