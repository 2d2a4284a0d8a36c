#include "cordon/diagram/count.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "cordon/base/assert.h"

namespace cordon::diagram {
namespace {

using base::WideUnsigned;

// Children first: a child has always a smaller number than its parents.
std::vector<Node> nodes_below(const Manager& manager, Node root) {
  std::vector<Node> found{root};
  std::unordered_set<Node> is_reached{root};
  for (size_t next = 0; next < found.size(); ++next) {
    if (manager.is_leaf(found[next])) continue;
    for (const Edge& edge : manager.edges(found[next]))
      if (is_reached.insert(edge.child).second) found.push_back(edge.child);
  }
  std::sort(found.begin(), found.end());
  return found;
}

// For each level how many bits of the words are asked there or later.
std::vector<unsigned> bits_from(const Order& order, uint16_t words) {
  std::vector<unsigned> bits(order.size() + size_t{1}, 0);
  for (size_t level = order.size(); level-- > 0;) {
    const Field& field = order.field(static_cast<Level>(level));
    bits[level] = bits[level + 1] + ((words >> field.word & 1) != 0 ? field.width : 0u);
  }
  return bits;
}

}  // namespace

uint16_t support(const Manager& manager, Node node) {
  uint16_t words = 0;
  for (Node below : nodes_below(manager, node))
    if (!manager.is_leaf(below)) words |= static_cast<uint16_t>(1u << manager.order().field(manager.level(below)).word);
  return words;
}

WideUnsigned count(const Manager& manager, Node root, uint16_t words, const std::function<bool(uint64_t)>& is_wanted) {
  const std::vector<unsigned> bits = bits_from(manager.order(), words);
  std::unordered_map<Node, WideUnsigned> counts;  // of the values of what the node's level and later ones ask
  for (Node node : nodes_below(manager, root)) {
    if (manager.is_leaf(node)) {
      counts[node] = WideUnsigned(is_wanted(manager.value(node)) ? 1 : 0);
      continue;
    }
    const Level level = manager.level(node);
    CORDON_ASSERT((words >> manager.order().field(level).word & 1) != 0, "only counted words are asked");
    WideUnsigned sum;
    uint64_t first = 0;
    for (const Edge& edge : manager.edges(node)) {
      const unsigned skipped = bits[level + size_t{1}] - bits[manager.level(edge.child)];
      sum += (counts[edge.child] << skipped) * (uint64_t{edge.last} - first + 1);
      first = uint64_t{edge.last} + 1;
    }
    counts[node] = sum;
  }
  return counts[root] << (bits[0] - bits[manager.level(root)]);
}

}  // namespace cordon::diagram
