#include "cordon/prove/synthesise.h"

#include <algorithm>
#include <set>
#include <utility>

#include "cordon/abi/syscalls.h"
#include "cordon/base/text.h"
#include "cordon/policy/multiplex.h"
#include "cordon/prove/condition_key.h"

namespace cordon::prove {
namespace {

using diagram::Node;
using diagram::Piece;

constexpr unsigned kHeaderCost = 4, kRangeCost = 6;
constexpr size_t kManyCalls = 8;
constexpr size_t kMaxRules = 20'000;  // more than a filter has instructions for

Rule rule_on(Target target, const ConditionalRule& found) {
  Rule rule;
  rule.action = found.action.action;
  rule.errno_name = found.action.errno_name;
  rule.target = std::move(target);
  rule.condition = found.condition;
  return rule;
}

Target named(std::string_view name, std::optional<Arch> arch) {
  Target target;
  target.name = name;
  target.arch = arch;
  return target;
}

std::string key_of(const std::vector<ConditionalRule>& rules) {
  std::string key;
  for (const ConditionalRule& rule : rules) append_key(key, rule);
  return key;
}

// On a 32-bit architecture a condition on a whole register is the same as one on its argument.
std::string raw_key_of(std::vector<ConditionalRule> rules, std::string_view name, Arch arch) {
  for (ConditionalRule& rule : rules) rule.condition = with_raw_operands(rule.condition, name, arch);
  return key_of(rules);
}

bool is_multiplexer(std::string_view name) {
  const auto all = policy::multiplexers();
  return std::any_of(all.begin(), all.end(), [name](const policy::Multiplexer& one) { return one.name == name; });
}

}  // namespace

// Rules by where they stand: each part may lie over the later ones.
struct PolicySynthesis::Draft {
  Shape shape;
  std::vector<Rule> first, plain, conditional, ranges;
  unsigned cost = 0;

