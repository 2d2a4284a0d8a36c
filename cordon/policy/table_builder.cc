#include "cordon/policy/table_builder.h"

#include <algorithm>
#include <compare>
#include <map>
#include <string>
#include <utility>

#include "cordon/abi/syscalls.h"
#include "cordon/policy/budget.h"
#include "cordon/policy/condition_algebra.h"

namespace cordon::policy {
namespace {

// As kMaxNamed: a bound for hostile policies, far above what 4096 instructions can express.
constexpr size_t kMaxCandidates = size_t{1} << 21;
constexpr uint64_t kMaxWork = uint64_t{1} << 23;    // conditions that are gone through, by weight
constexpr uint64_t kMaxWeight = uint64_t{1} << 24;  // of all clauses

// A rule on numbers, in order of the first number, then of the policy.
struct OnNumber {
  uint64_t key = 0;
  const NamedNumbers* named = nullptr;  // those of one key lie in one list, in order

  uint32_t first() const { return static_cast<uint32_t>(key >> 32); }
  auto operator<=>(const OnNumber&) const = default;
};

class TableBuilder {
 public:
  TableBuilder(const TableInput& input, Report& report, std::span<RuleUse> uses)
      : input_(input), report_(report), uses_(uses) {}

  std::vector<Segment> run();

 private:
  void sort_rules();
  void find_boundaries();
  void gather(NumberRange numbers);
  std::vector<Clause> clauses_for(NumberRange numbers);
  std::vector<Clause> clauses_for_multiplexer(const AbiRules& abi, const MultiplexedRules& multiplexed,
                                              const FirstMatchInput& rest);
  std::vector<Candidate> candidates_for_call(const MultiplexedRules& multiplexed, uint32_t call) const;
  std::vector<Clause> clauses_for_candidates(const AbiRules& abi, uint32_t number, const FirstMatchInput& input);
  std::vector<Clause> new_clauses(const AbiRules& abi, uint32_t number, const FirstMatchInput& input);
  bool charge(std::span<const Candidate> candidates);
  void report_tightened(const AbiRules& abi, uint32_t number, std::string_view call, const Multiplexer* way);
  const AbiRules* owner_of(uint32_t number) const;
  bool is_unknown(const AbiRules& abi, uint32_t number) const;

