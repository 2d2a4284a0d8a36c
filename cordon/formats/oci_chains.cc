#include "cordon/formats/oci_chains.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "cordon/formats/products.h"
#include "cordon/policy/condition_algebra.h"
#include "cordon/policy/intervals.h"

namespace cordon::formats {
namespace {

using Args = std::vector<OciArg>;

constexpr size_t kMaxMeetings = 1 << 22;  // pairs of cubes
constexpr size_t kMaxProducts = 256;      // every pair of them is compared

OciArg arg(uint8_t index, OciOp op, uint64_t value, uint64_t value_two = 0) {
  return {index, value, value_two, op, {}};
}

OciArg masked(uint8_t index, const Cube& cube) { return arg(index, OciOp::masked_eq, cube.mask, cube.value); }

// Intervals of whole words; one in the middle is cut into blocks under masks.
Args comparisons(const ResolvedTest& test) {
  const uint8_t index = test.operand;
  const auto others = policy::complement(test.allowed, test.mask);
  if (others.size() == 1 && others[0].first == others[0].last) return {arg(index, OciOp::ne, others[0].first)};
  Args result;
  for (const Interval& interval : test.allowed) {
    if (interval.first == interval.last) {
      result.push_back(arg(index, OciOp::eq, interval.first));
    } else if (interval.first == 0) {
      result.push_back(arg(index, OciOp::le, interval.last));
    } else if (interval.last == test.mask) {
      result.push_back(arg(index, OciOp::ge, interval.first));
    } else {
      for (const Cube& cube : cubes({index, test.mask, {interval}})) result.push_back(masked(index, cube));
    }
  }
  return result;
}

// What the tests of one argument say together.
std::optional<Args> alternatives_of(const Product& tests, uint64_t whole_word, size_t max) {
  if (tests.size() == 1 && tests.front().mask == whole_word) return comparisons(tests.front());
  std::vector<Cube> common = cubes(tests.front());
  for (size_t i = 1; i < tests.size(); ++i) {
    const std::vector<Cube> more = cubes(tests[i]);
    if (common.size() * more.size() > kMaxMeetings) return std::nullopt;
    common = meet(common, more);
    if (common.size() > max) return std::nullopt;
  }
  Args result;
  for (const Cube& cube : common)
    result.push_back(cube.mask == whole_word ? arg(tests.front().operand, OciOp::eq, cube.value)
                                             : masked(tests.front().operand, cube));
  return result;
}

bool add_product(const Product& product, uint64_t whole_word, size_t max, Action action,
                 std::vector<OciAlternative>& result) {
  std::vector<Args> chains{{}};
  for (size_t at = 0; at < product.size();) {
    Product tests;
    const uint8_t operand = product[at].operand;
    for (; at < product.size() && product[at].operand == operand; ++at) tests.push_back(product[at]);
    const std::optional<Args> parts = alternatives_of(tests, whole_word, max);
    if (!parts || chains.size() * parts->size() > max) return false;
    std::vector<Args> longer;
    for (const Args& chain : chains)
      for (const OciArg& part : *parts) {
        longer.push_back(chain);
        longer.back().push_back(part);
      }
    chains = std::move(longer);
  }
  for (Args& chain : chains) result.push_back({action, std::move(chain)});
  return result.size() <= max;
}

}  // namespace

std::optional<std::vector<OciAlternative>> oci_alternatives(const std::vector<Clause>& clauses, unsigned word_bits,
                                                            Action default_action, size_t max) {
  std::vector<OciAlternative> result;
  for (size_t i = 0; i < clauses.size(); ++i) {
    if (clauses[i].action == default_action) continue;
    std::vector<ResolvedCondition> parts{clauses[i].condition};
    for (size_t earlier = 0; earlier < i; ++earlier)
      if (!(clauses[earlier].action == clauses[i].action))
        parts.push_back(policy::negation(clauses[earlier].condition));
    const auto alternatives = products(policy::all_of(std::move(parts)), kMaxProducts);
    if (!alternatives) return std::nullopt;
    for (const Product& product : *alternatives)
      if (!add_product(product, policy::low_ones(word_bits), max, clauses[i].action, result)) return std::nullopt;
  }
  return result;
}

}  // namespace cordon::formats
