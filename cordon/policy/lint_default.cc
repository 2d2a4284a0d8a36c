#include "cordon/policy/lint_default.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "cordon/policy/abi_rules.h"

namespace cordon::policy {
namespace {

// Where later rules answer otherwise than the default.
class OtherAnswers {
 public:
  explicit OtherAnswers(const AbiRules& abi) {
    for (const NamedNumbers& named : abi.named)
      if (named.action != abi.default_action) others_.push_back(&named);
    std::stable_sort(others_.begin(), others_.end(),
                     [](const NamedNumbers* a, const NamedNumbers* b) { return a->numbers.first < b->numbers.first; });
    // Up to each entry, how far any of them reaches: lets a search stop early.
    uint32_t reach = 0;
    for (const NamedNumbers* other : others_) reaches_.push_back(reach = std::max(reach, other->numbers.last));
  }

  bool has_later(const NumberRange& numbers, uint32_t rule) const {
    auto after =
        std::upper_bound(others_.begin(), others_.end(), numbers.last,
                         [](uint32_t value, const NamedNumbers* other) { return value < other->numbers.first; });
    for (auto i = static_cast<size_t>(after - others_.begin()); i > 0 && reaches_[i - 1] >= numbers.first; --i)
      if (others_[i - 1]->numbers.last >= numbers.first && others_[i - 1]->rule > rule) return true;
    return false;
  }

 private:
  std::vector<const NamedNumbers*> others_;
  std::vector<uint32_t> reaches_;
};

bool overlaps_unknown(const AbiRules& abi, const NumberRange& numbers) {
  return std::any_of(abi.unknown.begin(), abi.unknown.end(), [&](const NumberRange& unknown) {
    return unknown.first <= numbers.last && numbers.first <= unknown.last;
  });
}

// Clears the mark of each rule that makes a difference on this ABI.
void clear_needed(const AbiRules& abi, std::vector<char>& is_idle) {
  OtherAnswers others(abi);
  for (const NamedNumbers& named : abi.named) {
    if (!is_idle[named.rule]) continue;
    bool is_needed = named.action != abi.default_action || overlaps_unknown(abi, named.numbers) ||
                     others.has_later(named.numbers, named.rule);
    if (is_needed) is_idle[named.rule] = 0;
  }
  for (const MultiplexedRules& multiplexed : abi.multiplexed) {
    uint32_t last_other = 0;
    for (const MultiplexedRules::Rule& rule : multiplexed.rules)
      if (rule.named.action != abi.default_action) last_other = std::max(last_other, rule.named.rule);
    for (const MultiplexedRules::Rule& rule : multiplexed.rules) {
      bool is_needed = rule.named.rule < last_other || rule.named.action != abi.default_action ||
                       others.has_later({multiplexed.number, multiplexed.number}, rule.named.rule);
      if (is_needed) is_idle[rule.named.rule] = 0;
    }
  }
}

}  // namespace

Diagnostics find_rules_equal_to_default(const Policy& policy, std::span<const Arch> arches) {
  std::vector<char> found(policy.rules.size(), 0);
  std::vector<char> is_idle(policy.rules.size(), 1);
  for (Arch arch : arches) {
    bool is_first = arch != Arch::x32 || std::find(arches.begin(), arches.end(), Arch::x86_64) == arches.end();
    clear_needed(collect_rules(policy, arch, share_of(arch, is_first), found), is_idle);
  }
  Diagnostics notes;
  for (size_t i = 0; i < policy.rules.size(); ++i)
    if (found[i] && is_idle[i])
      notes.note("rule-equals-default", policy.sources.locate(policy.rules[i].span),
                 "this rule answers what the default answers, and no later rule would answer otherwise",
                 "it can go, unless it is there to be read");
  return notes;
}

}  // namespace cordon::policy
