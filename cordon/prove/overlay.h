// A function that is another one but where one word has certain values: what the tests of a long list of values come
// to, from the last to the first, before it is made a node.
//
//   jeq #9, A ; jeq #7, B ; F        F, but A where the word is 9 and B where it is 7
//
// Each test adds a piece to a sorted list; as nodes each would copy all edges of F. (Sorted partition lists.)
#pragma once

#include <vector>

#include "cordon/diagram/manager.h"
#include "cordon/diagram/sets.h"

namespace cordon::prove {

class Overlay {
 public:
  explicit Overlay(diagram::Node base = 0) : base_(base) {}

  // `yes` where the field of this level, a whole word, lies in the range (not empty), else `no`.
  static Overlay branch(diagram::Manager& manager, diagram::Level level, diagram::Range range, Overlay yes, Overlay no);

  // Afterwards it is that node, without pieces.
  diagram::Node node(diagram::Manager& manager);

 private:
  struct Piece {
    uint32_t first = 0, last = 0;  // of the field; disjoint, in order
    diagram::Node child = 0;       // looks at later levels only
  };

  void replace(diagram::Range range, const std::vector<Piece>& by);
  std::vector<Piece> over(diagram::Node base, diagram::Range range) const;

  diagram::Node base_ = 0;
  diagram::Level level_ = 0;
  std::vector<Piece> pieces_;
};

}  // namespace cordon::prove
