#include "cordon/policy/abi_rules.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "cordon/abi/arguments.h"
#include "cordon/abi/constants.h"
#include "cordon/abi/groups.h"
#include "cordon/abi/syscalls.h"
#include "cordon/policy/budget.h"
#include "cordon/policy/condition_algebra.h"
#include "cordon/policy/resolve_condition.h"

namespace cordon::policy {
namespace {

// More than any filter could hold; a bound for what a hostile policy can make of a few lines.
constexpr size_t kMaxNamed = size_t{1} << 19;
constexpr uint64_t kMaxWeight = uint64_t{1} << 23;

size_t first_index_from(Arch arch, uint32_t number) {
  size_t low = 0;
  size_t high = abi::syscall_count(arch);
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    abi::syscall_at(arch, middle).number < number ? low = middle + 1 : high = middle;
  }
  return low;
}

class Collector {
 public:
  Collector(const Policy& policy, AbiRules& rules, Report& report, std::vector<char>& found)
      : policy_(policy), rules_(rules), report_(report), found_(found) {}

  void run();

 private:
  void add_rule(uint32_t index);
  void add_name(uint32_t index, std::string_view name);
  void add_numbers(uint32_t index, NumberRange numbers);
  void add_conditional_numbers(uint32_t index, NumberRange numbers);
  void add_multiplexed(uint32_t index, NumberRange numbers);
  void add_way(MultiplexedRules& multiplexed, uint32_t call, uint32_t index, const ResolvedCondition* condition);
  void add(uint32_t index, NumberRange numbers, const ResolvedCondition* condition);
  const ResolvedCondition* condition(uint32_t index, std::string_view syscall, bool by_number);
  const ResolvedCondition* condition_on_number(uint32_t index, std::string_view syscall);
  const ResolvedCondition* always() const { return rules_.conditions.front().get(); }

