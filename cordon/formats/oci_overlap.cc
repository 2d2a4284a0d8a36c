// Two chains exclude each other if they test some argument in ways that exclude each other. A test is an
// interval of values, two intervals (!=), or fixed bits under a mask; a mask against an interval is taken to
// overlap, which at worst warns once too often.
//
// The order is that of libseccomp's tree of a 64-bit architecture (_db_chain_lt and _db_tree_add of its db.c, 2.5): the
// tests of a chain by rising argument are a way down, and on each level stand
//
//   the last argument first, and of tests of one argument
//   ==, != and masks, then < and <=, then > and >=,
//   the largest value first, but of < and <= the smallest.
//
// `>= 5` is the node of `< 5` with the outcomes exchanged, so the two stand in one place. Masks have nodes of their
// own, apart from == and !=, and come before or after all of these, as the first of either kind was added.
#include "cordon/formats/oci_overlap.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <vector>

#include "cordon/policy/resolved_policy.h"

namespace cordon::formats {
namespace {

// What a comparison with a datum accepts; nothing for a mask.
std::vector<Interval> accepted(const OciArg& arg) {
  uint64_t datum = arg.value;
  std::vector<Interval> intervals;
  auto add = [&](bool exists, uint64_t first, uint64_t last) {
    if (exists) intervals.push_back({first, last});
  };
  switch (arg.op) {
    case OciOp::eq: add(true, datum, datum); break;
    case OciOp::lt: add(datum != 0, 0, datum - 1); break;
    case OciOp::le: add(true, 0, datum); break;
    case OciOp::gt: add(datum != UINT64_MAX, datum + 1, UINT64_MAX); break;
    case OciOp::ge: add(true, datum, UINT64_MAX); break;
    case OciOp::ne:
      add(datum != 0, 0, datum - 1);
      add(datum != UINT64_MAX, datum + 1, UINT64_MAX);
      break;
    case OciOp::masked_eq: break;
  }
  return intervals;
}

bool tests_may_overlap(const OciArg& a, const OciArg& b) {
  bool a_is_masked = a.op == OciOp::masked_eq;
  bool b_is_masked = b.op == OciOp::masked_eq;
  if (a_is_masked && b_is_masked) return ((a.value_two ^ b.value_two) & a.value & b.value) == 0;
  if (b_is_masked) return tests_may_overlap(b, a);
  if (a_is_masked) return b.op != OciOp::eq || ((b.value ^ a.value_two) & a.value) == 0;
  for (const Interval& x : accepted(a))
    for (const Interval& y : accepted(b))
      if (x.first <= y.last && y.first <= x.last) return true;
  return false;
}

// How strongly libseccomp pulls a test to the front (__db_chain_op_priority).
int strength(OciOp op) {
  switch (op) {
    case OciOp::eq:
    case OciOp::ne:
    case OciOp::masked_eq: return 3;
    case OciOp::lt:
    case OciOp::le: return 2;
    case OciOp::gt:
    case OciOp::ge: return 1;
  }
  return 0;
}

// What libseccomp keeps of the value.
uint64_t datum(const OciArg& arg) { return arg.op == OciOp::masked_eq ? arg.value_two & arg.value : arg.value; }

bool is_above(OciOp op) { return op == OciOp::gt || op == OciOp::ge; }

// A test, and which of those with the same place was added first.
struct Node {
  OciArg test;
  size_t rank = 0;  // of ==, != and masks: that of the node that asks the upper half
};
using Path = std::vector<Node>;  // from the root of the tree

enum class Place : uint8_t { before, behind, same };

template <class Value>
Place by(const Value& a, const Value& b) {
  return a == b ? Place::same : a < b ? Place::before : Place::behind;
}

// Of two nodes on one level.
Place place_of(const Node& a, const Node& b) {
  const OciArg &x = a.test, &y = b.test;
  if (x.index != y.index) return by(y.index, x.index);
  if (strength(x.op) != strength(y.op)) return by(strength(y.op), strength(x.op));
  if (strength(x.op) == 3 && datum(x) >> 32 == datum(y) >> 32 && a.rank != b.rank) return by(a.rank, b.rank);
  if (datum(x) == datum(y)) return by(a.rank, b.rank);
  return strength(x.op) == 2 ? by(datum(x), datum(y)) : by(datum(y), datum(x));
}

bool is_before(const Path& a, const Path& b) {
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    const Place place = place_of(a[i], b[i]);
    if (place != Place::same) return place == Place::before;
  }
  return false;
}

// Knows the nodes there are when a chain is added.
class Tree {
 public:
  Path add(OciChain chain) {
    std::vector<OciArg> tests(chain.begin(), chain.end());
    std::sort(tests.begin(), tests.end(), [](const OciArg& a, const OciArg& b) { return a.index < b.index; });
    Path path;
    Key above;
    for (const OciArg& test : tests) {
      above.push_back(test.index);
      path.push_back(strength(test.op) == 3 ? Node{test, rank_of(test, above)} : node_of(test, above));
      above.insert(above.end(), {static_cast<uint64_t>(test.op), test.value, test.value_two});
    }
    return path;
  }

 private:
  using Key = std::vector<uint64_t>;  // the way down to a level, and what tells its nodes apart

  size_t rank_of(const OciArg& test, Key key) {
    const bool is_masked = test.op == OciOp::masked_eq;
    const uint64_t upper_mask = is_masked ? test.value >> 32 : UINT32_MAX;
    key.insert(key.end(), {is_masked, upper_mask, datum(test) >> 32});
    return ranks_.try_emplace(std::move(key), ranks_.size()).first->second;
  }

  // The node this test stands at: its own, or the opposite test's where the walk along the level finds that.
  Node node_of(const OciArg& test, Key key) {
    Level& level = levels_[key];
    const bool is_or_equal = test.op == OciOp::ge || test.op == OciOp::lt;  // the node asks >=
    key.insert(key.end(), {is_or_equal, test.value});
    auto [found, is_new] = nodes_.try_emplace(std::move(key));
    Node& node = found->second;
    if (!is_new && (is_above(test.op) || !is_above(node.test.op) || level.leads_to(node.test))) return node;
    node = {test, ++node_count_};
    level.add(test);
    return node;
  }

  // The nodes of < <= > >= of one argument.
  struct Level {
    std::optional<OciArg> first_above;
    uint64_t largest_below = 0;

    // The walk of a < or <= ends before a larger one, and before any > or >= that is not its own node.
    bool leads_to(const OciArg& above) const {
      return first_above->op == above.op && first_above->value == above.value && largest_below <= above.value;
    }
    void add(const OciArg& test) {
      if (!is_above(test.op)) largest_below = std::max(largest_below, test.value);
      if (is_above(test.op) && (!first_above || test.value > first_above->value)) first_above = test;
    }
  };

  std::map<Key, size_t> ranks_;
  std::map<Key, Node> nodes_;  // of < <= > >=
  std::map<Key, Level> levels_;
  size_t node_count_ = 0;
};

}  // namespace

bool may_overlap(OciChain a, OciChain b) {
  for (const OciArg& x : a)
    for (const OciArg& y : b)
      if (x.index == y.index && !tests_may_overlap(x, y)) return false;
  return true;
}

std::vector<size_t> libseccomp_order(std::span<const OciChain> chains) {
  Tree tree;
  std::vector<Path> paths;
  for (OciChain chain : chains) paths.push_back(tree.add(chain));
  std::vector<size_t> order(chains.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return is_before(paths[a], paths[b]); });
  return order;
}

}  // namespace cordon::formats
