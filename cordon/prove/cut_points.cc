#include "cordon/prove/cut_points.h"

#include <algorithm>

#include "cordon/diagram/walk.h"
#include "cordon/prove/chain.h"
#include "cordon/prove/encode_policy.h"
#include "cordon/prove/encode_program.h"
#include "cordon/prove/execution.h"
#include "cordon/prove/guess.h"
#include "cordon/prove/known_words.h"
#include "cordon/prove/word_order.h"
#include "cordon/prove/words.h"

namespace cordon::prove {
namespace {

using diagram::Manager;
using diagram::Node;

// Different pairs of answers in one comparison: each costs a walk.
constexpr size_t kMaxPairs = 64;
// Instead of one diagram of everything there are hundreds of small ones.
constexpr uint64_t kAttempts = 3;
// For a guess: one that is right takes some hundred, and the many ways to be wrong can take all there are.
constexpr uint64_t kGuessSteps = 20'000, kGuessStepsPerLink = 100;

uint64_t is_same(uint64_t a, uint64_t b) { return a == b ? 1 : 0; }
// Leaves here have 32 bits: return values and subsets.
uint64_t pair_of(uint64_t a, uint64_t b) { return a == b ? 0 : a << 32 | b; }

class CutProof {
 public:
  CutProof(Manager& manager, const Chains& chains) : manager_(manager), chains_(chains) {}

  // The node for a step that seems to be the subset, where calls that come there are in the region: the subset's leaf
  // if it is.
  Node cut(Node node, const Guess& guess, Node region) {
    const Node leaf = manager_.leaf(Chains::leaf_of(guess.subset));
    if (node == leaf) return leaf;
    const Subset& subset = chains_.subset(guess.subset);
    if (!guess.is_first) most_steps_ = manager_.steps() + kGuessSteps + kGuessStepsPerLink * subset.has.size();
    const bool is_right = is_subset(node, subset, region);
    most_steps_ = UINT64_MAX;
    return is_right ? leaf : node;
  }

  // The two functions are the same in the region, whatever their leaves stand for.
  bool same(Node a, Node b, Node region) {
    if (a == b) return true;
    const Node pairs = manager_.choose(region, manager_.combine(pair_of, a, b), manager_.leaf(0));
    const std::vector<Node> values = leaves_of(pairs);
    if (values.size() > kMaxPairs) return false;
    return std::all_of(values.begin(), values.end(), [&](Node leaf) {
      const uint64_t pair = manager_.value(leaf);
      return pair == 0 || agree(manager_.combine(is_same, pairs, leaf), pair >> 32, pair & UINT32_MAX);
    });
  }

 private:
  // Wherever the region is, both leaves answer alike.
  bool agree(Node region, uint64_t a, uint64_t b) {
    const auto first = Chains::number_in(a), second = Chains::number_in(b);
    if (first && second) return agree_subsets(region, chains_.subset(*first), chains_.subset(*second));
    if (first) return answers(region, chains_.subset(*first), b);
    return second && answers(region, chains_.subset(*second), a);
  }

  // A link that only one of them has must not hold there.
  bool agree_subsets(Node region, const Subset& a, const Subset& b) {
    if (a.chain != b.chain) return false;
    const std::vector<Link>& links = chains_.all()[a.chain].links;
    for (size_t i = 0; i < links.size(); ++i)
      if (a.has[i] != b.has[i] && manager_.both(region, links[i].holds) != Manager::kFalse) return false;
    return has_budget();
  }

  // The first link that holds gives this answer, everywhere in the region.
  bool answers(Node region, const Subset& subset, uint64_t answer) {
    const Chain& chain = chains_.all()[subset.chain];
    std::vector<Node> agreeing;
    for (size_t i = 0; i < chain.links.size() && has_budget(); ++i) {
      if (!subset.has[i]) continue;
      const Node hit = manager_.both(region, chain.links[i].holds);
      if (hit == Manager::kFalse) continue;
      if (chain.links[i].answer == answer) {
        agreeing.push_back(hit);
        continue;
      }
      // Another answer is none only where an earlier link has given this one.
      region = manager_.choose(any_of(std::move(agreeing)), Manager::kFalse, region);
      agreeing.clear();
      if (manager_.both(region, hit) != Manager::kFalse) return false;
    }
    if (chain.end == answer || !has_budget()) return has_budget();
    return manager_.choose(any_of(std::move(agreeing)), Manager::kFalse, region) == Manager::kFalse && has_budget();
  }

  // Joined in pairs, then pairs of pairs, so that no part is copied once for each other.
  Node any_of(std::vector<Node> nodes) {
    if (nodes.empty()) return Manager::kFalse;
    while (nodes.size() > 1 && has_budget()) {
      for (size_t i = 0; 2 * i < nodes.size(); ++i)
        nodes[i] = 2 * i + 1 < nodes.size() ? manager_.either(nodes[2 * i], nodes[2 * i + 1]) : nodes[2 * i];
      nodes.resize((nodes.size() + 1) / 2);
    }
    return nodes[0];
  }