  const Policy& policy_;
  AbiRules& rules_;
  Report& report_;
  std::vector<char>& found_;
  Action action_;  // of the rule at hand
  size_t way_count_ = 0;
  Budget budget_{kMaxWeight};
  // What the rule at hand means for calls whose arguments are alike, and how the arguments of calls are.
  std::map<uint64_t, const ResolvedCondition*> meanings_;
  std::unordered_map<std::string_view, uint64_t> likeness_;
};

const ResolvedCondition* Collector::condition(uint32_t index, std::string_view syscall, bool by_number) {
  const Condition& written = policy_.rules[index].condition;
  if (written.is_always()) return always();
  ResolvedCondition resolved = resolve_condition(written, {index, rules_.arch, syscall, by_number}, report_);
  if (!budget_.take(weight(resolved))) return always();
  rules_.conditions.push_back(std::make_unique<const ResolvedCondition>(std::move(resolved)));
  return rules_.conditions.back().get();
}

// Everything about a call's arguments that a condition on slots depends on, in one number.
uint64_t likeness_of(std::string_view syscall, Arch arch) {
  constexpr uint64_t kNoName = 1;
  if (syscall.empty()) return kNoName;
  uint64_t likeness = 0;
  for (unsigned slot = 0; slot < 6; ++slot) {
    likeness <<= 9;
    if (auto argument = abi::argument_at(syscall, slot, arch))
      likeness |= argument->bits | uint64_t{argument->is_signed} << 7 | uint64_t{argument->is_pointer} << 8;
  }
  return likeness << 1;
}

const ResolvedCondition* Collector::condition_on_number(uint32_t index, std::string_view syscall) {
  auto [known, is_new] = likeness_.try_emplace(syscall, 0);
  if (is_new) known->second = likeness_of(syscall, rules_.arch);
  const ResolvedCondition*& meaning = meanings_[known->second];
  if (meaning == nullptr) meaning = condition(index, syscall, true);
  return meaning;
}

void Collector::add(uint32_t index, NumberRange numbers, const ResolvedCondition* resolved) {
  found_[index] = 1;
  rules_.named.push_back({numbers, index, action_, resolved});
}

void Collector::add_way(MultiplexedRules& multiplexed, uint32_t call, uint32_t index,
                        const ResolvedCondition* resolved) {
  found_[index] = 1;
  ++way_count_;
  multiplexed.rules.push_back({call, {{}, index, action_, resolved}});
}

void Collector::add_name(uint32_t index, std::string_view name) {
  std::optional<uint32_t> number = abi::number_of(name, rules_.arch);
  std::optional<MultiplexedWay> way;
  if (!rules_.multiplexed.empty()) way = find_multiplexed(name);
  if (!number && !way) return;
  const ResolvedCondition* resolved = condition(index, name, false);
  for (MultiplexedRules& multiplexed : rules_.multiplexed)
    if (way && way->multiplexer == multiplexed.multiplexer)
      add_way(multiplexed, way->number, index, policy_.allow_unsafe_multiplexed ? always() : resolved);
  if (number) add(index, {*number, *number}, resolved);
}

// A rule on numbers holds on every way into the calls that have them. Calls without a number of their own are
// meant where all numbers of the table are. Without a condition the multiplexer's own number says it already.
void Collector::add_multiplexed(uint32_t index, NumberRange numbers) {
  if (policy_.allow_unsafe_multiplexed) return;
  auto is_in = [numbers](uint32_t number) { return numbers.first <= number && number <= numbers.last; };
  const bool is_always = policy_.rules[index].condition.is_always();
  const bool is_whole = is_in(abi::syscall_at(rules_.arch, 0).number) && is_in(abi::table_end(rules_.arch) - 1);
  for (MultiplexedRules& multiplexed : rules_.multiplexed) {
    if (is_always && is_in(multiplexed.number)) continue;
    for (const MultiplexedCall& call : multiplexed.multiplexer->calls) {
      std::optional<uint32_t> number = abi::number_of(call.name, rules_.arch);
      if (number ? !is_in(*number) : !is_whole) continue;
      add_way(multiplexed, call.number, index, is_always ? always() : condition_on_number(index, call.name));
    }
  }
}

// A number with a name has its prototype's widths, so a range falls into the numbers that have names and
// what lies between them.
void Collector::add_conditional_numbers(uint32_t index, NumberRange numbers) {
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

void Collector::add_numbers(uint32_t index, NumberRange numbers) {
  meanings_.clear();
  if (!rules_.multiplexed.empty()) add_multiplexed(index, numbers);
  for (const NumberRange& part : rules_.share) {
    NumberRange common{std::max(part.first, numbers.first), std::min(part.last, numbers.last)};
    if (common.first > common.last) continue;
    if (policy_.rules[index].condition.is_always()) {
      add(index, common, always());
    } else {
      add_conditional_numbers(index, common);
    }
  }
}

void Collector::add_rule(uint32_t index) {
  const Rule& rule = policy_.rules[index];
  const Target& target = rule.target;
  if (target.arch && *target.arch != rules_.arch) return;
  action_ = action_on({rule.action, rule.errno_name}, rules_.arch);
  switch (target.kind) {
    case Target::Kind::name: add_name(index, target.name); break;
    case Target::Kind::numbers: add_numbers(index, {target.first, target.last}); break;
    case Target::Kind::every: add_numbers(index, {0, UINT32_MAX}); break;
    case Target::Kind::group:
      if (const abi::Group* group = abi::find_group(target.name))
        for (std::string_view member : group->members) add_name(index, member);
      break;
  }
}

void Collector::run() {
  rules_.named.reserve(policy_.rules.size());
  for (uint32_t i = 0; i < policy_.rules.size(); ++i) {
    add_rule(i);
    if (rules_.named.size() + way_count_ > kMaxNamed) {
      report_.say(Severity::error, "policy-too-large", i, {},
                  "the rules up to here name more than " + std::to_string(kMaxNamed) + " numbers",
                  "name fewer calls twice");
      return;
    }
    if (budget_.is_exceeded()) {
      report_.say(Severity::error, "policy-too-large", i, {}, "the conditions up to here ask for too many values",
                  "ask for ranges of values");
      return;
    }
  }
}

std::vector<NumberRange> unknown_numbers(const Policy& policy, Arch arch, const std::vector<NumberRange>& share) {
  std::vector<NumberRange> unknown;
  uint64_t above = abi::table_end(arch);
  for (size_t i = 0; i < abi::syscall_count(arch); ++i) {
    abi::NumberedName entry = abi::syscall_at(arch, i);
    std::optional<KernelVersion> since = abi::since(entry.name, arch);
    bool is_newer = since && *since > *policy.since;
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

}  // namespace

std::vector<NumberRange> share_of(Arch arch, bool is_first) {
  std::vector<NumberRange> share;
  if (arch == Arch::x86_64) {
    share = {{0, abi::kX32Bit - 1}};
  } else if (arch == Arch::x32) {
    share = {{abi::kX32Bit, UINT32_MAX - 1}};
  } else {
    return {{0, UINT32_MAX}};
  }
  if (is_first) share.push_back({UINT32_MAX, UINT32_MAX});
  return share;
}

Action action_on(const NamedAction& named, Arch arch) {
  Action action = named.action;
  bool has_data =
      action.kind == ActionKind::errno_ || action.kind == ActionKind::trap || action.kind == ActionKind::trace;
  if (!has_data) action.data = 0;
  if (action.kind == ActionKind::errno_ && !named.errno_name.empty())
    action.data = abi::errno_number(named.errno_name, arch).value_or(action.data);
  return action;
}

AbiRules collect_rules(const Policy& policy, Arch arch, std::vector<NumberRange> share, Report& report,
                       std::vector<char>& found) {
  AbiRules rules;
  rules.arch = arch;
  rules.conditions.push_back(std::make_unique<const ResolvedCondition>());
  rules.share = std::move(share);
  rules.default_action = action_on(policy.default_action, arch);
  if (policy.since) {
    const NamedAction answer = policy.unknown.value_or(NamedAction{{ActionKind::errno_, 38}, "ENOSYS"});
    rules.unknown_action = action_on(answer, arch);
    rules.unknown = unknown_numbers(policy, arch, rules.share);
  }
  for (const Multiplexer& multiplexer : multiplexers())
    if (std::optional<uint32_t> number = abi::number_of(multiplexer.name, arch))
      rules.multiplexed.push_back({&multiplexer, *number, {}});
  Collector(policy, rules, report, found).run();
  return rules;
}

}  // namespace cordon::policy
