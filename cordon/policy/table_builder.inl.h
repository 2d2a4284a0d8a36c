// The body of table_builder.h, for policies of any text and whoever hears what is wrong with them.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <utility>
#include <vector>

#include "cordon/abi/syscalls.h"
#include "cordon/base/hash_index.h"
#include "cordon/policy/budget.h"
#include "cordon/policy/condition_algebra.h"
#include "cordon/policy/first_match.h"
#include "cordon/policy/policy.h"
#include "cordon/policy/table_builder.h"

namespace cordon::policy {
namespace detail {

// As kMaxNamed: a bound for hostile policies, far above what 4096 instructions can express.
inline constexpr size_t kMaxCandidates = size_t{1} << 21;
inline constexpr uint64_t kMaxWork = uint64_t{1} << 23;          // conditions that are gone through, by weight
inline constexpr uint64_t kMaxClauseWeight = uint64_t{1} << 24;  // of all clauses

// A rule on numbers, in order of the first number, then of the policy.
struct OnNumber {
  uint64_t key = 0;
  const NamedNumbers* named = nullptr;  // those of one key lie in one list, in order

  constexpr uint32_t first() const { return static_cast<uint32_t>(key >> 32); }
  // By hand: a defaulted one takes a constant expression four times the steps.
  constexpr bool operator<(const OnNumber& other) const {
    return key != other.key ? key < other.key : named < other.named;
  }
};

template <class Hearer>
class TableBuilder {
 public:
  constexpr TableBuilder(const TableInput& input, Hearer& report, std::span<RuleUse> uses)
      : input_(input), report_(report), uses_(uses) {}

  constexpr std::vector<Segment> run();

 private:
  constexpr void sort_rules();
  constexpr void find_boundaries();
  constexpr void gather(const AbiRules& abi, NumberRange numbers);
  constexpr std::vector<Clause> clauses_for(NumberRange numbers);
  constexpr std::vector<Clause> clauses_for_multiplexer(const AbiRules& abi, const MultiplexedRules& multiplexed,
                                                        const FirstMatchInput& rest);
  constexpr std::vector<Candidate> candidates_for_call(const AbiRules& abi, const MultiplexedRules& multiplexed,
                                                       uint32_t call) const;
  constexpr std::vector<Clause> clauses_for_candidates(const AbiRules& abi, uint32_t number,
                                                       const FirstMatchInput& input);
  constexpr std::vector<Clause> new_clauses(const AbiRules& abi, uint32_t number, const FirstMatchInput& input);
  constexpr bool charge(std::span<const Candidate> candidates);
  template <class Tell>
  constexpr void report_tightened(Tell tell);
  constexpr const AbiRules* owner_of(uint32_t number) const;
  constexpr bool is_unknown(const AbiRules& abi, uint32_t number) const;

