#include "cordon/policy/abi_rules.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "cordon/abi/constants.h"
#include "cordon/abi/groups.h"
#include "cordon/abi/syscalls.h"
#include "cordon/policy/resolve_condition.h"

namespace cordon::policy {
namespace {

// More than any filter could hold; a bound for what a hostile policy can make of a few lines.
constexpr size_t kMaxNamed = size_t{1} << 19;

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
  void add(uint32_t index, NumberRange numbers, ResolvedCondition condition);
  ResolvedCondition condition(uint32_t index, std::string_view syscall, bool by_number);

  const Policy& policy_;
  AbiRules& rules_;
  Report& report_;
  std::vector<char>& found_;
  Action action_;  // of the rule at hand
};

ResolvedCondition Collector::condition(uint32_t index, std::string_view syscall, bool by_number) {
  const Condition& written = policy_.rules[index].condition;
  if (written.is_always()) return {};
  return resolve_condition(written, {index, rules_.arch, syscall, by_number}, report_);
}

void Collector::add(uint32_t index, NumberRange numbers, ResolvedCondition resolved) {
  found_[index] = 1;
  rules_.named.push_back({numbers, index, action_, std::move(resolved)});
}

void Collector::add_name(uint32_t index, std::string_view name) {
  std::optional<uint32_t> number = abi::number_of(name, rules_.arch);
  std::optional<MultiplexedWay> way;
  if (!rules_.multiplexed.empty()) way = find_multiplexed(name);
  if (!number && !way) return;
  ResolvedCondition resolved = condition(index, name, false);
  for (MultiplexedRules& multiplexed : rules_.multiplexed) {
    if (!way || way->multiplexer != multiplexed.multiplexer) continue;
    found_[index] = 1;
    ResolvedCondition hidden = policy_.allow_unsafe_multiplexed ? ResolvedCondition{} : resolved;
    multiplexed.rules.push_back({way->number, {{}, index, action_, std::move(hidden)}});
  }
  if (number) add(index, {*number, *number}, std::move(resolved));
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
      add(index, {static_cast<uint32_t>(next), entry.number - 1}, condition(index, {}, true));
    add(index, {entry.number, entry.number}, condition(index, entry.name, true));
    next = uint64_t{entry.number} + 1;
  }
  if (next <= numbers.last)
    add(index, {static_cast<uint32_t>(next), numbers.last}, condition(index, {}, true));
}

void Collector::add_numbers(uint32_t index, NumberRange numbers) {
  for (const NumberRange& part : rules_.share) {
    NumberRange common{std::max(part.first, numbers.first), std::min(part.last, numbers.last)};
    if (common.first > common.last) continue;
    if (policy_.rules[index].condition.is_always()) {
      add(index, common, {});
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
    if (rules_.named.size() > kMaxNamed) {
      report_.say(Severity::error, "policy-too-large", i, {},
                  "the rules up to here name more than " + std::to_string(kMaxNamed) + " numbers");
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
  bool has_data = action.kind == ActionKind::errno_ || action.kind == ActionKind::trap || action.kind == ActionKind::trace;
  if (!has_data) action.data = 0;
  if (action.kind == ActionKind::errno_ && !named.errno_name.empty())
    action.data = abi::errno_number(named.errno_name, arch).value_or(action.data);
  return action;
}

AbiRules collect_rules(const Policy& policy, Arch arch, std::vector<NumberRange> share, Report& report,
                       std::vector<char>& found) {
  AbiRules rules;
  rules.arch = arch;
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
