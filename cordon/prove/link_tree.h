// Which links of a chain hold somewhere in a region, without asking those that cannot.
//
//   LinkTree tree(manager, chain);
//   for (uint32_t link : tree.hits(region, subset.has)) …     // in the chain's order
//
// Every link asks one argument for values, and lists mostly ask few arguments for many values. Links that ask the same
// argument are joined in pairs, then pairs of pairs, in the order of their values; where the region has none of what a
// pair asks, neither of the two is looked at. A query costs a few steps for each link that is hit.
#pragma once

#include <cstdint>
#include <vector>

#include "cordon/diagram/manager.h"
#include "cordon/prove/chain.h"

namespace cordon::prove {

class LinkTree {
 public:
  // Takes steps for each link. `chain` has to stay.
  LinkTree(diagram::Manager& manager, const Chain& chain);

  // Those of the links that are chosen.
  std::vector<uint32_t> hits(diagram::Node region, const LinkSet& chosen) const;

 private:
  // Links first..last of `order_`; `some` holds wherever one of them does.
  struct Span {
    uint32_t first = 0, last = 0;
    diagram::Node some = diagram::Manager::kTrue;
    uint32_t left = 0, right = 0;  // of several links: indices into spans_
    LinkSet links{};
  };

  uint32_t join(uint32_t first, uint32_t last, const std::vector<diagram::Node>& asked);

  diagram::Manager& manager_;
  const Chain& chain_;
  std::vector<uint32_t> order_;
  std::vector<Span> spans_;
  std::vector<uint32_t> roots_;
};

}  // namespace cordon::prove
