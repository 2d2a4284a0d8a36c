// The body of blocks.h.
#pragma once

#include <algorithm>
#include <bit>

#include "cordon/base/assert.h"
#include "cordon/compile/lower.inl.h"
#include "cordon/compile/order.h"

namespace cordon::compiler {
namespace detail {

// A group holds at most this many alternatives, and so many are looked at to choose what it tests:
// with thousands of alternatives both would cost quadratic time.
inline constexpr size_t kMaxGroup = 512;
inline constexpr size_t kMaxScored = 128;
inline constexpr unsigned kNoOperand = UINT32_MAX;

constexpr bool meet(const std::vector<WordRange>& a, const std::vector<WordRange>& b) {
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    if (std::max(a[i].first, b[j].first) <= std::min(a[i].last, b[j].last)) return true;
    (a[i].last < b[j].last) ? ++i : ++j;
  }
  return false;
}

// How good it is to look at the test's word now when `count` alternatives test it: the operand just looked at
// first, then what most alternatives test, then the high word.
constexpr size_t score(const WordTest& test, size_t count, unsigned operand_hint) {
  return (operand_of(test.word) == operand_hint ? 1u << 20 : 0) + count * 32 + (16u - test.word);
}

constexpr const WordTest* find_test(const Alternative& alternative, uint32_t left, Accumulator accumulator,
                                    uint32_t& index) {
  for (; left != 0; left &= left - 1) {
    index = static_cast<uint32_t>(std::countr_zero(left));
    const WordTest& test = alternative.tests[index];
    if (test.word == accumulator.word && test.mask == accumulator.mask) return &test;
  }
  return nullptr;
}

constexpr uint32_t all_tests(const Alternative& alternative) {
  size_t n = alternative.tests.size();
  CORDON_ASSERT(n <= Alternative::kMaxTests, "split keeps longer conjunctions nested");
  return n == 32 ? UINT32_MAX : (1u << n) - 1;
}

}  // namespace detail

constexpr NodeId BlockBuilder::build(std::span<const SplitClause> clauses) {
  uint32_t first_origin = static_cast<uint32_t>(origins_.size());
  if (options_.keep_origins)
    for (const SplitClause& clause : clauses) origins_.push_back(clause.origin);
  NodeId node = graph_.ret(clauses.back().ret);
  attribute(node, first_origin + static_cast<uint32_t>(clauses.size() - 1));
  if (clauses.size() == 1) return node;

  // From the last clause to the first; alternatives wait until a clause comes that is nested.
  size_t end = clauses.size() - 1;
  auto flush = [&](size_t begin) {
    std::vector<Item> items;
    for (size_t i = begin; i < end; ++i) {
      NodeId target = graph_.ret(clauses[i].ret);
      uint32_t origin = first_origin + static_cast<uint32_t>(i);
      for (const Alternative& a : clauses[i].condition.alternatives)
        items.push_back({&a, detail::all_tests(a), target, origin});
      attribute(target, origin);
    }
    if (!items.empty()) node = build_items(std::move(items), node, detail::kNoOperand);
    end = begin;
  };
  for (size_t i = end; i-- > 0;) {
    bool nested = clauses[i].condition.kind != SplitCondition::Kind::alternatives;
    if (!nested && options_.group) continue;
    flush(i + 1);
    NodeId target = graph_.ret(clauses[i].ret);
    uint32_t origin = first_origin + static_cast<uint32_t>(i);
    attribute(target, origin);
    node = build_condition(clauses[i].condition, target, node, origin);
    end = i;
  }
  flush(0);
  return node;
}

constexpr NodeId BlockBuilder::build_condition(const SplitCondition& condition, NodeId yes, NodeId no,
                                               uint32_t origin) {
  switch (condition.kind) {
    case SplitCondition::Kind::always: return yes;
    case SplitCondition::Kind::alternatives: {
      std::vector<Item> items;
      for (const Alternative& a : condition.alternatives) items.push_back({&a, detail::all_tests(a), yes, origin});
      return build_items(std::move(items), no, detail::kNoOperand);
    }
    case SplitCondition::Kind::all:
      for (size_t i = condition.operands.size(); i-- > 0;)
        yes = build_condition(condition.operands[i], yes, no, origin);
      return yes;
    case SplitCondition::Kind::any:
      for (size_t i = condition.operands.size(); i-- > 0;) no = build_condition(condition.operands[i], yes, no, origin);
      return no;
  }
  return no;
}

// Each test of an alternative is used up once, so this goes at most Alternative::kMaxTests deep.
constexpr NodeId BlockBuilder::build_items(std::vector<Item> items, NodeId fail, unsigned operand_hint) {
  if (items.size() == 1) return build_single(items.front(), fail, operand_hint);
  std::vector<Group> groups = make_groups(std::move(items), operand_hint);
  for (size_t i = groups.size(); i-- > 0;) {
    fail = groups[i].target != kNoNode ? groups[i].target : build_group(groups[i], fail);
  }
  return fail;
}