  const TableInput& input_;
  Hearer& report_;
  std::span<RuleUse> uses_;
  std::vector<OnNumber> singles_;  // of one number
  std::vector<OnNumber> ranges_;
  std::vector<uint64_t> boundaries_;
  size_t next_single_ = 0;
  size_t next_range_ = 0;
  std::vector<const NamedNumbers*> active_;  // ranges over the current number, by rule
  std::vector<Candidate> candidates_;        // for the current number, by rule
  std::vector<Tightened> tightened_;
  size_t tightened_count_ = 0;
  size_t candidate_count_ = 0;
  Budget work_{kMaxWork};
  Budget budget_{kMaxClauseWeight};
  // Numbers on which the same rules mean the same have the same clauses.
  using Meaning = std::vector<std::pair<uint32_t, const ResolvedCondition*>>;
  struct Known {
    Meaning meaning;
    std::vector<Clause> clauses;
    uint64_t weight = 0;
  };
  constexpr const Known* find_known(uint64_t hash, const Meaning& meaning) const;
  std::vector<Known> known_;
  base::HashIndex known_by_rules_;
};

constexpr bool by_rule(const NamedNumbers* a, const NamedNumbers* b) { return a->rule < b->rule; }

template <class Hearer>
constexpr void TableBuilder<Hearer>::sort_rules() {
  for (const AbiRules& abi : input_.abis) {
    singles_.reserve(singles_.size() + abi.named.size());
    for (const NamedNumbers& named : abi.named) {
      uint64_t key = uint64_t{named.numbers.first} << 32 | named.rule;
      (named.numbers.first == named.numbers.last ? singles_ : ranges_).push_back({key, &named});
    }
  }
  std::sort(singles_.begin(), singles_.end());
  std::sort(ranges_.begin(), ranges_.end());
}

template <class Hearer>
constexpr void TableBuilder<Hearer>::find_boundaries() {
  boundaries_.reserve(2 * singles_.size() + 64);
  auto add = [&](NumberRange numbers) {
    boundaries_.push_back(numbers.first);
    boundaries_.push_back(uint64_t{numbers.last} + 1);
  };
  for (const OnNumber& single : singles_) {
    if (boundaries_.empty() || boundaries_.back() <= single.first()) boundaries_.push_back(single.first());
    if (boundaries_.back() == single.first()) boundaries_.push_back(uint64_t{single.first()} + 1);
  }
  std::vector<uint64_t> of_singles = std::move(boundaries_);
  boundaries_.clear();
  add({0, UINT32_MAX});
  for (const OnNumber& range : ranges_) add(range.named->numbers);
  for (const AbiRules& abi : input_.abis) {
    for (const NumberRange& part : abi.share) add(part);
    for (const NumberRange& part : abi.unknown) add(part);
    for (const MultiplexedRules& multiplexed : abi.multiplexed) add({multiplexed.number, multiplexed.number});
  }
  std::sort(boundaries_.begin(), boundaries_.end());
  std::vector<uint64_t> of_others = std::move(boundaries_);
  boundaries_.clear();
  boundaries_.reserve(of_singles.size() + of_others.size());
  std::merge(of_singles.begin(), of_singles.end(), of_others.begin(), of_others.end(), std::back_inserter(boundaries_));
  boundaries_.erase(std::unique(boundaries_.begin(), boundaries_.end()), boundaries_.end());
}

template <class Hearer>
constexpr const AbiRules* TableBuilder<Hearer>::owner_of(uint32_t number) const {
  for (const AbiRules& abi : input_.abis)
    for (const NumberRange& part : abi.share)
      if (part.first <= number && number <= part.last) return &abi;
  return nullptr;
}

template <class Hearer>
constexpr bool TableBuilder<Hearer>::is_unknown(const AbiRules& abi, uint32_t number) const {
  auto after = std::upper_bound(abi.unknown.begin(), abi.unknown.end(), number,
                                [](uint32_t value, const NumberRange& range) { return value < range.first; });
  return after != abi.unknown.begin() && number <= std::prev(after)->last;
}

template <class Hearer>
constexpr void TableBuilder<Hearer>::gather(const AbiRules& abi, NumberRange numbers) {
  if (!active_.empty())
    std::erase_if(active_, [&](const NamedNumbers* named) { return named->numbers.last < numbers.first; });
  for (; next_range_ < ranges_.size() && ranges_[next_range_].first() == numbers.first; ++next_range_) {
    const NamedNumbers* range = ranges_[next_range_].named;
    active_.insert(std::upper_bound(active_.begin(), active_.end(), range, by_rule), range);
  }
  size_t single = next_single_;
  while (next_single_ < singles_.size() && singles_[next_single_].first() == numbers.first) ++next_single_;

  candidates_.clear();
  auto add = [&](const NamedNumbers* named) {
    candidates_.push_back({named->rule, named->action, &abi.conditions[named->condition], Sight::registers});
  };
  size_t active = 0;
  while (single < next_single_ || active < active_.size()) {
    bool take_single =
        active == active_.size() || (single < next_single_ && singles_[single].named->rule <= active_[active]->rule);
    add(take_single ? singles_[single++].named : active_[active++]);
  }
  candidate_count_ += candidates_.size();
}

template <class Hearer>
constexpr std::vector<Candidate> TableBuilder<Hearer>::candidates_for_call(const AbiRules& abi,
                                                                           const MultiplexedRules& multiplexed,
                                                                           uint32_t call) const {
  std::vector<Candidate> of_call;
  for (const MultiplexedRules::Rule& rule : multiplexed.rules)
    if (rule.call == call)
      of_call.push_back(
          {rule.named.rule, rule.named.action, &abi.conditions[rule.named.condition], Sight::instruction_pointer});
  std::vector<Candidate> result;
  result.reserve(candidates_.size() + of_call.size());
  std::merge(candidates_.begin(), candidates_.end(), of_call.begin(), of_call.end(), std::back_inserter(result),
             [](const Candidate& a, const Candidate& b) { return a.rule < b.rule; });
  return result;
}

template <class Hearer>
constexpr std::vector<Clause> TableBuilder<Hearer>::clauses_for_multiplexer(const AbiRules& abi,
                                                                            const MultiplexedRules& multiplexed,
                                                                            const FirstMatchInput& rest) {
  std::vector<Clause> clauses;
  for (const MultiplexedCall& call : multiplexed.multiplexer->calls) {
    std::vector<Candidate> candidates = candidates_for_call(abi, multiplexed, call.number);
    candidate_count_ += candidates.size();
    bool is_plain = candidates.size() == candidates_.size();
    if (is_plain) continue;
    if (!charge(candidates)) return clauses;
    const ResolvedCondition guard =
        make_test(0, multiplexed.multiplexer->mask, std::vector<Interval>(1, Interval{call.number, call.number}));
    Origin by_default{Origin::Kind::default_action, 0, 0};
    append_first_match({candidates, abi.default_action, by_default, &guard, &budget_}, uses_, clauses, tightened_);
    report_tightened([&](const Tightened& one) {
      report_.multiplexed_stricter(one, abi.arch, call.name, multiplexed.multiplexer->name);
    });
  }
  append_first_match(rest, uses_, clauses, tightened_);
  return clauses;
}

template <class Hearer>
template <class Tell>
constexpr void TableBuilder<Hearer>::report_tightened(Tell tell) {
  for (const Tightened& one : tightened_) tell(one);
  tightened_count_ += tightened_.size();
  tightened_.clear();
}

constexpr std::vector<Clause> only_clause(Action action, Origin origin) {
  std::vector<Clause> clauses(1);
  clauses.front().action = action;
  clauses.front().origin = origin;
  return clauses;
}

template <class Hearer>
constexpr std::vector<Clause> TableBuilder<Hearer>::clauses_for(NumberRange numbers) {
  const AbiRules* abi = owner_of(numbers.first);
  if (abi == nullptr) return only_clause(input_.bad_arch, {Origin::Kind::bad_arch, 0, 0});
  gather(*abi, numbers);
  FirstMatchInput input{candidates_, abi->default_action, {Origin::Kind::default_action, 0, 0}, nullptr, &budget_};
  if (candidates_.empty() && is_unknown(*abi, numbers.first)) {
    input.last = abi->unknown_action;
    input.last_origin.kind = Origin::Kind::unknown;
  }
  for (const MultiplexedRules& multiplexed : abi->multiplexed)
    if (multiplexed.number == numbers.first) return clauses_for_multiplexer(*abi, multiplexed, input);
  if (candidates_.empty()) return only_clause(input.last, input.last_origin);
  return clauses_for_candidates(*abi, numbers.first, input);
}

template <class Hearer>
constexpr auto TableBuilder<Hearer>::find_known(uint64_t hash, const Meaning& meaning) const -> const Known* {
  for (size_t i = known_by_rules_.find(hash); i != base::HashIndex::kNone; i = known_by_rules_.next(i))
    if (known_[i].meaning == meaning) return &known_[i];
  return nullptr;
}

template <class Hearer>
constexpr std::vector<Clause> TableBuilder<Hearer>::clauses_for_candidates(const AbiRules& abi, uint32_t number,
                                                                           const FirstMatchInput& input) {
  const auto& rules = report_.policy().rules;
  const bool is_only_here = std::any_of(candidates_.begin(), candidates_.end(), [&](const Candidate& candidate) {
    const auto& target = rules[candidate.rule].target;
    return target.kind == std::remove_cvref_t<decltype(target)>::Kind::name;
  });
  if (is_only_here) return new_clauses(abi, number, input);
  Meaning meaning;
  meaning.reserve(candidates_.size());
  uint64_t hash = 0;
  for (const Candidate& candidate : candidates_) {
    meaning.emplace_back(candidate.rule, candidate.condition);
    const auto condition = static_cast<uint64_t>(candidate.condition - abi.conditions.data());
    hash = base::mix(hash, uint64_t{candidate.rule} << 32 | condition);
  }
  if (const Known* same = find_known(hash, meaning)) {
    if (budget_.take(same->weight)) return same->clauses;
    return std::vector<Clause>();
  }
  const size_t tightened_before = tightened_count_;
  std::vector<Clause> clauses = new_clauses(abi, number, input);
  if (tightened_count_ > tightened_before || work_.is_exceeded()) return clauses;
  known_by_rules_.add(hash);
  Known& known = known_.emplace_back();
  known.meaning = std::move(meaning);
  for (const Clause& clause : clauses) known.weight += weight(clause.condition);
  known.clauses = clauses;
  return clauses;
}

template <class Hearer>
constexpr std::vector<Clause> TableBuilder<Hearer>::new_clauses(const AbiRules& abi, uint32_t number,
                                                                const FirstMatchInput& input) {
  std::vector<Clause> clauses;
  if (!charge(candidates_)) return clauses;
  append_first_match(input, uses_, clauses, tightened_);
  report_tightened([&](const Tightened& one) { report_.hidden_argument(one, abi.arch, number); });
  return clauses;
}

template <class Hearer>
constexpr bool TableBuilder<Hearer>::charge(std::span<const Candidate> candidates) {
  for (const Candidate& candidate : candidates)
    if (!work_.take(weight(*candidate.condition))) return false;
  return true;
}

template <class Hearer>
constexpr std::vector<Segment> TableBuilder<Hearer>::run() {
  sort_rules();
  find_boundaries();
  std::vector<Segment> segments;
  segments.reserve(boundaries_.size());
  for (size_t i = 0; i + 1 < boundaries_.size(); ++i) {
    NumberRange numbers{static_cast<uint32_t>(boundaries_[i]), static_cast<uint32_t>(boundaries_[i + 1] - 1)};
    append_segment(segments, numbers, clauses_for(numbers));
    if (candidate_count_ > kMaxCandidates) {
      report_.rules_overlap_too_often(kMaxCandidates);
      break;
    }
    if (work_.is_exceeded() || budget_.is_exceeded()) {
      report_.conditions_multiply();
      break;
    }
  }
  return segments;
}

}  // namespace detail

template <class Hearer>
constexpr ArchTable build_table(const TableInput& input, Hearer& report, std::span<RuleUse> uses) {
  const abi::ArchInfo& info = abi::info(input.abis.front().arch);
  ArchTable table;
  table.audit_arch = info.audit_arch;
  table.endian = info.endian;
  table.word_bits = info.word_bits;
  table.segments = detail::TableBuilder<Hearer>(input, report, uses).run();
  return table;
}

}  // namespace cordon::policy
