#include "cordon/prove/call_rules.h"

#include <algorithm>
#include <utility>

#include "cordon/abi/constants.h"
#include "cordon/diagram/walk.h"
#include "cordon/prove/condition_key.h"

namespace cordon::prove {
namespace {

using diagram::Manager;
using diagram::Node;

constexpr size_t kMaxTerms = 1024;  // of one call and action
constexpr size_t kFewLeaves = 3;    // all orders are tried
constexpr unsigned kRuleCost = 8;   // a line of its own

// All orders of few; of many each as the last, the others as they come.
std::vector<std::vector<Node>> orders_of(std::vector<Node> leaves) {
  std::vector<std::vector<Node>> orders;
  std::sort(leaves.begin(), leaves.end());
  if (leaves.size() > kFewLeaves) {
    for (size_t i = 0; i < leaves.size(); ++i) {
      std::rotate(leaves.begin(), leaves.begin() + 1, leaves.end());
      orders.push_back(leaves);
    }
    return orders;
  }
  do {
    orders.push_back(leaves);
  } while (std::next_permutation(leaves.begin(), leaves.end()));
  return orders;
}

}  // namespace

NamedAction named_action(Action action, Arch arch) {
  NamedAction named{action, {}};
  if (action.kind != ActionKind::errno_) return named;
  const std::string_view symbol = abi::errno_symbol(action.data, arch);
  if (symbol.empty() || abi::errno_number(symbol, arch) != action.data) return named;
  named.errno_name = symbol;
  return named;
}

bool is_same(const NamedAction& a, const NamedAction& b) {
  if (a.action.kind != b.action.kind || a.errno_name != b.errno_name) return false;
  return !a.errno_name.empty() || a.action.data == b.action.data;
}

NamedAction RuleFinder::action_of(Node leaf, Arch arch) const {
  return named_action(policy::from_ret(static_cast<uint32_t>(space_.manager().value(leaf))), arch);
}

// Each leaf is told where the function has it; where earlier ones hold, anything does.
std::optional<RuleFinder::Way> RuleFinder::way_in_order(Node node, const std::vector<Node>& leaves) {
  Manager& manager = space_.manager();
  Way way;
  Node decided = Manager::kFalse;
  for (Node leaf : leaves) {
    way.push_back({leaf, {}});
    if (way.size() == leaves.size()) break;
    const Node here = space_.where(node, leaf);
    auto terms = cover(space_, space_.operands(), here, manager.either(here, decided), kMaxTerms);
    if (!terms) return std::nullopt;
    way.back().terms = std::move(*terms);
    decided = manager.either(decided, here);
  }
  if (manager.exhausted()) return std::nullopt;
  return way;
}

// One rule more may read shorter, many do not.
void RuleFinder::keep_shortest(std::vector<Way>& ways) {
  auto rules_of = [](const Way& way) {
    size_t rules = 0;
    for (const Part& part : way) rules += part.terms.size();
    return rules;
  };
  size_t least = SIZE_MAX;
  for (const Way& way : ways) least = std::min(least, rules_of(way));
  std::erase_if(ways, [&](const Way& way) { return rules_of(way) > least + 1; });
}

const std::vector<RuleFinder::Way>& RuleFinder::ways_of(Node node) {
  const auto [at, is_new] = known_.try_emplace(node);
  if (!is_new) return at->second;
  for (const std::vector<Node>& order : orders_of(diagram::leaves(space_.manager(), node)))
    if (auto way = way_in_order(node, order)) at->second.push_back(std::move(*way));
  keep_shortest(at->second);
  return at->second;
}

const std::optional<Condition>& RuleFinder::written(Node set, const SetPlace& place) {
  const policy::ArgumentPlace& at = place.argument;
  const auto [known, is_new] = sets_.try_emplace({set, at.slot, at.arch, at.syscall, place.by_number});
  if (is_new) known->second = write_set(space_, set, place);
  return known->second;
}

std::optional<Condition> RuleFinder::written(const Term& term, const SetPlace& place) {
  Condition whole;
  whole.kind = Condition::Kind::all;
  for (uint8_t operand = 0; operand < kOperandCount; ++operand) {
    if (term.most[operand] == Manager::kTrue) continue;
    SetPlace at = place;
    at.argument.slot = operand;
    std::optional<Condition> set = written(term.most[operand], at);
    if (term.least[operand] != term.most[operand]) {
      const std::optional<Condition>& least = written(term.least[operand], at);
      if (!set || (least && reading_cost(*least) < reading_cost(*set))) set = least;
    }
    if (!set) return std::nullopt;
    // Alternatives stay together; what must all hold is one list.
    if (set->kind == Condition::Kind::all)
      whole.operands.insert(whole.operands.end(), set->operands.begin(), set->operands.end());
    else
      whole.operands.push_back(std::move(*set));
  }
  return whole.operands.size() == 1 ? Condition(whole.operands.front()) : whole;
}

std::optional<CallRules> RuleFinder::written(const Way& way, const SetPlace& place) {
  CallRules result;
  for (size_t i = 0; i + 1 < way.size(); ++i)
    for (const Term& term : way[i].terms) {
      auto condition = written(term, place);
      if (!condition) return std::nullopt;
      result.cost += kRuleCost + reading_cost(*condition);
      result.rules.push_back({action_of(way[i].leaf, place.argument.arch), std::move(*condition)});
    }
  result.rest = action_of(way.back().leaf, place.argument.arch);
  return result;
}

std::optional<CallRules> RuleFinder::of(Node node, const SetPlace& place, const NamedAction& cheap_rest) {
  if (space_.manager().is_leaf(node)) {
    const NamedAction rest = action_of(node, place.argument.arch);
    return CallRules{{}, rest, is_same(rest, cheap_rest) ? 0 : 1u};
  }
  std::optional<CallRules> best;
  for (const Way& way : ways_of(node)) {
    auto found = written(way, place);
    if (!found) continue;
    if (!is_same(found->rest, cheap_rest)) found->cost += kRuleCost;
    if (!best || found->cost < best->cost) best = std::move(found);
  }
  return best;
}

}  // namespace cordon::prove
