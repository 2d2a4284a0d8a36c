#include "cordon/diagram/manager.h"

#include <algorithm>
#include <utility>

#include "cordon/base/assert.h"

namespace cordon::diagram {
namespace {

constexpr size_t kInitialTable = 1024;
constexpr size_t kInitialResults = 1024;
constexpr size_t kMaxResults = size_t{1} << 18;
// The more nodes there are, the fewer of those that are looked at lie in the processor's cache: each new one costs a
// step more for so many, which keeps a step's time much the same.
constexpr size_t kCachedNodes = 1 << 11;
// Marks results of combine in the table; conditions of choose are node numbers far below.
// No node has so large a number (Limits::max_edges).
constexpr Node kCombineMark = 0xffffffe0;
constexpr size_t kMaxFunctions = 16;
constexpr Node kZeroMark = kCombineMark + kMaxFunctions, kMeetsMark = kZeroMark + 1;

uint32_t mix(uint64_t value) {
  value *= 0x9e3779b97f4a7c15;
  return static_cast<uint32_t>(value >> 32);
}

}  // namespace

struct Manager::Walk {
  Walk(const Manager& manager, Node node, Level level) {
    const Record& record = manager.nodes_[node];
    if (record.level == level) {
      position = record.first;
      edge = manager.edges_[position];
    } else {
      edge = {UINT32_MAX, node};
    }
  }
  void pass(const Manager& manager, uint32_t last) {
    if (edge.last == last) edge = manager.edges_[++position];
  }

