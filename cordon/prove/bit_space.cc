// Covers of single bits follow Minato's and Morreale's irredundant sums of products: what both halves share is
// covered without the bit, the rest of each half with it.
#include "cordon/prove/bit_space.h"

#include <algorithm>
#include <array>
#include <map>
#include <unordered_set>
#include <utility>

#include "cordon/policy/intervals.h"
#include "cordon/prove/words.h"

namespace cordon::prove {

using diagram::Edge;
using diagram::Level;
using diagram::Manager;
using diagram::Node;
using diagram::Word;

namespace {

constexpr Word kFirstOperandWord = bpf::kOffsetIp / 4;

uint8_t operand_of_word(Word word) {
  const unsigned pair = (word - kFirstOperandWord) / 2u;
  return pair == 0 ? ResolvedTest::kInstructionPointer : static_cast<uint8_t>(pair - 1);
}

}  // namespace

void BitSpace::cut(diagram::Cuts& cuts) {
  for (Word word = kFirstOperandWord; word < diagram::kWordCount; ++word) cuts.at_every_bit(word);
}

BitSpace::BitSpace(Manager& manager, Endian endian, const diagram::Cuts& cuts) : manager_(manager), endian_(endian) {
  const diagram::Order& order = manager.order();
  operands_.bits.assign(kOperandCount, UINT64_MAX);
  for (Level level = 0; level < order.size(); ++level) {
    const diagram::Field& field = order.field(level);
    const bool is_asked = field.word >= kFirstOperandWord;
    operands_.of_level.push_back(is_asked ? operand_of_word(field.word) : 0);
    const bool begins = fields_.bits.empty() || order.field(level - 1).word != field.word ||
                        (cuts.below[field.word] >> (field.low + 1) & 1) != 0;
    if (begins) fields_.bits.push_back(0);
    if (is_asked) fields_.bits.back() |= uint64_t{1} << bit_of(level);
    fields_.of_level.push_back(static_cast<uint16_t>(fields_.bits.size() - 1));
  }
}

size_t BitSpace::group_of(Node node, const Grouping& grouping) const {
  return manager_.is_leaf(node) ? grouping.count() : grouping.of_level[manager_.level(node)];
}

unsigned BitSpace::bit_of(Level level) const {
  const diagram::Field& field = manager_.order().field(level);
  const bool is_high = *words_of(operand_of_word(field.word), endian_).high == field.word;
  return field.low + (is_high ? 32u : 0u);
}

// A node that does not ask the level is its own child.
Node BitSpace::child(Node node, Level level, bool is_one) const {
  if (manager_.is_leaf(node) || manager_.level(node) != level) return node;
  return is_one ? manager_.edges(node).back().child : manager_.edges(node).front().child;
}

Node BitSpace::where(Node function, Node leaf) {
  std::vector<Node> known(function + 1, UINT32_MAX);
  return indicate(function, leaf, known);
}

// Depth of recursion: levels, at most 512.
Node BitSpace::indicate(Node node, Node leaf, std::vector<Node>& known) {
  if (manager_.is_leaf(node)) return node == leaf ? Manager::kTrue : Manager::kFalse;
  if (known[node] != UINT32_MAX || manager_.exhausted()) return known[node] == UINT32_MAX ? 0 : known[node];
  const Level level = manager_.level(node);
  const Node no = indicate(child(node, level, false), leaf, known);
  const Node yes = indicate(child(node, level, true), leaf, known);
  const Edge edges[] = {{0, no}, {1, yes}};
  return known[node] = manager_.switch_on(level, edges);
}

uint64_t BitSpace::support(Node set) const {
  uint64_t bits = 0;
  std::vector<Node> open{set};
  std::unordered_set<Node> seen;
  while (!open.empty()) {
    const Node node = open.back();
    open.pop_back();
    if (manager_.is_leaf(node) || !seen.insert(node).second) continue;
    bits |= uint64_t{1} << bit_of(manager_.level(node));
    for (const Edge& edge : manager_.edges(node)) open.push_back(edge.child);
  }
  return bits;
}

// A set's ends, and how often it begins or ends on the way through its values in order.
struct BitSpace::Edges {
  static constexpr uint64_t kMany = uint64_t{1} << 40;

