// Two chains exclude each other if they test some argument in ways that exclude each other. A test is an
// interval of values, two intervals (!=), or fixed bits under a mask; a mask against an interval is taken to
// overlap, which at worst warns once too often.
#include "cordon/formats/oci_overlap.h"

#include <algorithm>
#include <numeric>

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

bool tests_alone(OciChain chain, uint8_t index) { return chain.size() == 1 && chain[0].index == index; }

bool is_above(OciOp op) { return op == OciOp::gt || op == OciOp::ge; }
bool is_below(OciOp op) { return op == OciOp::lt || op == OciOp::le; }

// The tighter of two tests of the same direction.
bool is_tighter(const OciArg& a, const OciArg& b) {
  if (a.value != b.value) return is_above(a.op) ? a.value > b.value : a.value < b.value;
  bool a_is_strict = a.op == OciOp::gt || a.op == OciOp::lt;
  bool b_is_strict = b.op == OciOp::gt || b.op == OciOp::lt;
  return a_is_strict && !b_is_strict;
}

}  // namespace

bool may_overlap(OciChain a, OciChain b) {
  for (const OciArg& x : a)
    for (const OciArg& y : b)
      if (x.index == y.index && !tests_may_overlap(x, y)) return false;
  return true;
}

std::vector<size_t> libseccomp_order(std::span<const OciChain> chains) {
  std::vector<size_t> order(chains.size());
  std::iota(order.begin(), order.end(), size_t{0});
  if (chains.size() < 2) return order;
  auto test = [&](size_t chain) -> const OciArg& { return chains[chain][0]; };

  // Sorts what stands in the places that hold a chain of this kind; every other place is left alone.
  auto sort_places = [&](auto is_of_kind, auto less) {
    std::vector<size_t> places;
    for (size_t place = 0; place < order.size(); ++place)
      if (is_of_kind(order[place])) places.push_back(place);
    std::vector<size_t> sorted;
    for (size_t place : places) sorted.push_back(order[place]);
    std::stable_sort(sorted.begin(), sorted.end(), less);
    for (size_t i = 0; i < places.size(); ++i) order[places[i]] = sorted[i];
  };

  for (uint8_t index = 0; index < 6; ++index) {
    auto alone = [&](size_t chain) { return tests_alone(chains[chain], index); };
    auto tighter = [&](size_t a, size_t b) { return is_tighter(test(a), test(b)); };
    sort_places(alone, [&](size_t a, size_t b) { return test(a).op == OciOp::eq && test(b).op != OciOp::eq; });
    sort_places([&](size_t chain) { return alone(chain) && is_above(test(chain).op); }, tighter);
    sort_places([&](size_t chain) { return alone(chain) && is_below(test(chain).op); }, tighter);
  }
  return order;
}

}  // namespace cordon::formats
