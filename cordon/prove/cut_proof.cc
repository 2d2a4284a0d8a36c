#include "cordon/prove/cut_proof.h"

#include <algorithm>
#include <set>
#include <utility>

#include "cordon/policy/evaluate.h"
#include "cordon/prove/words.h"

namespace cordon::prove {
namespace {

using diagram::Manager;
using diagram::Node;

// Different pairs of answers in one comparison: each costs a walk.
constexpr size_t kMaxPairs = 64;
// For a guess: one that is right takes some hundred, and the many ways to be wrong can take all there are.
constexpr uint64_t kGuessSteps = 20'000, kGuessStepsPerLink = 100;
constexpr unsigned kMaxMends = 12;

uint64_t is_same(uint64_t a, uint64_t b) { return a == b ? 1 : 0; }
// Leaves here have 32 bits: return values and subsets.
uint64_t pair_of(uint64_t a, uint64_t b) { return a == b ? 0 : a << 32 | b; }

}  // namespace

Node CutProof::cut(Node node, const Guess& guess, Node region) {
  const Subset& guessed = chains_.subset(guess.subset);
  Subset subset = guessed;
  for (const auto& [link, has] : mended_[subset.chain]) subset.has.set(link, has);
  std::set<Subset> tried;
  while (tried.size() <= kMaxMends && tried.insert(subset).second) {
    const Node leaf = manager_.leaf(Chains::leaf_of(chains_.number_of(subset)));
    if (node == leaf) return leaf;
    if (!guess.is_first)
      most_steps_ = manager_.steps() + kGuessSteps + kGuessStepsPerLink * chains_.all()[subset.chain].links.size();
    doubt_.reset();
    const bool is_right = is_subset(node, subset, region);
    const bool was_cheap = has_budget();
    most_steps_ = UINT64_MAX;
    if (is_right) {
      remember_mends(guessed, subset);
      return leaf;
    }
    if (!was_cheap || !doubt_ || !mend(subset, node)) break;
  }
  return node;
}

// What was wrong of one step is often wrong of the step before it.
void CutProof::remember_mends(const Subset& guessed, const Subset& right) {
  std::map<uint32_t, bool>& mended = mended_[right.chain];
  mended.clear();
  for (uint32_t link : (right.has ^ guessed.has).members()) mended[link] = right.has[link];
}

bool CutProof::same(Node a, Node b, Node region) {
  if (a == b) return true;
  const Node pairs = manager_.choose(region, manager_.combine(pair_of, a, b), manager_.leaf(0));
  const std::vector<Node> values = diagram::leaves(manager_, pairs);
  if (values.size() > kMaxPairs) return false;
  return std::all_of(values.begin(), values.end(), [&](Node leaf) {
    const uint64_t pair = manager_.value(leaf);
    return pair == 0 || agree(manager_.combine(is_same, pairs, leaf), pair >> 32, pair & UINT32_MAX);
  });
}

// Wherever the region is, both leaves answer alike.
bool CutProof::agree(Node region, uint64_t a, uint64_t b) {
  const auto first = Chains::number_in(a), second = Chains::number_in(b);
  if (first && second) return agree_subsets(region, chains_.subset(*first), chains_.subset(*second));
  if (first) return answers(region, chains_.subset(*first), b);
  if (second) return answers(region, chains_.subset(*second), a);
  return !is_refuted_in(region);
}

// True: not the whole region is empty, and a call in it is remembered.
bool CutProof::is_refuted_in(Node region) {
  if (region == Manager::kFalse) return false;
  if (has_budget()) doubt_ = Doubt{diagram::point_in(manager_, region), 0, false};
  return true;
}

// Where a link holds that only one of them has, others must give its answer, in both.
bool CutProof::agree_subsets(Node region, const Subset& a, const Subset& b) {
  if (a.chain != b.chain) return false;
  const std::vector<Link>& links = chains_.all()[a.chain].links;
  for (uint32_t i : hits(region, a.chain, a.has ^ b.has)) {
    const Node hit = manager_.both(region, links[i].holds);
    if (answers(hit, a, links[i].answer) && answers(hit, b, links[i].answer)) continue;
    doubt_ = Doubt{std::nullopt, i, a.has[i]};
    return false;
  }
  return has_budget();
}

// The first link that holds gives this answer, everywhere in the region. Of a call in it the link is known that
// decides; what it decides is left out of the region, until nothing is left. Mostly one link or two decide all.
bool CutProof::answers(Node region, const Subset& subset, uint64_t answer) {
  const Chain& chain = chains_.all()[subset.chain];
  while (region != Manager::kFalse && has_budget()) {
    const auto at = diagram::point_in(manager_, region);
    const std::optional<uint32_t> link = decider(subset, call_at(*at, chain.table->endian));
    if (!link) return chain.end == answer ? only_ends(region, subset) : !is_refuted_in(region);
    if (chain.links[*link].answer != answer) {
      doubt_ = Doubt{at, 0, false};
      return false;
    }
    const Node decided = manager_.both(region, chain.links[*link].holds);
    const Node before = any_of_other_answers(decided, subset, *link, answer);
    region = manager_.choose(decided, before, region);
  }
  return has_budget();
}

// The chain's end answers as its links do wherever one of them does.
bool CutProof::only_ends(Node region, const Subset& subset) {
  const Chain& chain = chains_.all()[subset.chain];
  std::vector<Node> agreeing;
  for (uint32_t i : hits(region, subset.chain, subset.has)) {
    if (!has_budget()) return false;
    const Node hit = manager_.both(region, chain.links[i].holds);
    if (chain.links[i].answer == chain.end) {
      agreeing.push_back(hit);
      continue;
    }
    // Another answer is none only where an earlier link has given this one.
    region = manager_.choose(any_of(std::move(agreeing)), Manager::kFalse, region);
    agreeing.clear();
    if (is_refuted_in(manager_.both(region, hit))) return false;
  }
  return has_budget();
}

CutProof::Finder::Finder(Manager& manager, const Chain& chain) : by_region(manager, chain), by_call(chain) {
  for (uint32_t link = 0; link < chain.links.size(); ++link)
    by_answer.try_emplace(chain.links[link].answer, chain.links.size()).first->second.add(link);
}

CutProof::Finder& CutProof::finder(uint32_t chain) {
  return finders_.try_emplace(chain, manager_, chains_.all()[chain]).first->second;
}

std::vector<uint32_t> CutProof::hits(Node region, uint32_t chain, const LinkSet& links) {
  if (links.empty()) return {};
  return finder(chain).by_region.hits(region, links);
}

LinkSet CutProof::with_other_answers(uint32_t chain, const LinkSet& links, uint64_t answer) {
  const auto& by_answer = finder(chain).by_answer;
  const auto same = by_answer.find(answer);
  return same == by_answer.end() ? links : links - same->second;
}

// The first link of the subset that the call meets.
std::optional<uint32_t> CutProof::decider(const Subset& subset, const Call& call) {
  const Chain& chain = chains_.all()[subset.chain];
  std::optional<uint32_t> first;
  const std::vector<uint32_t>& candidates = finder(subset.chain).by_call.candidates(call);
  manager_.charge(1 + candidates.size());
  for (uint32_t link : candidates)
    if (subset.has[link] && (!first || link < *first) && policy::holds(*chain.links[link].condition, call))
      first = link;
  return first;
}

// Where links of the subset before this one hold that give another answer.
Node CutProof::any_of_other_answers(Node region, const Subset& subset, uint32_t link, uint64_t answer) {
  const Chain& chain = chains_.all()[subset.chain];
  const LinkSet others = with_other_answers(subset.chain, subset.has.before(link), answer);
  std::vector<Node> nodes;
  for (uint32_t i : hits(region, subset.chain, others)) nodes.push_back(manager_.both(region, chain.links[i].holds));
  return any_of(std::move(nodes));
}

// Joined in pairs, then pairs of pairs, so that no part is copied once for each other.
Node CutProof::any_of(std::vector<Node> nodes) {
  if (nodes.empty()) return Manager::kFalse;
  while (nodes.size() > 1 && has_budget()) {
    for (size_t i = 0; 2 * i < nodes.size(); ++i)
      nodes[i] = 2 * i + 1 < nodes.size() ? manager_.either(nodes[2 * i], nodes[2 * i + 1]) : nodes[2 * i];
    nodes.resize((nodes.size() + 1) / 2);
  }
  return nodes[0];
}

bool CutProof::is_subset(Node node, const Subset& subset, Node region) {
  const Chain& chain = chains_.all()[subset.chain];
  const std::optional<uint32_t> rest = longest_rest(node, subset);
  const LinkSet left = rest ? chains_.subset(*rest).has : LinkSet(chain.links.size());
  const LinkSet own = subset.has - left;
  if (const std::vector<uint32_t> found = hits(region, subset.chain, left - subset.has); !found.empty()) {
    doubt_ = Doubt{std::nullopt, found.front(), true};
    return false;
  }
  if (!may_stand_first(subset.chain, own, left, region)) return false;
  Node expected = manager_.leaf(rest ? Chains::leaf_of(*rest) : chain.end);
  const std::vector<uint32_t> in_order = own.members();
  for (auto link = in_order.rbegin(); link != in_order.rend() && has_budget(); ++link)
    expected = manager_.choose(chain.links[*link].holds, manager_.leaf(chain.links[*link].answer), expected);
  return has_budget() && same(node, expected, region) && has_budget();
}

// What a step leaves to later ones; of several the one that has most before it, if possible no link but the step's.
std::optional<uint32_t> CutProof::longest_rest(Node node, const Subset& subset) {
  std::optional<uint32_t> rest;
  std::pair<bool, size_t> best{false, 0};
  for (Node leaf : diagram::leaves(manager_, node)) {
    const auto later = Chains::number_in(manager_.value(leaf));
    if (!later || chains_.subset(*later).chain != subset.chain) continue;
    const LinkSet& has = chains_.subset(*later).has;
    const std::pair its{has.is_within(subset.has), has.count()};
    if (rest && its <= best) continue;
    best = its;
    rest = later;
  }
  return rest;
}

// The step asks its own links before those it leaves, which the chain may have in between: nobody can tell where the
// answers are the same or no call meets both.
bool CutProof::may_stand_first(uint32_t chain, const LinkSet& own, const LinkSet& left, Node region) {
  const std::vector<Link>& links = chains_.all()[chain].links;
  for (uint32_t link : own.members())
    for (uint32_t earlier : with_other_answers(chain, left.before(link), links[link].answer).members()) {
      if (!has_budget()) return false;
      if (manager_.meets(region, manager_.both(links[earlier].holds, links[link].holds))) return false;
    }
  return has_budget();
}

uint64_t CutProof::answer_at(const Subset& subset, const Call& call) const {
  const Chain& chain = chains_.all()[subset.chain];
  for (uint32_t i : subset.has.members())
    if (policy::holds(*chain.links[i].condition, call)) return chain.links[i].answer;
  return chain.end;
}

// Gives or takes links so that the guess says of the call in doubt what the step does; false: it says so already.
bool CutProof::mend(Subset& subset, Node node) const {
  if (!doubt_->at) {
    if (subset.has[doubt_->link] == doubt_->has) return false;
    subset.has.set(doubt_->link, doubt_->has);
    return true;
  }
  const Chain& chain = chains_.all()[subset.chain];
  const Call call = call_at(*doubt_->at, chain.table->endian);
  uint64_t wanted = diagram::value_at(manager_, node, *doubt_->at);
  if (const auto later = Chains::number_in(wanted)) wanted = answer_at(chains_.subset(*later), call);
  bool is_mended = false;
  for (size_t i = 0; i < chain.links.size(); ++i) {
    const Link& link = chain.links[i];
    if (!policy::holds(*link.condition, call)) continue;
    if (subset.has[i] == (link.answer == wanted)) {
      if (subset.has[i]) return is_mended;
      continue;
    }
    is_mended = true;
    subset.has.set(i, link.answer == wanted);
    if (subset.has[i]) return true;
  }
  return is_mended;
}

}  // namespace cordon::prove