// What a group of one alternative comes to.
constexpr NodeId BlockBuilder::build_single(Item item, NodeId fail, unsigned operand_hint) {
  if (item.left == 0) return item.target;
  size_t best = 0, best_score = 0;
  for (uint32_t left = item.left; left != 0; left &= left - 1) {
    auto index = static_cast<size_t>(std::countr_zero(left));
    size_t its_score = detail::score(item.alternative->tests[index], 1, operand_hint);
    if (its_score <= best_score) continue;
    best_score = its_score;
    best = index;
  }
  const WordTest& test = item.alternative->tests[best];
  item.left &= ~(1u << best);
  NodeId child = build_single(item, fail, operand_of(test.word));
  std::vector<Part> parts;
  parts.reserve(2 * test.allowed.size() + 1);
  if (test.allowed.front().first > 0) parts.push_back({0, fail});
  for (const WordRange& range : test.allowed) {
    parts.push_back({range.first, child});
    if (range.last < UINT32_MAX) parts.push_back({range.last + 1, fail});
  }
  auto before = static_cast<NodeId>(graph_.size());
  NodeId result = lower({test.word, test.mask}, std::move(parts));
  for (NodeId id = before; id < graph_.size(); ++id) attribute(id, item.origin);
  return result;
}

// Whether an alternative may join: sets that partly meet would leave an alternative in several places,
// which is harmless only where it has nothing left to test.
constexpr bool BlockBuilder::joins(const Group& group, const WordTest& test, bool ends, Member& member) {
  member.test = &test;
  steps_.take(group.sets.size());
  for (uint32_t i = 0; i < group.sets.size(); ++i) {
    if (*group.sets[i] == test.allowed) {
      member.set = i;
      return true;
    }
  }
  if (!ends) {
    steps_.take(group.members.size());
    for (const Member& other : group.members) {
      bool other_ends = std::has_single_bit(other.item.left);
      if (!other_ends && detail::meet(*group.sets[other.set], test.allowed)) return false;
    }
  }
  member.set = static_cast<uint32_t>(group.sets.size());
  return true;
}

constexpr std::vector<BlockBuilder::Group> BlockBuilder::make_groups(std::vector<Item> items, unsigned operand_hint) {
  std::vector<Group> groups;
  while (!items.empty() && steps_.take(items.size())) {
    Group& group = groups.emplace_back();
    const Item& lead = items.front();
    if (lead.left == 0) {
      group.target = lead.target;
      break;
    }
    size_t best_score = 0;
    for (uint32_t left = lead.left; left != 0; left &= left - 1) {
      const WordTest& test = lead.alternative->tests[static_cast<size_t>(std::countr_zero(left))];
      Accumulator accumulator{test.word, test.mask};
      size_t count = 0;
      uint32_t index = 0;
      for (size_t i = 0; i < std::min(items.size(), detail::kMaxScored); ++i) {
        if (detail::find_test(*items[i].alternative, items[i].left, accumulator, index) != nullptr) ++count;
      }
      size_t its_score = detail::score(test, count, operand_hint);
      if (its_score > best_score) {
        best_score = its_score;
        group.accumulator = accumulator;
      }
    }
    std::vector<Item> rest;
    bool one_target = true;  // of those left behind so far
    for (Item& item : items) {
      uint32_t index = 0;
      const WordTest* test = detail::find_test(*item.alternative, item.left, group.accumulator, index);
      Member member;
      bool may_pass = rest.empty() || (one_target && rest.front().target == item.target);
      bool room = group.members.empty() || (options_.group && group.members.size() < detail::kMaxGroup);
      if (test != nullptr && may_pass && room && joins(group, *test, std::has_single_bit(item.left), member)) {
        if (member.set == group.sets.size()) group.sets.push_back(&test->allowed);
        member.item = item;
        group.members.push_back(member);
      } else {
        one_target = one_target && (rest.empty() || rest.front().target == item.target);
        rest.push_back(item);
      }
    }
    items = std::move(rest);
  }
  return groups;
}

constexpr std::vector<BlockBuilder::Atom> BlockBuilder::atoms_of(const Group& group) const {
  struct Event {
    uint64_t at;
    uint32_t set;
    bool begins;
  };
  std::vector<Event> events;
  for (uint32_t i = 0; i < group.sets.size(); ++i) {
    for (const WordRange& range : *group.sets[i]) {
      events.push_back({range.first, i, true});
      events.push_back({static_cast<uint64_t>(range.last) + 1, i, false});
    }
  }
  std::sort(events.begin(), events.end(), [](const Event& a, const Event& b) { return a.at < b.at; });
  std::vector<Atom> atoms{{0, {}}};
  std::vector<uint32_t> active;
  for (size_t i = 0; i < events.size();) {
    uint64_t at = events[i].at;
    for (; i < events.size() && events[i].at == at; ++i) {
      auto place = std::lower_bound(active.begin(), active.end(), events[i].set);
      bool present = place != active.end() && *place == events[i].set;
      if (events[i].begins && !present) active.insert(place, events[i].set);
      if (!events[i].begins && present) active.erase(place);
    }
    if (at > UINT32_MAX) break;
    if (at == atoms.back().first) {
      atoms.back().sets = active;
    } else {
      atoms.push_back({static_cast<uint32_t>(at), active});
    }
  }
  return atoms;
}

