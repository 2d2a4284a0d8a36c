// A function that is another one but where one word, or some bits of it, have certain values: what the tests of a long
// list of values come to, from the last to the first, before it is made a node.
//
//   jeq #9, A ; jeq #7, B ; F        F, but A where the word is 9 and B where it is 7
//
// Each test adds a piece to a sorted list; as nodes each would copy all edges of F. (Sorted partition lists.)
#pragma once

#include <span>
#include <vector>

#include "cordon/diagram/manager.h"
#include "cordon/diagram/sets.h"

namespace cordon::prove {

class Overlay {
 public:
  explicit Overlay(diagram::Node base = 0) : base_(base) {}

  // `yes` where the word under its mask lies in the range, whose ends are values under the mask, else `no`.
  static Overlay branch(diagram::Manager& manager, diagram::Masked word, diagram::Range range, Overlay yes, Overlay no);

  // Afterwards it is that node, without pieces.
  diagram::Node node(diagram::Manager& manager);

 private:
  struct Piece {
    uint32_t first = 0, last = 0;  // under the mask; disjoint, in order
    diagram::Node child = 0;       // looks only at levels after those of the word under the mask
  };

  void replace(diagram::Range range, std::span<const Piece> by);
  std::vector<Piece> pieces_in(diagram::Range range) const;

  diagram::Node base_ = 0;
  diagram::Masked word_;
  std::vector<Piece> pieces_;
};

}  // namespace cordon::prove
