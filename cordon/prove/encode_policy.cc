#include "cordon/prove/encode_policy.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "cordon/diagram/sets.h"
#include "cordon/policy/action.h"
#include "cordon/prove/words.h"

namespace cordon::prove {
namespace {

using diagram::Edge;
using diagram::Manager;
using diagram::Node;
using diagram::Range;

void cut_condition(const ResolvedCondition& condition, Endian endian, diagram::Cuts& cuts) {
  if (condition.kind == ResolvedCondition::Kind::test) {
    const diagram::Operand words = words_of(condition.test.operand, endian);
    cuts.at_mask(words.low, static_cast<uint32_t>(condition.test.mask));
    cuts.at_mask(*words.high, static_cast<uint32_t>(condition.test.mask >> 32));
  }
  for (const ResolvedCondition& operand : condition.operands) cut_condition(operand, endian, cuts);
}

constexpr size_t kFewClauses = 16;

// The answer of clauses none of which holds; no return value is so large.
constexpr uint64_t kSilent = uint64_t{1} << 32;
uint64_t first_answer(uint64_t a, uint64_t b) { return a == kSilent ? b : a; }

class Encoder {
 public:
  explicit Encoder(Manager& manager, const SegmentNode* instead = nullptr) : manager_(manager), instead_(instead) {}

  Node policy(const ResolvedPolicy& policy) {
    const Node bad_arch = answer(policy.bad_arch);
    std::vector<Edge> by_arch;
    uint64_t next = 0;
    for (const ArchTable& table : policy.arches) {
      if (table.audit_arch > next) by_arch.push_back({table.audit_arch - 1, bad_arch});
      by_arch.push_back({table.audit_arch, numbers(table)});
      next = uint64_t{table.audit_arch} + 1;
    }
    if (next <= UINT32_MAX) by_arch.push_back({UINT32_MAX, bad_arch});
    return diagram::by_word(manager_, {kArchWord}, by_arch);
  }

  Node holds(const ResolvedCondition& condition, Endian endian) {
    switch (condition.kind) {
      case ResolvedCondition::Kind::test: return test(condition.test, endian);
      case ResolvedCondition::Kind::all: {
        // From the last operand up: those that ask later words become children of those that ask earlier ones.
        Node node = Manager::kTrue;
        for (size_t i = condition.operands.size(); i-- > 0;)
          node = manager_.both(holds(condition.operands[i], endian), node);
        return node;
      }
      case ResolvedCondition::Kind::any: return any(condition.operands, endian);
    }
    return Manager::kFalse;
  }

 private:
  // Numbers beside each other mostly have the same answer.
  Node answer(Action action) {
    if (!last_answer_ || *last_answer_ != action) last_leaf_ = manager_.leaf(policy::to_ret(action));
    last_answer_ = action;
    return last_leaf_;
  }

  Node numbers(const ArchTable& table) {
    std::vector<Edge> pieces;
    for (const Segment& segment : table.segments) {
      const auto given = instead_ != nullptr ? (*instead_)(table, segment) : std::nullopt;
      const Node node = given ? *given : clauses(segment.clauses, table.endian);
      if (!pieces.empty() && pieces.back().child == node)
        pieces.back().last = segment.last;
      else
        pieces.push_back({segment.last, node});
    }
    return diagram::by_word(manager_, {kNrWord}, pieces);
  }

  // The first clause that holds answers. Few are laid over each other one by one, the last first. Many are joined in
  // pairs, then pairs of pairs: n values of one argument cost n log n.
  Node clauses(const std::vector<Clause>& clauses, Endian endian) {
    if (clauses.size() > kFewClauses) return joined(clauses, endian);
    Node node = answer(clauses.back().action);
    for (size_t i = clauses.size() - 1; i-- > 0;)
      node = manager_.choose(holds(clauses[i].condition, endian), answer(clauses[i].action), node);
    return node;
  }

  Node joined(const std::vector<Clause>& clauses, Endian endian) {
    const Node silent = manager_.leaf(kSilent);
    std::vector<Node> nodes;
    for (const Clause& clause : clauses)
      nodes.push_back(manager_.choose(holds(clause.condition, endian), answer(clause.action), silent));
    return in_pairs(std::move(nodes),
                    [&](Node first, Node second) { return manager_.combine(first_answer, first, second); });
  }

  template <class Join>
  static Node in_pairs(std::vector<Node> nodes, Join join) {
    while (nodes.size() > 1) {
      for (size_t i = 0; 2 * i < nodes.size(); ++i)
        nodes[i] = 2 * i + 1 < nodes.size() ? join(nodes[2 * i], nodes[2 * i + 1]) : nodes[2 * i];
      nodes.resize((nodes.size() + 1) / 2);
    }
    return nodes[0];
  }

  Node any(const std::vector<ResolvedCondition>& operands, Endian endian) {
    if (operands.empty()) return Manager::kFalse;
    std::vector<Node> nodes;
    for (const ResolvedCondition& operand : operands) nodes.push_back(holds(operand, endian));
    return in_pairs(std::move(nodes), [&](Node a, Node b) { return manager_.either(a, b); });
  }

  Node test(const ResolvedTest& test, Endian endian) {
    ranges_.clear();
    for (const Interval& interval : test.allowed) ranges_.push_back({interval.first, interval.last});
    return diagram::in_set(manager_, words_of(test.operand, endian), test.mask, ranges_);
  }

  Manager& manager_;
  const SegmentNode* instead_;
  std::vector<Range> ranges_;
  std::optional<Action> last_answer_;
  Node last_leaf_ = Manager::kFalse;
};

}  // namespace

void collect_cuts(const ResolvedPolicy& policy, diagram::Cuts& cuts) {
  for (const ArchTable& table : policy.arches)
    for (const Segment& segment : table.segments)
      for (const Clause& clause : segment.clauses) cut_condition(clause.condition, table.endian, cuts);
}

Node encode_policy(Manager& manager, const ResolvedPolicy& policy) { return Encoder(manager).policy(policy); }

Node encode_policy(Manager& manager, const ResolvedPolicy& policy, const SegmentNode& instead) {
  return Encoder(manager, &instead).policy(policy);
}

Node encode_condition(Manager& manager, const ResolvedCondition& condition, Endian endian) {
  return Encoder(manager).holds(condition, endian);
}

}  // namespace cordon::prove