  uint64_t count = 0;
  bool first = false, last = false;
};

// Of a set that does not ask the bits in between: its values come once for each of theirs.
BitSpace::Edges BitSpace::widened(Edges edges, unsigned from_bit, unsigned to_bit, uint64_t mask) const {
  for (unsigned bit = from_bit; bit < to_bit; ++bit)
    if ((mask >> bit & 1) != 0)
      edges.count = std::min(Edges::kMany, 2 * edges.count + (edges.first != edges.last ? 1u : 0u));
  return edges;
}

// Depth of recursion: bits of one operand, at most 64.
BitSpace::Edges BitSpace::edges_under(Node node, uint64_t mask, std::unordered_map<Node, Edges>& known) const {
  if (manager_.is_leaf(node)) return {0, node == Manager::kTrue, node == Manager::kTrue};
  if (const auto at = known.find(node); at != known.end()) return at->second;
  const Level level = manager_.level(node);
  const unsigned bit = bit_of(level);
  auto half = [&](bool is_one) {
    const Node below = child(node, level, is_one);
    const unsigned from = manager_.is_leaf(below) ? 0 : bit_of(manager_.level(below)) + 1;
    return widened(edges_under(below, mask, known), from, bit, mask);
  };
  const Edges no = half(false), yes = half(true);
  const uint64_t count = no.count + yes.count + (no.last != yes.first ? 1 : 0);
  return known[node] = {std::min(Edges::kMany, count), no.first, yes.last};
}

struct BitSpace::Flattening {
  uint64_t mask = 0;
  std::vector<Interval> found;

  void add(uint64_t first, uint64_t last) {
    const bool is_next = !found.empty() && policy::next_under_mask(found.back().last + 1, mask) == first;
    if (is_next)
      found.back().last = last;
    else
      found.push_back({first, last});
  }
};

// The values that begin with `prefix`; `bits` low bits are left.
void BitSpace::flatten(Node node, unsigned bits, uint64_t prefix, Flattening& state) const {
  if (node == Manager::kFalse) return;
  if (node == Manager::kTrue) return state.add(prefix, prefix | (state.mask & policy::low_ones(bits)));
  while ((state.mask >> (bits - 1) & 1) == 0) --bits;
  const Level level = manager_.level(node);
  const bool is_asked = bit_of(level) == bits - 1;
  flatten(is_asked ? child(node, level, false) : node, bits - 1, prefix, state);
  flatten(is_asked ? child(node, level, true) : node, bits - 1, prefix | uint64_t{1} << (bits - 1), state);
}

std::optional<std::vector<Interval>> BitSpace::values(Node set, uint64_t mask, size_t max) const {
  std::unordered_map<Node, Edges> known;
  const unsigned from = manager_.is_leaf(set) ? 0 : bit_of(manager_.level(set)) + 1;
  const Edges edges = widened(edges_under(set, mask, known), from, 64, mask);
  manager_.charge(64 + known.size());
  if (edges.count > 2 * max) return std::nullopt;
  Flattening state{mask, {}};
  flatten(set, 64, 0, state);
  manager_.charge(64 * edges.count);
  return std::move(state.found);
}

struct BitSpace::Covering {
  size_t max = 0;
  std::vector<Cube> found;
};

// Depth of recursion: bits of one operand, at most 64.
Node BitSpace::add_cubes(Node lower, Node upper, Cube cube, Covering& state) {
  if (lower == Manager::kFalse || manager_.exhausted() || state.found.size() > state.max) return Manager::kFalse;
  if (upper == Manager::kTrue) {
    state.found.push_back(cube);
    return Manager::kTrue;
  }
  const Level level = std::min(manager_.level(lower), manager_.level(upper));
  const uint64_t bit = uint64_t{1} << bit_of(level);
  const Node lower0 = child(lower, level, false), lower1 = child(lower, level, true);
  const Node upper0 = child(upper, level, false), upper1 = child(upper, level, true);
  auto minus = [this](Node a, Node b) { return manager_.choose(b, Manager::kFalse, a); };
  const Node only0 = add_cubes(minus(lower0, upper1), upper0, {cube.mask | bit, cube.value}, state);
  const Node only1 = add_cubes(minus(lower1, upper0), upper1, {cube.mask | bit, cube.value | bit}, state);
  const Node rest = manager_.either(minus(lower0, only0), minus(lower1, only1));
  const Node shared = add_cubes(rest, manager_.both(upper0, upper1), cube, state);
  const Edge edges[] = {{0, manager_.either(only0, shared)}, {1, manager_.either(only1, shared)}};
  return manager_.switch_on(level, edges);
}

std::optional<std::vector<Cube>> BitSpace::cubes(Node set, size_t max) {
  Covering state{max, {}};
  add_cubes(set, set, {}, state);
  if (state.found.size() > max || manager_.exhausted()) return std::nullopt;
  return std::move(state.found);
}

// Each pair of nodes within the group knows which class follows each of its bits.
struct BitSpace::Splitting {
  struct Pair {
    Node lower, upper;
    Level level;
    size_t no, yes;  // pairs; of a class: unused
    size_t at_class;
  };
  static constexpr size_t kInner = SIZE_MAX;

