#include "cordon/diagram/walk.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "cordon/base/assert.h"

namespace cordon::diagram {
namespace {

Node child_for(const Manager& manager, Node node, uint32_t value) {
  const auto edges = manager.edges(node);
  return std::lower_bound(edges.begin(), edges.end(), value,
                          [](const Edge& edge, uint32_t wanted) { return edge.last < wanted; })
      ->child;
}

// Every node below, each once; a child has always a smaller number than its parents.
std::vector<bool> reachable(const Manager& manager, Node root) {
  std::vector<bool> is_reached(root + 1, false);
  is_reached[root] = true;
  for (Node node = root + 1; node-- > 0;) {
    if (!is_reached[node] || manager.is_leaf(node)) continue;
    for (const Edge& edge : manager.edges(node)) is_reached[edge.child] = true;
  }
  return is_reached;
}

class Pieces {
 public:
  Pieces(const Manager& manager, Word word, size_t max_pieces)
      : manager_(manager), levels_(manager.order().levels_of(word)), max_pieces_(max_pieces) {}

  // Values that begin with `prefix`, from the field `index` on. Depth of recursion: fields of a word, at most 32.
  bool visit(Node node, size_t index, uint32_t prefix) {
    if (index == levels_.size() || manager_.level(node) > levels_.back()) {
      const uint32_t below = index == levels_.size() ? 0 : reach_of(index);
      return add(prefix, prefix | below, node);
    }
    const Field& field = manager_.order().field(levels_[index]);
    if (manager_.level(node) < levels_[index]) return false;
    const bool is_skipped = manager_.level(node) != levels_[index];
    const Edge whole{field.max(), node};
    const std::vector<Edge> edges = is_skipped ? std::vector<Edge>{whole} : copy(manager_.edges(node));
    uint64_t value = 0;
    for (const Edge& edge : edges) {
      if (manager_.level(edge.child) > levels_.back()) {
        const uint32_t below = (uint32_t{1} << field.low) - 1;
        const auto first = static_cast<uint32_t>(value);
        if (!add(prefix | first << field.low, prefix | edge.last << field.low | below, edge.child)) return false;
      } else {
        for (; value <= edge.last; ++value)
          if (!visit(edge.child, index + 1, prefix | static_cast<uint32_t>(value) << field.low)) return false;
      }
      value = uint64_t{edge.last} + 1;
    }
    return true;
  }

  std::vector<Piece> take() && { return std::move(pieces_); }

 private:
  static std::vector<Edge> copy(std::span<const Edge> edges) { return {edges.begin(), edges.end()}; }

  // All bits of this field and those below.
  uint32_t reach_of(size_t index) const {
    const Field& field = manager_.order().field(levels_[index]);
    return field.max() << field.low | ((uint32_t{1} << field.low) - 1);
  }

  bool add(uint32_t first, uint32_t last, Node node) {
    if (++visits_ > 64 * max_pieces_) return false;
    if (!pieces_.empty() && pieces_.back().node == node) {
      pieces_.back().last = last;
      return true;
    }
    pieces_.push_back({first, last, node});
    return pieces_.size() <= max_pieces_;
  }

  const Manager& manager_;
  std::span<const Level> levels_;
  size_t max_pieces_;
  size_t visits_ = 0;
  std::vector<Piece> pieces_;
};

}  // namespace

std::optional<std::vector<Piece>> pieces_of(const Manager& manager, Node node, Word word, size_t max_pieces) {
  Pieces pieces(manager, word, max_pieces);
  if (!pieces.visit(node, 0, 0)) return std::nullopt;
  return std::move(pieces).take();
}

uint64_t value_at(const Manager& manager, Node node, const Point& words) {
  while (!manager.is_leaf(node)) {
    const Field& field = manager.order().field(manager.level(node));
    node = child_for(manager, node, words[field.word] >> field.low & field.max());
  }
  return manager.value(node);
}

// Most diagrams are small and lie among many others, so this goes down instead of over all nodes.
std::vector<Node> leaves(const Manager& manager, Node root) {
  std::vector<Node> found, open{root};
  std::unordered_set<Node> is_reached{root};
  while (!open.empty()) {
    const Node node = open.back();
    open.pop_back();
    if (manager.is_leaf(node)) {
      found.push_back(node);
      continue;
    }
    for (const Edge& edge : manager.edges(node))
      if (is_reached.insert(edge.child).second) open.push_back(edge.child);
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::optional<Point> point_in(const Manager& manager, Node region) {
  if (region == Manager::kFalse) return std::nullopt;
  Point point{};
  while (!manager.is_leaf(region)) {
    const Field& field = manager.order().field(manager.level(region));
    uint64_t first = 0;
    for (const Edge& edge : manager.edges(region)) {
      if (edge.child != Manager::kFalse) {
        point[field.word] |= static_cast<uint32_t>(first) << field.low;
        region = edge.child;
        break;
      }
      first = uint64_t{edge.last} + 1;
    }
  }
  return point;
}

std::optional<Point> find(const Manager& manager, Node root, const std::function<bool(uint64_t)>& is_wanted,
                          const Preferences& preferences) {
  const std::vector<bool> is_reached = reachable(manager, root);
  std::vector<bool> leads(root + 1, false);
  for (Node node = 0; node <= root; ++node) {
    if (!is_reached[node]) continue;
    if (manager.is_leaf(node)) {
      leads[node] = is_wanted(manager.value(node));
      continue;
    }
    const auto edges = manager.edges(node);
    leads[node] = std::any_of(edges.begin(), edges.end(), [&](const Edge& edge) { return leads[edge.child]; });
  }
  if (!leads[root]) return std::nullopt;

  Point point{};
  // Bits of a word that are decided. The rest of a word follows a preferred value as long as it can.
  std::array<uint32_t, kMaxWords> decided{};
  Node node = root;
  while (!manager.is_leaf(node)) {
    const Field& field = manager.order().field(manager.level(node));
    const uint32_t bits = field.max() << field.low;
    std::optional<uint32_t> chosen;
    for (uint32_t preferred : preferences[field.word]) {
      if (((preferred ^ point[field.word]) & decided[field.word]) != 0) continue;
      const uint32_t value = preferred >> field.low & field.max();
      if (!leads[child_for(manager, node, value)]) continue;
      chosen = value;
      break;
    }
    uint32_t first = 0;
    for (const Edge& edge : manager.edges(node)) {
      if (!chosen && leads[edge.child]) chosen = first;
      first = edge.last + 1;
    }
    point[field.word] |= *chosen << field.low;
    decided[field.word] |= bits;
    node = child_for(manager, node, *chosen);
  }
  for (unsigned word = 0; word < kMaxWords; ++word)
    for (uint32_t preferred : preferences[word])
      if (((preferred ^ point[word]) & decided[word]) == 0) {
        point[word] = preferred;
        break;
      }
  return point;
}

}  // namespace cordon::diagram