  const TableInput& input_;
  Report& report_;
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
  Budget budget_{kMaxWeight};
  // Numbers on which the same rules mean the same have the same clauses.
  struct Known {
    std::vector<Clause> clauses;
    uint64_t weight = 0;
  };
  std::map<std::vector<std::pair<uint32_t, const ResolvedCondition*>>, Known> known_;
};

bool by_rule(const NamedNumbers* a, const NamedNumbers* b) { return a->rule < b->rule; }

void TableBuilder::sort_rules() {
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

void TableBuilder::find_boundaries() {
  boundaries_.reserve(2 * singles_.size() + 64);
  auto add = [&](NumberRange numbers) {
    boundaries_.push_back(numbers.first);
    boundaries_.push_back(uint64_t{numbers.last} + 1);
  };
  for (const OnNumber& single : singles_) {
    if (boundaries_.empty() || boundaries_.back() <= single.first()) boundaries_.push_back(single.first());
    if (boundaries_.back() == single.first()) boundaries_.push_back(uint64_t{single.first()} + 1);
  }
  const auto sorted = static_cast<ptrdiff_t>(boundaries_.size());
  add({0, UINT32_MAX});
  for (const OnNumber& range : ranges_) add(range.named->numbers);
  for (const AbiRules& abi : input_.abis) {
    for (const NumberRange& part : abi.share) add(part);
    for (const NumberRange& part : abi.unknown) add(part);
    for (const MultiplexedRules& multiplexed : abi.multiplexed) add({multiplexed.number, multiplexed.number});
  }
  std::sort(boundaries_.begin() + sorted, boundaries_.end());
  std::inplace_merge(boundaries_.begin(), boundaries_.begin() + sorted, boundaries_.end());
  boundaries_.erase(std::unique(boundaries_.begin(), boundaries_.end()), boundaries_.end());
}

const AbiRules* TableBuilder::owner_of(uint32_t number) const {
  for (const AbiRules& abi : input_.abis)
    for (const NumberRange& part : abi.share)
      if (part.first <= number && number <= part.last) return &abi;
  return nullptr;
}

bool TableBuilder::is_unknown(const AbiRules& abi, uint32_t number) const {
  auto after = std::upper_bound(abi.unknown.begin(), abi.unknown.end(), number,
                                [](uint32_t value, const NumberRange& range) { return value < range.first; });
  return after != abi.unknown.begin() && number <= std::prev(after)->last;
}

void TableBuilder::gather(NumberRange numbers) {
  std::erase_if(active_, [&](const NamedNumbers* named) { return named->numbers.last < numbers.first; });
  for (; next_range_ < ranges_.size() && ranges_[next_range_].first() == numbers.first; ++next_range_) {
    const NamedNumbers* range = ranges_[next_range_].named;
    active_.insert(std::upper_bound(active_.begin(), active_.end(), range, by_rule), range);
  }
  size_t single = next_single_;
  while (next_single_ < singles_.size() && singles_[next_single_].first() == numbers.first) ++next_single_;

  candidates_.clear();
  auto add = [&](const NamedNumbers* named) {
    candidates_.push_back({named->rule, named->action, named->condition, Sight::registers});
  };
  size_t active = 0;
  while (single < next_single_ || active < active_.size()) {
    bool take_single =
        active == active_.size() || (single < next_single_ && singles_[single].named->rule <= active_[active]->rule);
    add(take_single ? singles_[single++].named : active_[active++]);
  }
  candidate_count_ += candidates_.size();
}

std::vector<Candidate> TableBuilder::candidates_for_call(const MultiplexedRules& multiplexed, uint32_t call) const {
  std::vector<Candidate> result = candidates_;
  for (const MultiplexedRules::Rule& rule : multiplexed.rules)
    if (rule.call == call)
      result.push_back({rule.named.rule, rule.named.action, rule.named.condition, Sight::instruction_pointer});
  std::stable_sort(result.begin(), result.end(),
                   [](const Candidate& a, const Candidate& b) { return a.rule < b.rule; });
  return result;
}

std::vector<Clause> TableBuilder::clauses_for_multiplexer(const AbiRules& abi, const MultiplexedRules& multiplexed,
                                                          const FirstMatchInput& rest) {
  std::vector<Clause> clauses;
  for (const MultiplexedCall& call : multiplexed.multiplexer->calls) {
    std::vector<Candidate> candidates = candidates_for_call(multiplexed, call.number);
    candidate_count_ += candidates.size();
    bool is_plain = candidates.size() == candidates_.size();
    if (is_plain) continue;
    if (!charge(candidates)) return clauses;
    ResolvedCondition guard = make_test(0, multiplexed.multiplexer->mask, {{call.number, call.number}});
    Origin by_default{Origin::Kind::default_action, 0, 0};
    append_first_match({candidates, abi.default_action, by_default, &guard, &budget_}, uses_, clauses, tightened_);
    report_tightened(abi, multiplexed.number, call.name, multiplexed.multiplexer);
  }
  append_first_match(rest, uses_, clauses, tightened_);
  return clauses;
}

void TableBuilder::report_tightened(const AbiRules& abi, uint32_t number, std::string_view call,
                                    const Multiplexer* way) {
  for (const Tightened& one : tightened_) {
    std::string arch(abi::name(abi.arch));
    std::string outcome = "'" + to_string(one.outcome, abi.arch) + "' whatever they are";
    if (way != nullptr) {
      report_.say(Severity::warning, "multiplexed-stricter", one.rule, {},
                  "on " + arch + " '" + std::string(call) + "' can also be called through " + std::string(way->name) +
                      ", where its arguments lie in memory: that way gets " + outcome,
                  "a rule for '" + std::string(call) + "' alone, without arguments, would decide both ways alike");
    } else {
      report_.say(Severity::warning, "hidden-argument", one.rule, {},
                  "on " + arch + " '" + std::string(abi::name_of(number, abi.arch)) +
                      "' does not have these arguments in registers: it gets " + outcome,
                  "limit the rule to the architectures that have them: 'call@arch(...)'");
    }
  }
  tightened_count_ += tightened_.size();
  tightened_.clear();
}

std::vector<Clause> TableBuilder::clauses_for(NumberRange numbers) {
  const AbiRules* abi = owner_of(numbers.first);
  if (abi == nullptr) return {{always(), input_.bad_arch, {Origin::Kind::bad_arch, 0, 0}}};
  gather(numbers);
  FirstMatchInput input{candidates_, abi->default_action, {Origin::Kind::default_action, 0, 0}, nullptr, &budget_};
  if (candidates_.empty() && is_unknown(*abi, numbers.first)) {
    input.last = abi->unknown_action;
    input.last_origin.kind = Origin::Kind::unknown;
  }
  for (const MultiplexedRules& multiplexed : abi->multiplexed)
    if (multiplexed.number == numbers.first) return clauses_for_multiplexer(*abi, multiplexed, input);
  if (candidates_.empty()) return {{always(), input.last, input.last_origin}};
  return clauses_for_candidates(*abi, numbers.first, input);
}

std::vector<Clause> TableBuilder::clauses_for_candidates(const AbiRules& abi, uint32_t number,
                                                         const FirstMatchInput& input) {
  const std::vector<Rule>& rules = report_.policy().rules;
  const bool is_only_here = std::any_of(candidates_.begin(), candidates_.end(), [&](const Candidate& candidate) {
    return rules[candidate.rule].target.kind == Target::Kind::name;
  });
  if (is_only_here) return new_clauses(abi, number, input);
  std::vector<std::pair<uint32_t, const ResolvedCondition*>> key;
  for (const Candidate& candidate : candidates_) key.emplace_back(candidate.rule, candidate.condition);
  if (auto known = known_.find(key); known != known_.end())
    return budget_.take(known->second.weight) ? known->second.clauses : std::vector<Clause>();
  const size_t tightened_before = tightened_count_;
  std::vector<Clause> clauses = new_clauses(abi, number, input);
  if (tightened_count_ > tightened_before || work_.is_exceeded()) return clauses;
  Known& known = known_[std::move(key)];
  for (const Clause& clause : clauses) known.weight += weight(clause.condition);
  known.clauses = clauses;
  return clauses;
}

std::vector<Clause> TableBuilder::new_clauses(const AbiRules& abi, uint32_t number, const FirstMatchInput& input) {
  std::vector<Clause> clauses;
  if (!charge(candidates_)) return clauses;
  append_first_match(input, uses_, clauses, tightened_);
  report_tightened(abi, number, {}, nullptr);
  return clauses;
}

bool TableBuilder::charge(std::span<const Candidate> candidates) {
  for (const Candidate& candidate : candidates)
    if (!work_.take(weight(*candidate.condition))) return false;
  return true;
}

std::vector<Segment> TableBuilder::run() {
  sort_rules();
  find_boundaries();
  std::vector<Segment> segments;
  segments.reserve(boundaries_.size());
  for (size_t i = 0; i + 1 < boundaries_.size(); ++i) {
    NumberRange numbers{static_cast<uint32_t>(boundaries_[i]), static_cast<uint32_t>(boundaries_[i + 1] - 1)};
    append_segment(segments, numbers, clauses_for(numbers));
    if (candidate_count_ > kMaxCandidates) {
      report_.say(Severity::error, "policy-too-large",
                  "the rules overlap in more than " + std::to_string(kMaxCandidates) + " places",
                  "name fewer calls twice");
      break;
    }
    if (work_.is_exceeded() || budget_.is_exceeded()) {
      report_.say(Severity::error, "policy-too-large",
                  "the rules' conditions multiply to more than a filter could hold",
                  "ask for ranges of values, and name fewer calls twice");
      break;
    }
  }
  return segments;
}

}  // namespace

void append_segment(std::vector<Segment>& segments, NumberRange numbers, std::vector<Clause> clauses) {
  if (!segments.empty() && segments.back().clauses == clauses) {
    segments.back().last = numbers.last;
  } else {
    segments.push_back({numbers.first, numbers.last, std::move(clauses)});
  }
}

ArchTable build_table(const TableInput& input, Report& report, std::span<RuleUse> uses) {
  const abi::ArchInfo& info = abi::info(input.abis.front().arch);
  ArchTable table;
  table.audit_arch = info.audit_arch;
  table.endian = info.endian;
  table.word_bits = info.word_bits;
  table.segments = TableBuilder(input, report, uses).run();
  return table;
}

}  // namespace cordon::policy
