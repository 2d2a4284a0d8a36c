// Whether a step of a program is the subset of a chain that it was guessed to be.
//
//   CutProof proof(manager, chains);
//   Node node = proof.cut(node_of_step, guess, encode_known(manager, known));   // the subset's leaf, if it is
//
// The step's node has the leaves of subsets shown before. A guess that is wrong shows a call that tells so, and what
// the step does there mends it; some such calls later it is right, or there is no subset that it could be.
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "cordon/diagram/manager.h"
#include "cordon/diagram/walk.h"
#include "cordon/policy/call.h"
#include "cordon/prove/chain.h"
#include "cordon/prove/guess.h"
#include "cordon/prove/link_index.h"
#include "cordon/prove/link_tree.h"

namespace cordon::prove {

class CutProof {
 public:
  CutProof(diagram::Manager& manager, Chains& chains) : manager_(manager), chains_(chains) {}

  // The node for a step where calls that come there are in the region: the leaf of a subset if it is one, else the node
  // that was given.
  diagram::Node cut(diagram::Node node, const Guess& guess, diagram::Node region);

  // The two functions are the same in the region, whatever their leaves stand for.
  bool same(diagram::Node a, diagram::Node b, diagram::Node region);

 private:
  // What is known of a guess that failed: where, or which link the step has or has not.
  struct Doubt {
    std::optional<diagram::Point> at;
    size_t link = 0;
    bool has = false;
  };

  bool agree(diagram::Node region, uint64_t a, uint64_t b);
  bool agree_subsets(diagram::Node region, const Subset& a, const Subset& b);
  bool answers(diagram::Node region, const Subset& subset, uint64_t answer);
  bool is_subset(diagram::Node node, const Subset& subset, diagram::Node region);
  bool is_refuted_in(diagram::Node region);
  std::optional<uint32_t> longest_rest(diagram::Node node, const Subset& subset);
  bool may_stand_first(uint32_t chain, const LinkSet& own, const LinkSet& left, diagram::Node region);
  void remember_mends(const Subset& guessed, const Subset& right);
  bool mend(Subset& subset, diagram::Node node) const;
  uint64_t answer_at(const Subset& subset, const Call& call) const;
  diagram::Node any_of(std::vector<diagram::Node> nodes);
  struct Finder {
    Finder(diagram::Manager& manager, const Chain& chain);

    LinkTree by_region;
    LinkIndex by_call;
    std::map<uint64_t, LinkSet> by_answer;
  };
  Finder& finder(uint32_t chain);
  std::vector<uint32_t> hits(diagram::Node region, uint32_t chain, const LinkSet& links);
  LinkSet with_other_answers(uint32_t chain, const LinkSet& links, uint64_t answer);
  std::optional<uint32_t> decider(const Subset& subset, const Call& call);
  bool only_ends(diagram::Node region, const Subset& subset);
  diagram::Node any_of_other_answers(diagram::Node region, const Subset& subset, uint32_t link, uint64_t answer);
  bool has_budget() const { return manager_.steps() <= most_steps_ && !manager_.exhausted(); }

  diagram::Manager& manager_;
  Chains& chains_;
  uint64_t most_steps_ = UINT64_MAX;
  std::optional<Doubt> doubt_;
  std::map<uint32_t, Finder> finders_;                   // by chain
  std::map<uint32_t, std::map<uint32_t, bool>> mended_;  // by chain and link: what the last guesses had wrong
};

}  // namespace cordon::prove
