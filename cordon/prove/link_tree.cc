#include "cordon/prove/link_tree.h"

#include <algorithm>
#include <tuple>

#include "cordon/prove/encode_policy.h"

namespace cordon::prove {
namespace {

using diagram::Manager;
using diagram::Node;

// So many are asked one by one.
constexpr uint32_t kFewLinks = 6;

// A test that holds wherever the condition does, if possible for one value; none: there is no such single test.
const ResolvedCondition* asked_of(const ResolvedCondition& condition) {
  if (condition.kind == ResolvedCondition::Kind::test) return &condition;
  if (condition.kind != ResolvedCondition::Kind::all) return nullptr;
  const ResolvedCondition* best = nullptr;
  for (const ResolvedCondition& operand : condition.operands) {
    if (operand.kind != ResolvedCondition::Kind::test) continue;
    const std::vector<Interval>& allowed = operand.test.allowed;
    if (allowed.size() == 1 && allowed.front().first == allowed.front().last) return &operand;
    if (best == nullptr) best = &operand;
  }
  return best;
}

// Links with the same group ask the same argument under the same mask.
std::tuple<uint8_t, uint64_t> group_of(const ResolvedCondition* asked) {
  if (asked == nullptr) return {UINT8_MAX, 0};
  return {asked->test.operand, asked->test.mask};
}

uint64_t first_value(const ResolvedCondition* asked) {
  return asked == nullptr ? 0 : asked->test.allowed.front().first;
}

}  // namespace

LinkTree::LinkTree(Manager& manager, const Chain& chain) : manager_(manager), chain_(chain) {
  const auto count = static_cast<uint32_t>(chain.links.size());
  std::vector<const ResolvedCondition*> tests;
  std::vector<Node> asked;
  for (uint32_t link = 0; link < count; ++link) {
    order_.push_back(link);
    tests.push_back(asked_of(*chain.links[link].condition));
    asked.push_back(tests.back() == nullptr ? Manager::kTrue
                                            : encode_condition(manager, *tests.back(), chain.table->endian));
  }
  auto key = [&](uint32_t link) { return std::tuple(group_of(tests[link]), first_value(tests[link]), link); };
  std::sort(order_.begin(), order_.end(), [&](uint32_t a, uint32_t b) { return key(a) < key(b); });
  for (uint32_t first = 0, next = 0; first < count; first = next) {
    while (next < count && group_of(tests[order_[next]]) == group_of(tests[order_[first]])) ++next;
    roots_.push_back(join(first, next - 1, asked));
  }
}

// As deep as the logarithm of the number of links.
uint32_t LinkTree::join(uint32_t first, uint32_t last, const std::vector<Node>& asked) {
  Span span{first, last, Manager::kTrue, 0, 0, LinkSet(order_.size())};
  if (first == last) {
    span.some = asked[order_[first]];
    span.links.add(order_[first]);
  } else {
    const uint32_t middle = first + (last - first) / 2;
    span.left = join(first, middle, asked);
    span.right = join(middle + 1, last, asked);
    span.some = manager_.either(spans_[span.left].some, spans_[span.right].some);
    span.links = spans_[span.left].links | spans_[span.right].links;
  }
  spans_.push_back(span);
  return static_cast<uint32_t>(spans_.size() - 1);
}

std::vector<uint32_t> LinkTree::hits(Node region, const LinkSet& chosen) const {
  std::vector<uint32_t> found;
  auto ask = [&](uint32_t link) {
    if (manager_.meets(region, chain_.links[link].holds)) found.push_back(link);
  };
  if (chosen.count() <= kFewLinks) {
    for (uint32_t link : chosen.members()) ask(link);
    return found;
  }
  std::vector<uint32_t> open = roots_;
  while (!open.empty() && !manager_.exhausted()) {
    const Span& span = spans_[open.back()];
    open.pop_back();
    if (!span.links.meets(chosen)) continue;
    if (!manager_.meets(region, span.some)) continue;
    if (span.first != span.last) {
      open.push_back(span.left);
      open.push_back(span.right);
    } else {
      ask(order_[span.first]);
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace cordon::prove