  uint32_t position = 0;
  Edge edge;
};

Manager::Manager(Order order, Limits limits)
    : order_(std::move(order)), limits_(limits), table_(kInitialTable, kNothing), results_(kInitialResults) {
  nodes_.reserve(256);
  edges_.reserve(1024);
  scratch_.reserve(256);
  leaf(0);
  leaf(1);
}

Node Manager::leaf(uint64_t value) {
  return insert(
      {order_.size(), mix(value ^ 0x5bd1e995), static_cast<uint32_t>(value >> 32), static_cast<uint32_t>(value)});
}

// The node of the record: one that is there, or this one. Edges of an inner node stand at the end of edges_.
Node Manager::insert(const Record& record) {
  const size_t mask = table_.size() - 1;
  const bool is_leaf = record.level == order_.size();
  for (size_t at = record.hash & mask;; at = (at + 1) & mask) {
    const Node node = table_[at];
    if (node == kNothing) {
      table_[at] = static_cast<Node>(nodes_.size());
      nodes_.push_back(record);
      steps_ += nodes_.size() / kCachedNodes;
      if (2 * nodes_.size() > table_.size()) grow_table();
      return static_cast<Node>(nodes_.size() - 1);
    }
    const Record& other = nodes_[node];
    if (other.hash != record.hash || other.level != record.level || other.count != record.count) continue;
    if (is_leaf ? other.first == record.first
                : std::equal(edges_.begin() + other.first, edges_.begin() + other.first + other.count,
                             edges_.begin() + record.first)) {
      if (!is_leaf) edges_.resize(record.first);
      return node;
    }
  }
}

void Manager::grow_table() {
  table_.assign(4 * table_.size(), kNothing);
  const size_t mask = table_.size() - 1;
  for (Node node = 0; node < nodes_.size(); ++node) {
    size_t at = nodes_[node].hash & mask;
    while (table_[at] != kNothing) at = (at + 1) & mask;
    table_[at] = node;
  }
  // Forgotten results are only computed again.
  if (results_.size() < kMaxResults) results_.assign(4 * results_.size(), {});
}

Manager::Remembered& Manager::slot(Node a, Node b, Node c) {
  const uint64_t key = (uint64_t{a} * 0xff51afd7ed558ccd) ^ (uint64_t{b} << 32 | c);
  return results_[mix(key ^ key >> 29) & (results_.size() - 1)];
}

void Manager::push(size_t scratch_base, uint32_t last, Node child) {
  if (scratch_.size() > scratch_base && scratch_.back().child == child)
    scratch_.back().last = last;
  else
    scratch_.push_back({last, child});
}

// The node with the edges from scratch_base on, which are taken off.
Node Manager::intern(Level level, size_t scratch_base) {
  if (scratch_.size() == scratch_base + 1) {
    const Node only = scratch_.back().child;
    scratch_.resize(scratch_base);
    return only;
  }
  const auto first = static_cast<uint32_t>(edges_.size());
  uint64_t hash = level;
  for (size_t i = scratch_base; i < scratch_.size(); ++i) {
    hash = (hash ^ (uint64_t{scratch_[i].last} << 32 | scratch_[i].child)) * 0xff51afd7ed558ccd;
    hash ^= hash >> 32;
    edges_.push_back(scratch_[i]);
  }
  const auto count = static_cast<uint32_t>(scratch_.size() - scratch_base);
  scratch_.resize(scratch_base);
  return insert({level, mix(hash), first, count});
}

Node Manager::switch_on(Level level, std::span<const Edge> edges) {
  CORDON_ASSERT(!edges.empty() && edges.back().last == order_.field(level).max(), "edges cover the whole field");
  const bool is_below =
      std::all_of(edges.begin(), edges.end(), [&](const Edge& edge) { return nodes_[edge.child].level > level; });
  const size_t base = scratch_.size();
  steps_ += edges.size();
  if (is_below) {
    for (const Edge& edge : edges) push(base, edge.last, edge.child);
    return intern(level, base);
  }
  // From the last interval to the first: field <= last ? child : those above.
  Node result = edges.back().child;
  for (size_t i = edges.size() - 1; i-- > 0;) {
    push(base, edges[i].last, kTrue);
    push(base, order_.field(level).max(), kFalse);
    result = choose(intern(level, base), edges[i].child, result);
  }
  return result;
}

Node Manager::choose(Node condition, Node yes, Node no) {
  if (condition == kTrue || yes == no) return yes;
  if (condition == kFalse) return no;
  if (yes == kTrue && no == kFalse) return condition;
  if (exhausted()) return kFalse;
  if (const Remembered& known = slot(condition, yes, no); known.a == condition && known.b == yes && known.c == no)
    return known.result;
  const Level level = std::min({nodes_[condition].level, nodes_[yes].level, nodes_[no].level});
  const uint32_t max = order_.field(level).max();
  Walk c(*this, condition, level), y(*this, yes, level), n(*this, no, level);
  const size_t base = scratch_.size();
  for (;;) {
    ++steps_;
    const uint32_t last = std::min({c.edge.last, y.edge.last, n.edge.last, max});
    const Node child = choose(c.edge.child, y.edge.child, n.edge.child);
    push(base, last, child);
    if (last == max) break;
    c.pass(*this, last), y.pass(*this, last), n.pass(*this, last);
  }
  const Node result = intern(level, base);
  slot(condition, yes, no) = {condition, yes, no, result};
  return result;
}

bool Manager::meets(Node a, Node b) {
  if (a == kFalse || b == kFalse) return false;
  if (a == kTrue || b == kTrue || a == b) return true;
  if (exhausted()) return false;
  if (const Remembered& known = slot(kMeetsMark, a, b); known.a == kMeetsMark && known.b == a && known.c == b)
    return known.result == kTrue;
  const Level level = std::min(nodes_[a].level, nodes_[b].level);
  const uint32_t max = order_.field(level).max();
  Walk left(*this, a, level), right(*this, b, level);
  bool found = false;
  for (;;) {
    ++steps_;
    const uint32_t last = std::min({left.edge.last, right.edge.last, max});
    found = meets(left.edge.child, right.edge.child);
    if (found || last == max) break;
    left.pass(*this, last), right.pass(*this, last);
  }
  slot(kMeetsMark, a, b) = {kMeetsMark, a, b, found ? kTrue : kFalse};
  return found;
}

Node Manager::combine(LeafFunction function, Node a, Node b) {
  auto known = std::find(functions_.begin(), functions_.end(), function);
  if (known == functions_.end()) {
    CORDON_ASSERT(functions_.size() < kMaxFunctions, "each function has a mark of its own among the results");
    known = functions_.insert(functions_.end(), function);
  }
  return combine_marked(kCombineMark + static_cast<Node>(known - functions_.begin()), function, a, b);
}

Node Manager::combine_marked(Node mark, LeafFunction function, Node a, Node b) {
  if (exhausted()) return kFalse;
  if (is_leaf(a) && is_leaf(b)) return leaf(function(value(a), value(b)));
  if (const Remembered& known = slot(mark, a, b); known.a == mark && known.b == a && known.c == b) return known.result;
  const Level level = std::min(nodes_[a].level, nodes_[b].level);
  const uint32_t max = order_.field(level).max();
  Walk left(*this, a, level), right(*this, b, level);
  const size_t base = scratch_.size();
  for (;;) {
    ++steps_;
    const uint32_t last = std::min({left.edge.last, right.edge.last, max});
    const Node child = combine_marked(mark, function, left.edge.child, right.edge.child);
    push(base, last, child);
    if (last == max) break;
    left.pass(*this, last), right.pass(*this, last);
  }
  const Node result = intern(level, base);
  slot(mark, a, b) = {mark, a, b, result};
  return result;
}

Node Manager::with_zero(Node node, uint16_t words) {
  if (is_leaf(node)) return node;
  if (exhausted()) return kFalse;
  if (const Remembered& known = slot(kZeroMark, node, words);
      known.a == kZeroMark && known.b == node && known.c == words)
    return known.result;
  const Record record = nodes_[node];
  Node result;
  if ((words >> order_.field(record.level).word & 1) != 0) {
    ++steps_;
    result = with_zero(edges_[record.first].child, words);
  } else {
    const size_t base = scratch_.size();
    for (uint32_t i = 0; i < record.count; ++i) {
      ++steps_;
      const Edge edge = edges_[record.first + i];
      const Node child = with_zero(edge.child, words);
      push(base, edge.last, child);
    }
    result = intern(record.level, base);
  }
  slot(kZeroMark, node, words) = {kZeroMark, node, words, result};
  return result;
}

}  // namespace cordon::diagram
