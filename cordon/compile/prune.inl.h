// The body of prune.h.
#pragma once

#include <algorithm>

#include "cordon/compile/facts.h"
#include "cordon/compile/states.h"
#include "cordon/policy/budget.h"

namespace cordon::compiler {
namespace detail {

// Eight times the instructions the kernel takes: a graph that is larger stays too large.
inline constexpr NodeId kMaxNodes = 8 * 4096;

// States at a node while steps are plenty, and once as many as small programs take are gone: then what is known grows
// with the program, and so many states would cost much and tell little.
inline constexpr size_t kManyStates = 64, kFewStates = 8;
inline constexpr uint64_t kPlentySteps = uint64_t{1} << 17;
// About one word; of a long chain of tests only the last values that were not met are known.
inline constexpr size_t kMaxFacts = 24;

// What holds when the test says yes.
constexpr Fact fact_of(const Node& test) {
  const Accumulator& a = test.accumulator;
  switch (test.op) {
    case TestOp::eq: return {a.word, a.mask, test.k, test.k, true};
    case TestOp::ge: return {a.word, a.mask, test.k, UINT32_MAX, true};
    case TestOp::set: break;
  }
  return {a.word, a.mask & test.k, 0, 0, false};
}

class Pruner {
 public:
  constexpr Pruner(Graph& graph, NodeId root, const PruneOptions& options)
      : graph_(graph), root_(root), words_(root + 1, 0), max_steps_(options.max_steps), steps_(options.max_steps) {}

  constexpr Pruned run() {
    bool tests_twice = false;
    for (NodeId id = 0; id <= root_; ++id) {
      unsigned below = words_below(graph_[id]), own = word_of(graph_[id]);
      tests_twice = tests_twice || (below & own) != 0;
      words_[id] = static_cast<uint16_t>(below | own);
    }
    if (!tests_twice) return {root_, {}, true};
    states_.resize(root_ + 1);
    reach_.resize(root_ + 1, Reach::no);
    taken_.resize(root_ + 1);
    reach_[root_] = Reach::knowing_nothing;
    bool cut = false;
    for (NodeId id = root_ + 1; id-- > 0;) {
      if (reach_[id] == Reach::no) continue;
      pass_on(id);
      cut = cut || (graph_[id].kind == Node::Kind::test && !(taken_[id].yes && taken_[id].no));
    }
    Pruned result{root_, {}, true};
    if (cut) result = rebuild();
    result.is_exact = !steps_.is_exceeded() && !is_blurred_;
    return result;
  }

 private:
  enum class Reach : uint8_t { no, knowing_nothing, in_states };

  // Whether some call goes that way.
  struct Taken {
    bool yes = false;
    bool no = false;
  };

  // Numbers and arches are left alone: their trees have no test too many.
  static constexpr bool is_argument(WordId word) { return word < kWordNr; }

  static constexpr unsigned word_of(const Node& node) {
    bool counts = node.kind == Node::Kind::test && is_argument(node.accumulator.word);
    return counts ? 1u << node.accumulator.word : 0;
  }

  constexpr unsigned words_below(const Node& node) const {
    unsigned words = 0;
    if (node.yes != kNoNode) words |= words_[node.yes];
    if (node.no != kNoNode) words |= words_[node.no];
    return words;
  }

  constexpr bool matters(NodeId id, const Fact& fact) const { return (words_[id] >> fact.word & 1) != 0; }

  constexpr void arrive(NodeId id, const Facts& facts, const Fact* news) {
    if (reach_[id] == Reach::knowing_nothing) return;
    Facts kept;
    steps_.take(facts.size());
    for (const Fact& fact : facts) {
      if (matters(id, fact)) kept.push_back(fact);  // weaker ones too: they are what ways have in common
    }
    if (news != nullptr && matters(id, *news)) {
      kept.push_back(*news);
      forget_one(kept, news->word);
    }
    if (!kept.empty())
      states_[id].add(std::move(kept), has_plenty() ? kManyStates : kFewStates, steps_);
    else
      states_[id].clear();
    is_blurred_ = is_blurred_ || states_[id].is_blurred();
    const bool knows_nothing = states_[id].list().empty() || states_[id].knows_nothing() || steps_.is_exceeded();
    reach_[id] = knows_nothing ? Reach::knowing_nothing : Reach::in_states;
    if (knows_nothing) states_[id].clear();
  }

  constexpr bool has_plenty() const { return max_steps_ - steps_.left() < kPlentySteps; }