// What is left to test where exactly these sets hold.
constexpr NodeId BlockBuilder::build_child(const Group& group, const MembersOfSets& members_of,
                                           std::span<const uint32_t> sets, NodeId fail) {
  // Members lie in one array, so their addresses are in the order of the clauses; none counts behind one that ends.
  const Member* first_end = nullptr;
  for (uint32_t set : sets) {
    for (const Member* member : members_of[set]) {
      bool ends = std::has_single_bit(member->item.left);
      if (ends && (first_end == nullptr || member < first_end)) first_end = member;
    }
  }
  std::vector<const Member*> members;
  for (uint32_t set : sets) {
    for (const Member* member : members_of[set]) {
      if (first_end == nullptr || member <= first_end) members.push_back(member);
    }
  }
  std::sort(members.begin(), members.end());
  steps_.take(members.size());
  if (members.front() == first_end) return first_end->item.target;
  std::vector<Item> items;
  for (const Member* member : members) {
    Item item = member->item;
    uint32_t index = 0;
    detail::find_test(*item.alternative, item.left, group.accumulator, index);
    item.left &= ~(1u << index);
    items.push_back(item);
  }
  return build_items(std::move(items), fail, operand_of(group.accumulator.word));
}

constexpr NodeId BlockBuilder::build_group(const Group& group, NodeId fail) {
  std::vector<Atom> atoms = atoms_of(group);
  MembersOfSets members_of(group.sets.size());
  for (const Member& member : group.members) members_of[member.set].push_back(&member);

  // Values where the same sets hold go on alike.
  std::vector<size_t> several;
  for (size_t i = 0; i < atoms.size(); ++i)
    if (atoms[i].sets.size() > 1) several.push_back(i);
  const std::vector<size_t> first = first_equal(several.size(), [&](size_t a, size_t b) {
    const std::vector<uint32_t>&x = atoms[several[a]].sets, &y = atoms[several[b]].sets;
    return std::lexicographical_compare(x.begin(), x.end(), y.begin(), y.end());
  });
  std::vector<NodeId> single(group.sets.size(), kNoNode), joint(several.size(), kNoNode);
  std::vector<Part> parts;
  parts.reserve(atoms.size());
  size_t joint_count = 0;
  for (const Atom& atom : atoms) {
    NodeId child = fail;
    if (!atom.sets.empty()) {
      NodeId& known = atom.sets.size() == 1 ? single[atom.sets[0]] : joint[first[joint_count++]];
      if (known == kNoNode) known = build_child(group, members_of, atom.sets, fail);
      child = known;
    }
    parts.push_back({atom.first, child});
  }
  NodeId before = static_cast<NodeId>(graph_.size());
  NodeId result = lower(group.accumulator, std::move(parts));
  attribute(before, static_cast<NodeId>(graph_.size()), group, atoms);
  return result;
}

constexpr void BlockBuilder::attribute(NodeId first, NodeId last, const Group& group, std::span<const Atom> atoms) {
  if (!options_.keep_origins) return;
  std::vector<std::vector<uint32_t>> origins_of(group.sets.size());
  for (const Member& member : group.members) {
    std::vector<uint32_t>& list = origins_of[member.set];
    if (list.empty() || list.back() != member.item.origin) list.push_back(member.item.origin);
  }
  auto add = [&](NodeId node, const std::vector<uint32_t>& sets) {
    for (uint32_t set : sets) {
      for (uint32_t origin : origins_of[set]) attribute(node, origin);
    }
  };
  for (NodeId id = first; id < last; ++id) {
    const Node& node = graph_[id];
    bool whole =
        node.kind != Node::Kind::test || node.accumulator.word != group.accumulator.word || node.op == TestOp::set;
    if (whole || group.sets.size() == 1) {
      // Loads and bit tests serve the group as such: its first member stands for it where it is large.
      attribute(id, group.members.front().item.origin);
      continue;
    }
    auto above =
        std::upper_bound(atoms.begin(), atoms.end(), node.k, [](uint32_t k, const Atom& a) { return k < a.first; });
    size_t at = static_cast<size_t>(above - atoms.begin()) - 1;
    add(id, atoms[at].sets);
    if (node.op == TestOp::ge && at > 0) add(id, atoms[at - 1].sets);
  }
}

constexpr void BlockBuilder::attribute(std::span<const Replacement> replacements) {
  std::vector<Replacement> sorted(replacements.begin(), replacements.end());
  auto before = [](const Replacement& a, const Replacement& b) { return a.node < b.node; };
  std::sort(sorted.begin(), sorted.end(), before);
  for (size_t i = 0, n = attributions_.size(); i < n; ++i) {
    Attribution old = attributions_[i];
    auto [from, to] = std::equal_range(sorted.begin(), sorted.end(), Replacement{old.node, 0}, before);
    for (; from != to; ++from) attributions_.push_back({from->by, old.origin});
  }
}

}  // namespace cordon::compiler
