// A boolean function of several arguments as a few products of sets: the terms of a condition.
//
//   arg1 == 1 && arg2 in {2, 9}  ||  arg1 == 6 && arg2 == 1          two terms
//
// After Minato's and Morreale's irredundant sums of products, with an edge for each class of values instead of
// two for the values of a bit: what every class permits is printed without the argument, the rest with the set of
// all classes that permit it. Few terms, not always the fewest.
#pragma once

#include <optional>
#include <vector>

#include "cordon/prove/bit_space.h"

namespace cordon::prove {

// For each group (see Grouping) a set of its values: any set between the two does.
struct Term {
  std::vector<diagram::Node> least, most;
};

// Terms that hold everywhere in `lower` and nowhere outside of `upper`; none where there would be more than
// `max_terms`, or the manager is exhausted.
std::optional<std::vector<Term>> cover(BitSpace& space, const Grouping& grouping, diagram::Node lower,
                                       diagram::Node upper, size_t max_terms);

}  // namespace cordon::prove
