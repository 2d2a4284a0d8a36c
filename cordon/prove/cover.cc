#include "cordon/prove/cover.h"

#include <algorithm>

namespace cordon::prove {
namespace {

using diagram::Manager;
using diagram::Node;

constexpr size_t kMaxClasses = 512;

using Sets = std::vector<Node>;

class Cover {
 public:
  Cover(BitSpace& space, const Grouping& grouping, size_t max_terms)
      : space_(space), manager_(space.manager()), grouping_(grouping), max_terms_(max_terms) {}

  // Depth of recursion: twice the groups, as each call goes to a later one or leaves one out.
  bool add(Node lower, Node upper, std::vector<Term>& terms) {
    if (lower == Manager::kFalse) return true;
    if (upper == Manager::kTrue) {
      Term term;
      term.least.assign(grouping_.count(), Manager::kTrue);
      term.most.assign(grouping_.count(), Manager::kTrue);
      terms.push_back(term);
      return ++term_count_ <= 4 * max_terms_;
    }
    const size_t group = std::min(space_.group_of(lower, grouping_), space_.group_of(upper, grouping_));
    auto classes = space_.classes(lower, upper, grouping_, kMaxClasses);
    if (!classes) return false;
    Node shared = Manager::kTrue;
    for (const ValueClass& one : *classes) shared = manager_.both(shared, one.upper);
    std::vector<Node> needed;
    for (const ValueClass& one : *classes) needed.push_back(minus(one.lower, shared));
    std::vector<Node> covered(classes->size(), Manager::kFalse);
    for (size_t i = 0; i < classes->size(); ++i)
      if (!add_with(group, i, *classes, needed, covered, terms)) return false;
    Node rest = Manager::kFalse;
    for (size_t i = 0; i < classes->size(); ++i) rest = manager_.either(rest, minus((*classes)[i].lower, covered[i]));
    return !manager_.exhausted() && add(rest, shared, terms);
  }

 private:
  Node minus(Node a, Node b) { return manager_.choose(b, Manager::kFalse, a); }
  Node product(const Sets& sets) {
    Node node = Manager::kTrue;
    for (size_t i = sets.size(); i-- > 0;) node = manager_.both(sets[i], node);
    return node;
  }

  // What the class still needs, each term for all classes that permit it.
  bool add_with(size_t group, size_t at, const std::vector<ValueClass>& classes, std::vector<Node>& needed,
                std::vector<Node>& covered, std::vector<Term>& terms) {
    std::vector<Term> found;
    if (!add(needed[at], classes[at].upper, found)) return false;
    for (Term& term : found) {
      const Node least = product(term.least), most = product(term.most);
      Node least_set = Manager::kFalse, most_set = Manager::kFalse;
      for (size_t i = 0; i < classes.size(); ++i) {
        if (minus(most, classes[i].upper) != Manager::kFalse) continue;
        most_set = manager_.either(most_set, classes[i].set);
        if (manager_.both(least, needed[i]) == Manager::kFalse) continue;
        least_set = manager_.either(least_set, classes[i].set);
        needed[i] = minus(needed[i], least);
        covered[i] = manager_.either(covered[i], least);
      }
      if (manager_.exhausted()) return false;
      if (least_set == Manager::kFalse) continue;  // a term before it did all it was for
      term.least[group] = least_set;
      term.most[group] = most_set;
      terms.push_back(term);
    }
    return true;
  }

  BitSpace& space_;
  Manager& manager_;
  const Grouping& grouping_;
  size_t max_terms_;
  size_t term_count_ = 0;
};

}  // namespace

std::optional<std::vector<Term>> cover(BitSpace& space, const Grouping& grouping, Node lower, Node upper,
                                       size_t max_terms) {
  std::vector<Term> terms;
  if (!Cover(space, grouping, max_terms).add(lower, upper, terms) || terms.size() > max_terms) return std::nullopt;
  return terms;
}

}  // namespace cordon::prove