  std::vector<Node> leaves_of(Node node) {
    constexpr uint64_t kNodesPerStep = 64;  // of a pass over all nodes that may be below
    manager_.charge(node / kNodesPerStep);
    return diagram::leaves(manager_, node);
  }

  bool has_budget() const { return manager_.steps() <= most_steps_ && !manager_.exhausted(); }

  bool is_subset(Node node, const Subset& subset, Node region) {
    const Chain& chain = chains_.all()[subset.chain];
    const std::optional<uint32_t> rest = longest_rest(node, subset.chain);
    const std::vector<bool> none(chain.links.size(), false);
    const std::vector<bool>& left = rest ? chains_.subset(*rest).has : none;
    std::vector<size_t> own;
    for (size_t i = 0; i < chain.links.size(); ++i) {
      if (subset.has[i] && !left[i]) own.push_back(i);
      if (left[i] && !subset.has[i] && manager_.both(region, chain.links[i].holds) != Manager::kFalse) return false;
    }
    if (!may_stand_first(chain, own, left, region)) return false;
    Node expected = manager_.leaf(rest ? Chains::leaf_of(*rest) : chain.end);
    for (size_t i = own.size(); i-- > 0;)
      expected = manager_.choose(chain.links[own[i]].holds, manager_.leaf(chain.links[own[i]].answer), expected);
    return same(node, expected, region) && has_budget();
  }

  // What a step leaves to later ones; of several the one that has most before it.
  std::optional<uint32_t> longest_rest(Node node, uint32_t chain) {
    std::optional<uint32_t> rest;
    ptrdiff_t longest = -1;
    for (Node leaf : leaves_of(node)) {
      const auto later = Chains::number_in(manager_.value(leaf));
      if (!later || chains_.subset(*later).chain != chain) continue;
      const auto& has = chains_.subset(*later).has;
      const ptrdiff_t length = std::count(has.begin(), has.end(), true);
      if (length <= longest) continue;
      longest = length;
      rest = later;
    }
    return rest;
  }

  // The step asks its own links before those it leaves, which the chain may have in between: nobody can tell where
  // the answers are the same or no call meets both.
  bool may_stand_first(const Chain& chain, const std::vector<size_t>& own, const std::vector<bool>& left, Node region) {
    for (size_t link : own)
      for (size_t earlier = 0; earlier < link && has_budget(); ++earlier) {
        if (!left[earlier] || chain.links[earlier].answer == chain.links[link].answer) continue;
        const Node both = manager_.both(chain.links[earlier].holds, chain.links[link].holds);
        if (manager_.both(region, both) != Manager::kFalse) return false;
      }
    return has_budget();
  }

  Manager& manager_;
  const Chains& chains_;
  uint64_t most_steps_ = UINT64_MAX;
};

// A comparison of 64 bits leaves the upper words in ranges, such as "not zero"; of the lower words only values that
// are known matter.
uint16_t words_with_ranges(Endian endian) {
  return static_cast<uint16_t>(upper_words(endian) | 1u << kNrWord | 1u << kArchWord);
}

}  // namespace

CutPointProof equal_by_cut_points(const ResolvedPolicy& policy, const bpf::Program& program,
                                  const EncodeOptions& options) {
  Chains chains(policy);
  if (chains.empty()) return {};
  const Execution execution(program);
  if (execution.overflow()) return {};
  diagram::Cuts cuts;
  collect_cuts(policy, cuts);
  collect_cuts(execution, cuts);
  Manager manager(diagram::Order::of_words(word_order(options.endian, policy), cuts), {kAttempts * options.max_steps});
  chains.encode(manager);
  const std::vector<KnownWords> known = known_words(execution, words_with_ranges(options.endian));
  const std::vector<Guess> guesses = guess_steps(manager, chains, execution, known, options.endian);
  CutProof proof(manager, chains);
  const Node wanted = encode_policy(manager, policy, [&](const ArchTable&, const Segment& segment) {
    const auto chain = chains.of(segment);
    return chain ? std::optional(manager.leaf(Chains::leaf_of(chains.whole(*chain)))) : std::nullopt;
  });
  const Replacing replacing{
      .wants = [&](uint32_t step) { return guesses[step].subset != kNoGuess; },
      .instead = [&](uint32_t step,
                     Node node) { return proof.cut(node, guesses[step], encode_known(manager, known[step])); }};
  const ProgramNode found = encode_program(manager, execution, Leaves::actions, replacing);
  const bool is_equal = !found.undecided_at && proof.same(found.node, wanted, Manager::kTrue) && !manager.exhausted();
  return {is_equal, manager.steps()};
}

}  // namespace cordon::prove