  void add(Target target, const std::vector<ConditionalRule>& rules, bool is_first) {
    const bool is_plain = rules.size() == 1 && rules.front().condition.is_always();
    std::vector<Rule>& part = is_first ? first : is_plain ? plain : conditional;
    for (const ConditionalRule& rule : rules) {
      cost += rule.condition.is_always() ? (target.arch ? 2 : 1) : 8 + reading_cost(rule.condition);
      part.push_back(rule_on(target, rule));
    }
  }
  std::vector<Rule> in_order();
};

// Calls that may run before those that may not, each action's together; conditions between them.
std::vector<Rule> PolicySynthesis::Draft::in_order() {
  std::stable_sort(plain.begin(), plain.end(), [](const Rule& a, const Rule& b) {
    if (a.action.kind != b.action.kind) return a.action.kind > b.action.kind;
    return std::pair(a.errno_name, a.action.data) < std::pair(b.errno_name, b.action.data);
  });
  const auto denied =
      std::find_if(plain.begin(), plain.end(), [](const Rule& rule) { return !policy::may_run(rule.action.kind); });
  std::vector<Rule> rules = std::move(first);
  rules.insert(rules.end(), plain.begin(), denied);
  rules.insert(rules.end(), conditional.begin(), conditional.end());
  rules.insert(rules.end(), denied, plain.end());
  rules.insert(rules.end(), ranges.begin(), ranges.end());
  return rules;
}

PolicySynthesis::PolicySynthesis(ProgramTables& tables) : tables_(tables) {
  for (AbiTable& abi : tables.abis) (abi.is_constant() ? constant_ : varied_).push_back(&abi);
  if (varied_.empty()) varied_.swap(constant_);
  std::set<std::string_view> seen;
  for (const AbiTable* abi : varied_)
    for (size_t i = 0; i < abi::syscall_count(abi->arch); ++i)
      if (const std::string_view name = abi::syscall_at(abi->arch, i).name; seen.insert(name).second)
        names_.push_back(name);
}

RuleFinder& PolicySynthesis::finder_of(const AbiTable& abi) {
  auto known = finders_.find(abi.diagram);
  if (known == finders_.end()) {
    const BitSpace space(abi.diagram->manager, abi.diagram->endian, abi.diagram->cuts);
    known = finders_.emplace(abi.diagram, RuleFinder(space)).first;
  }
  return known->second;
}

bool PolicySynthesis::is_unknown(const Shape& shape, std::string_view name, uint32_t number, Arch arch) {
  if (!shape.unknown || shape.bases.contains(arch)) return false;
  if (name.empty()) return number >= abi::table_end(arch) && number != UINT32_MAX;
  const auto since = abi::since(name, arch);
  return since && *since > shape.since;
}

const NamedAction& PolicySynthesis::base_of(const Shape& shape, Arch arch) {
  const auto own = shape.bases.find(arch);
  return own == shape.bases.end() ? shape.default_action : own->second;
}

const NamedAction& PolicySynthesis::expected(const Shape& shape, std::string_view name, uint32_t number, Arch arch) {
  return is_unknown(shape, name, number, arch) ? *shape.unknown : base_of(shape, arch);
}

// Empty where the call needs no rule. Closed: what is left has a rule, too.
std::optional<std::vector<ConditionalRule>> PolicySynthesis::rules_for(const AbiTable& abi, Node node,
                                                                       const SetPlace& place,
                                                                       const NamedAction& expected, bool is_closed) {
  auto found = finder_of(abi).of(node, place, expected);
  if (!found) return std::nullopt;
  const bool is_silent = is_same(found->rest, expected) && !is_closed;
  if (!is_silent) found->rules.push_back({found->rest, {}});
  rule_count_ += found->rules.size();
  if (rule_count_ > kMaxRules) return std::nullopt;
  return std::move(found->rules);
}

bool PolicySynthesis::is_shared(const AbiTable& abi, Node node) {
  if (abi.diagram->manager.is_leaf(node)) return false;
  const auto [known, is_new] = shared_.try_emplace({&abi, node}, false);
  if (!is_new) return known->second;
  size_t calls = 0;
  for (size_t i = 0; i < abi::syscall_count(abi.arch); ++i)
    if (abi.at(abi::syscall_at(abi.arch, i).number) == node) ++calls;
  return known->second = calls >= kManyCalls;
}

bool PolicySynthesis::add_name(Draft& draft, std::string_view name) {
  const bool is_first = draft.shape.has_multiplexers_apart && is_multiplexer(name);
  std::vector<OnAbi> all;
  for (const AbiTable* abi : varied_) {
    const std::optional<uint32_t> number = abi::number_of(name, abi->arch);
    if (!number) continue;
    const Node node = abi->at(*number);
    if (is_shared(*abi, node) && !is_first) {
      all.push_back({abi->arch, {}, "in a range", true});
      continue;
    }
    // A call that any rule names is not unknown: without a rule for the rest it gets the default.
    const bool is_leaf = abi->diagram->manager.is_leaf(node);
    auto rules = rules_for(*abi, node, {{name, 0, abi->arch}, false},
                           is_leaf ? expected(draft.shape, name, *number, abi->arch) : base_of(draft.shape, abi->arch),
                           is_first);
    if (!rules) {
      problem_ = "what it answers to '" + std::string(name) + "' on " + std::string(abi::name(abi->arch));
      return false;
    }
    all.push_back({abi->arch, std::move(*rules), {}, false});
    all.back().key = key_of(all.back().rules);
    if (std::string raw = raw_key_of(all.back().rules, name, abi->arch); raw == all.front().key)
      all.back().key = std::move(raw);
  }
  const bool is_alike =
      std::all_of(all.begin(), all.end(), [&](const OnAbi& one) { return one.key == all.front().key; });
  if (is_alike) {
    draft.add(named(name, std::nullopt), all.front().rules, is_first);
    return true;
  }
  for (const OnAbi& one : all) draft.add(named(name, one.arch), one.rules, is_first);
  return true;
}

bool PolicySynthesis::add_names(Draft& draft) {
  return std::all_of(names_.begin(), names_.end(), [&](std::string_view name) { return add_name(draft, name); });
}

// Numbers without a rule of their own. Neighbours that are answered alike are one, also across names that are.
std::vector<PolicySynthesis::Hole> PolicySynthesis::holes_of(const AbiTable& abi) {
  std::vector<Hole> holes;
  uint64_t reach = 0;  // all numbers from the last hole up to here are answered as it is
  auto add = [&](uint32_t first, uint32_t last, Node node, bool has_name) {
    const bool continues = !holes.empty() && holes.back().node == node && reach == first;
    if (continues || !has_name) reach = uint64_t{last} + 1;
    if (has_name) return;
    if (continues)
      holes.back().last = last;
    else
      holes.push_back({first, last, node});
  };
  const size_t count = abi::syscall_count(abi.arch);
  const uint32_t table_end = abi::table_end(abi.arch);
  const bool has_x32 =
      std::any_of(tables_.abis.begin(), tables_.abis.end(), [](const AbiTable& one) { return one.arch == Arch::x32; });
  size_t at = 0;
  for (const Piece& piece : abi.pieces) {
    for (uint64_t next = piece.first; next <= piece.last;) {
      while (at < count && abi::syscall_at(abi.arch, at).number < next) ++at;
      const bool has_name = at < count && abi::syscall_at(abi.arch, at).number == next && !is_shared(abi, piece.node);
      uint64_t last = next;
      if (!has_name) {
        last = piece.last;
        if (at < count && !is_shared(abi, piece.node))
          last = std::min<uint64_t>(last, abi::syscall_at(abi.arch, at).number - 1);
        if (next < table_end) last = std::min<uint64_t>(last, table_end - 1);
        if (next < UINT32_MAX) last = std::min<uint64_t>(last, UINT32_MAX - 1);
      }
      // Where x32 is none of the policy's, a range that reaches over its numbers leaves them out.
      if (next == UINT32_MAX && !has_x32 && reach == abi::kX32Bit) reach = next;
      add(static_cast<uint32_t>(next), static_cast<uint32_t>(last), piece.node, has_name);
      next = last + 1;
    }
  }
  return holes;
}

bool PolicySynthesis::add_holes(Draft& draft, const AbiTable& abi) {
  const bool is_only = std::all_of(varied_.begin(), varied_.end(), [&](const AbiTable* other) {
    return abi::info(other->arch).audit_arch == abi::info(abi.arch).audit_arch;
  });
  for (const Hole& hole : holes_of(abi)) {
    const bool is_leaf = abi.diagram->manager.is_leaf(hole.node);
    // One that reaches from below the table's end to above it expects two answers, and names both.
    const bool is_above = is_unknown(draft.shape, {}, hole.first, abi.arch);
    const bool is_mixed = is_above != is_unknown(draft.shape, {}, hole.last, abi.arch);
    auto rules =
        rules_for(abi, hole.node, {{{}, 0, abi.arch}, true},
                  is_leaf ? expected(draft.shape, {}, hole.first, abi.arch) : base_of(draft.shape, abi.arch), is_mixed);
    if (!rules) {
      problem_ = "what it answers to number " + std::to_string(hole.first) + " on " + std::string(abi::name(abi.arch));
      return false;
    }
    Target target;
    target.kind = Target::Kind::numbers;
    target.first = hole.first;
    target.last = hole.last;
    const bool is_whole = hole.first == abi.pieces.front().first && hole.last == abi.pieces.back().last;
    if (is_whole) target.kind = Target::Kind::every;
    if (!is_only || (is_whole && varied_.size() > 1)) target.arch = abi.arch;
    for (const ConditionalRule& rule : *rules) {
      draft.cost += kRangeCost + reading_cost(rule.condition);
      draft.ranges.push_back(rule_on(target, rule));
    }
  }
  return true;
}

std::optional<Synthesised> PolicySynthesis::with(const Shape& shape) {
  Draft draft;
  draft.shape = shape;
  rule_count_ = 0;
  for (const AbiTable* abi : constant_) {
    Target target = named({}, abi->arch);
    target.kind = Target::Kind::every;
    const Action action =
        policy::from_ret(static_cast<uint32_t>(abi->diagram->manager.value(abi->pieces.front().node)));
    draft.add(std::move(target), {{named_action(action, abi->arch), {}}}, true);
  }
  if (!add_names(draft)) return std::nullopt;
  for (const AbiTable* abi : varied_)
    if (!add_holes(draft, *abi)) return std::nullopt;
  for (const auto& [arch, action] : shape.bases) {
    Target target = named({}, arch);
    target.kind = Target::Kind::every;
    draft.cost += kRangeCost;
    draft.ranges.push_back(rule_on(std::move(target), {action, {}}));
  }
  Synthesised result;
  result.policy.default_action = shape.default_action;
  if (shape.unknown) {
    result.policy.since = shape.since;
    result.policy.unknown = shape.unknown;
    draft.cost += kHeaderCost;
  }
  for (const AbiTable& abi : tables_.abis) result.policy.arches.push_back(abi.arch);
  result.policy.rules = draft.in_order();
  result.cost = draft.cost;
  return result;
}

}  // namespace cordon::prove