  // The first value that the word was found not to have; ranges that it was found in say more.
  constexpr void forget_one(Facts& facts, WordId word) {
    const auto count = std::count_if(facts.begin(), facts.end(), [&](const Fact& f) { return f.word == word; });
    if (static_cast<size_t>(count) <= kMaxFacts) return;
    const auto first =
        std::find_if(facts.begin(), facts.end(), [&](const Fact& f) { return f.word == word && !f.inside; });
    if (first == facts.end()) return;
    facts.erase(first);
    is_blurred_ = true;
  }

  constexpr void pass_on(NodeId id) {
    if (graph_[id].kind == Node::Kind::ret) return;
    if (reach_[id] == Reach::knowing_nothing || steps_.is_exceeded()) {
      pass_on_state(id, {});
    } else {
      for (const Facts& facts : states_[id].list()) pass_on_state(id, facts);
    }
    states_[id].clear();
  }

  constexpr void pass_on_state(NodeId id, const Facts& facts) {
    const Node& node = graph_[id];
    if (node.kind != Node::Kind::test) {
      arrive(node.yes, facts, nullptr);
      return;
    }
    Fact yes = fact_of(node), no = yes;
    no.inside = !no.inside;
    bool knows = std::any_of(facts.begin(), facts.end(), [&](const Fact& f) { return f.word == yes.word; });
    bool can_yes = !knows || can_hold(facts, yes, steps_), can_no = !knows || can_hold(facts, no, steps_);
    bool news = can_yes && can_no && is_argument(yes.word);
    if (can_yes) arrive(node.yes, facts, news ? &yes : nullptr);
    if (can_no) arrive(node.no, facts, news ? &no : nullptr);
    taken_[id].yes = taken_[id].yes || can_yes;
    taken_[id].no = taken_[id].no || can_no;
  }

  // Loads come in by themselves where they are needed.
  constexpr NodeId behind_loads(NodeId id) const {
    while (graph_[id].kind == Node::Kind::load || graph_[id].kind == Node::Kind::mask) id = graph_[id].yes;
    return id;
  }

  constexpr Pruned rebuild() {
    Pruned result;
    std::vector<NodeId> now(root_ + 1, kNoNode);
    for (NodeId id = 0; id <= root_; ++id) {
      if (reach_[id] == Reach::no) continue;
      Node node = graph_[id];
      if (node.kind == Node::Kind::ret) {
        now[id] = id;
      } else if (node.kind == Node::Kind::fold) {
        now[id] = now[node.yes] == node.yes ? id : graph_.fold(node.k, now[node.yes]);
      } else if (node.kind != Node::Kind::test) {
        now[id] = now[node.yes];
      } else {
        bool both = taken_[id].yes && taken_[id].no;
        NodeId old_yes = behind_loads(node.yes), old_no = behind_loads(node.no);
        if (!both) {
          now[id] = now[taken_[id].yes ? old_yes : old_no];
        } else if (now[old_yes] == old_yes && now[old_no] == old_no) {
          now[id] = id;
        } else {
          now[id] = graph_.test(node.accumulator, node.op, node.k, now[old_yes], now[old_no]);
          replace(result, id, now[id]);
        }
      }
    }
    result.root = graph_.enter(now[root_]);
    return result;
  }

  constexpr void replace(Pruned& result, NodeId node, NodeId by) const {
    if (graph_[by].kind != Node::Kind::test) return;
    result.replacements.push_back({node, by});
    const Node &before = graph_[node], &after = graph_[by];
    for (auto [old_side, new_side] : {std::pair{before.yes, after.yes}, std::pair{before.no, after.no}}) {
      bool load = graph_[old_side].kind == Node::Kind::load && graph_[new_side].kind == Node::Kind::load;
      if (load && old_side != new_side) result.replacements.push_back({old_side, new_side});
    }
  }

  Graph& graph_;
  NodeId root_;
  std::vector<uint16_t> words_;  // bit i: word i is tested at the node or below
  std::vector<States> states_;
  std::vector<Reach> reach_;
  std::vector<Taken> taken_;
  uint64_t max_steps_;
  policy::Budget steps_;
  bool is_blurred_ = false;
};

}  // namespace detail

constexpr Pruned prune(Graph& graph, NodeId root, const PruneOptions& options) {
  if (root > detail::kMaxNodes) return {root, {}, false};
  return detail::Pruner(graph, root, options).run();
}

}  // namespace cordon::compiler