  const Grouping& grouping;
  size_t group = 0;
  size_t max = 0;
  std::vector<Pair> pairs;  // children before parents
  std::map<std::pair<Node, Node>, size_t> index;
  std::vector<size_t> classes;
  bool is_over = false;
};

// Depth of recursion: bits of one operand, at most 64.
size_t BitSpace::split(Node lower, Node upper, Splitting& state) {
  if (auto known = state.index.find({lower, upper}); known != state.index.end()) return known->second;
  const bool is_below =
      group_of(lower, state.grouping) != state.group && group_of(upper, state.grouping) != state.group;
  Splitting::Pair pair{lower, upper, 0, 0, 0, Splitting::kInner};
  state.is_over = state.is_over || state.classes.size() > state.max || state.pairs.size() > 256 * (state.max + 1);
  if (state.is_over) return 0;
  if (!is_below) {
    pair.level = std::min(manager_.level(lower), manager_.level(upper));
    pair.no = split(child(lower, pair.level, false), child(upper, pair.level, false), state);
    pair.yes = split(child(lower, pair.level, true), child(upper, pair.level, true), state);
  } else {
    pair.at_class = state.classes.size();
    state.classes.push_back(state.pairs.size());
  }
  state.index.emplace(std::pair(lower, upper), state.pairs.size());
  state.pairs.push_back(pair);
  return state.pairs.size() - 1;
}

std::optional<std::vector<ValueClass>> BitSpace::classes(Node lower, Node upper, const Grouping& grouping, size_t max) {
  Splitting state{grouping, std::min(group_of(lower, grouping), group_of(upper, grouping)), max, {}, {}, {}, false};
  split(lower, upper, state);
  if (state.is_over || state.classes.size() > max) return std::nullopt;
  std::vector<ValueClass> found;
  std::vector<Node> sets(state.pairs.size());
  for (size_t i = 0; i < state.classes.size(); ++i) {
    manager_.charge(state.pairs.size());
    for (size_t at = 0; at < state.pairs.size(); ++at) {
      const Splitting::Pair& pair = state.pairs[at];
      if (pair.at_class != Splitting::kInner) {
        sets[at] = pair.at_class == i ? Manager::kTrue : Manager::kFalse;
        continue;
      }
      const Edge edges[] = {{0, sets[pair.no]}, {1, sets[pair.yes]}};
      sets[at] = manager_.switch_on(pair.level, edges);
    }
    const Splitting::Pair& pair = state.pairs[state.classes[i]];
    found.push_back({sets.back(), pair.lower, pair.upper});
  }
  if (manager_.exhausted()) return std::nullopt;
  return found;
}

}  // namespace cordon::prove
