#include "cordon/formats/products.h"

#include <algorithm>
#include <bit>
#include <tuple>
#include <utility>

#include "cordon/policy/intervals.h"

namespace cordon::formats {
namespace {

using Kind = ResolvedCondition::Kind;

bool is_before(const ResolvedTest& a, const ResolvedTest& b) {
  return std::tie(a.operand, a.mask) < std::tie(b.operand, b.mask);
}

// None where the two exclude each other.
std::optional<Product> both(const Product& a, const Product& b) {
  Product result = a;
  for (const ResolvedTest& test : b) {
    auto at = std::lower_bound(result.begin(), result.end(), test, is_before);
    if (at == result.end() || is_before(test, *at)) {
      result.insert(at, test);
      continue;
    }
    at->allowed = policy::intersection(at->allowed, test.allowed, test.mask);
    if (at->allowed.empty()) return std::nullopt;
  }
  return result;
}

// Every test of `outer` follows from one of `inner`.
bool implies(const Product& inner, const Product& outer) {
  return std::all_of(outer.begin(), outer.end(), [&inner](const ResolvedTest& test) {
    const auto at = std::lower_bound(inner.begin(), inner.end(), test, is_before);
    return at != inner.end() && !is_before(test, *at) && policy::includes(test.allowed, at->allowed);
  });
}

// A bit for each operand and mask that is tested: what implies another has all of its bits.
uint64_t marks_of(const Product& product) {
  uint64_t marks = 0;
  for (const ResolvedTest& test : product)
    marks |= uint64_t{1} << (((test.mask ^ test.operand) * 0x9e3779b97f4a7c15) >> 58);
  return marks;
}

// Keeps the first of two that are the same. Every pair is looked at, most by their marks alone.
void drop_implied(std::vector<Product>& alternatives) {
  struct Marked {
    uint64_t marks;
    Product product;
  };
  auto follows = [](const Marked& inner, const Marked& outer) {
    return (outer.marks & ~inner.marks) == 0 && implies(inner.product, outer.product);
  };
  std::vector<Marked> kept;
  for (Product& product : alternatives) {
    Marked one{marks_of(product), std::move(product)};
    if (std::any_of(kept.begin(), kept.end(), [&](const Marked& other) { return follows(one, other); })) continue;
    std::erase_if(kept, [&](const Marked& other) { return follows(other, one); });
    kept.push_back(std::move(one));
  }
  alternatives.clear();
  for (Marked& one : kept) alternatives.push_back(std::move(one.product));
}

// Whether some value of each argument passes all of its tests; true where that takes long to find out.
bool is_possible(const Product& product) {
  constexpr size_t kMaxCubes = 4096;
  for (size_t at = 0; at < product.size();) {
    const uint8_t operand = product[at].operand;
    std::vector<Cube> common = cubes(product[at]);
    for (++at; at < product.size() && product[at].operand == operand; ++at) {
      const std::vector<Cube> more = cubes(product[at]);
      if (common.size() * more.size() > kMaxCubes) return true;
      common = meet(common, more);
      if (common.empty()) return false;
    }
  }
  return true;
}

std::optional<std::vector<Product>> cross(const std::vector<Product>& left, const std::vector<Product>& right,
                                          size_t max) {
  if (left.size() * right.size() > 4 * max) return std::nullopt;
  std::vector<Product> result;
  for (const Product& a : left)
    for (const Product& b : right)
      if (auto product = both(a, b)) result.push_back(std::move(*product));
  drop_implied(result);
  return result.size() > max ? std::nullopt : std::optional(std::move(result));
}

uint64_t compressed(uint64_t value, uint64_t mask) {
  uint64_t result = 0;
  for (unsigned bit = 0; mask != 0; mask &= mask - 1, ++bit) result |= ((value >> std::countr_zero(mask)) & 1) << bit;
  return result;
}

uint64_t spread(uint64_t value, uint64_t mask) {
  uint64_t result = 0;
  for (; mask != 0; mask &= mask - 1, value >>= 1) result |= (value & 1) << std::countr_zero(mask);
  return result;
}

// Depth of recursion: that of the condition, which resolve bounds.
std::optional<std::vector<Product>> products_of(const ResolvedCondition& condition, size_t max) {
  if (condition.kind == Kind::test) return std::vector<Product>{{condition.test}};
  std::vector<Product> result;
  if (condition.kind == Kind::all) result.push_back({});
  for (const ResolvedCondition& operand : condition.operands) {
    auto part = products_of(operand, max);
    if (!part) return std::nullopt;
    if (condition.kind == Kind::all) {
      auto crossed = cross(result, *part, max);
      if (!crossed) return std::nullopt;
      result = std::move(*crossed);
    } else {
      result.insert(result.end(), std::make_move_iterator(part->begin()), std::make_move_iterator(part->end()));
      if (result.size() > 4 * max) return std::nullopt;
    }
  }
  if (condition.kind == Kind::any) drop_implied(result);
  return result.size() > max ? std::nullopt : std::optional(std::move(result));
}

}  // namespace

std::optional<std::vector<Product>> products(const ResolvedCondition& condition, size_t max) {
  auto found = products_of(condition, max);
  if (found) std::erase_if(*found, [](const Product& product) { return !is_possible(product); });
  return found;
}

// The bits of the mask pushed together keep the order of values, so an interval under the mask is an interval of
// these, and that is cut into blocks of a power of two.
std::vector<Cube> cubes(const ResolvedTest& test) {
  const unsigned bits = static_cast<unsigned>(std::popcount(test.mask));
  std::vector<Cube> result;
  for (const Interval& interval : test.allowed) {
    uint64_t first = compressed(interval.first, test.mask);
    const uint64_t last = compressed(interval.last, test.mask);
    while (true) {
      unsigned free = std::min(bits, static_cast<unsigned>(first == 0 ? 64 : std::countr_zero(first)));
      while (free > 0 && last - first < policy::low_ones(free)) --free;
      const uint64_t inside = free == 0 ? 0 : policy::low_ones(free);
      result.push_back({spread(policy::low_ones(bits) & ~inside, test.mask), spread(first, test.mask)});
      if (last - first == inside) break;
      first += inside + 1;
    }
  }
  return result;
}

std::vector<Cube> meet(const std::vector<Cube>& a, const std::vector<Cube>& b) {
  std::vector<Cube> result;
  for (const Cube& x : a)
    for (const Cube& y : b)
      if (((x.value ^ y.value) & x.mask & y.mask) == 0) result.push_back({x.mask | y.mask, x.value | y.value});
  return result;
}

}  // namespace cordon::formats
