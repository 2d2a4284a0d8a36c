#include "cordon/formats/minijail_conditions.h"

#include <algorithm>
#include <bit>
#include <span>
#include <utility>
#include <vector>

#include "cordon/abi/constants.h"
#include "cordon/base/text.h"
#include "cordon/formats/products.h"
#include "cordon/policy/intervals.h"
#include "cordon/policy/value_text.h"

namespace cordon::formats {
namespace {

constexpr size_t kMaxProducts = 1024;
constexpr size_t kMaxCrossed = 1 << 16;  // made before they are found to be too many
constexpr uint64_t kSmall = 4096;
constexpr uint64_t kFewNames = 3;

// Comparisons that hold together.
using Atoms = std::vector<std::string>;

bool is_one(const Interval& interval) { return interval.first == interval.last; }

class ConditionWriter {
 public:
  explicit ConditionWriter(const MinijailCall& call)
      : call_(call), whole_(policy::low_ones(abi::info(call.arch).word_bits)) {}

  // Of tests of one argument.
  // None: too many.
  std::optional<std::vector<Atoms>> alternatives(std::span<const ResolvedTest> tests) const;

 private:
  std::vector<Atoms> of_test(const ResolvedTest& test) const;
  std::vector<Atoms> of_cubes(const ResolvedTest& test, const std::vector<Cube>& found) const;
  std::vector<Atoms> of_whole(const ResolvedTest& test) const;
  Atoms range(const ResolvedTest& test, uint64_t first, uint64_t last) const;
  bool are_named(const ResolvedTest& test, const Interval& interval) const;
  std::vector<Atoms> of_bits(const ResolvedTest& test) const;
  std::string atom(const ResolvedTest& test, std::string_view op, uint64_t value) const {
    return argument(test) + std::string(op) + value_text(test, value);
  }
  std::string any_of(const ResolvedTest& test, uint64_t bits) const {
    return argument(test) + " & " + mask_text(test, bits);
  }
  std::string none_of(const ResolvedTest& test, uint64_t bits) const;
  static std::string argument(const ResolvedTest& test) { return "arg" + std::to_string(test.operand); }
  std::string value_text(const ResolvedTest& test, uint64_t value) const;
  std::string mask_text(const ResolvedTest& test, uint64_t mask) const;
  bool says(std::string_view text, uint64_t value) const;
  policy::ArgumentPlace place(const ResolvedTest& test) const { return {call_.name, test.operand, call_.arch}; }

  const MinijailCall& call_;
  uint64_t whole_;
};

// Whether the text is names joined by | and has this value for minijail: constants keep their sign.
bool ConditionWriter::says(std::string_view text, uint64_t value) const {
  uint64_t sum = 0;
  while (true) {
    const size_t bar = std::min(text.find('|'), text.size());
    const std::string_view name = text.substr(0, bar);
    const std::optional<uint64_t> constant = abi::constant(name, call_.arch);
    if (!constant) return false;
    sum |= *constant;
    if (abi::is_negative_int(name)) sum |= ~uint64_t{0xffffffff};
    if (bar == text.size()) break;
    text.remove_prefix(bar + 1);
  }
  return (sum & whole_) == value;
}

std::string ConditionWriter::value_text(const ResolvedTest& test, uint64_t value) const {
  for (uint64_t seen : {value, value & 0xffffffff}) {  // names of negative values are known by their low word
    std::string text = policy::value_text(place(test), seen);
    if (says(text, value)) return text;
  }
  return value < kSmall ? std::to_string(value) : base::hex(value);
}

std::string ConditionWriter::mask_text(const ResolvedTest& test, uint64_t mask) const {
  if (std::string text = policy::mask_text(place(test), mask); says(text, mask)) return text;
  // A field among flags, such as MAP_SHARED.
  const auto families = policy::constant_families(place(test));
  const bool has_flags = std::any_of(families.begin(), families.end(),
                                     [](uint8_t family) { return abi::family(family).use == abi::ConstantUse::flags; });
  if (std::string text = policy::value_text(place(test), mask); has_flags && says(text, mask)) return text;
  return base::hex(mask);
}

std::string ConditionWriter::none_of(const ResolvedTest& test, uint64_t bits) const {
  const uint64_t others = whole_ & ~bits;
  if (std::popcount(others) <= std::popcount(bits))
    return argument(test) + " in " + (others == 0 ? "0" : mask_text(test, others));
  const std::string text = mask_text(test, bits);
  return argument(test) + " in ~" + (text.find('|') == std::string::npos ? text : "(" + text + ")");
}

// Both ends, where they say something.
Atoms ConditionWriter::range(const ResolvedTest& test, uint64_t first, uint64_t last) const {
  if (first == last) return {atom(test, " == ", first)};
  Atoms ends;
  if (first != 0) ends.push_back(atom(test, " >= ", first));
  if (last != whole_) ends.push_back(atom(test, " <= ", last));
  return ends;
}

// A few values with names read better one by one.
bool ConditionWriter::are_named(const ResolvedTest& test, const Interval& interval) const {
  if (interval.last - interval.first >= kFewNames) return false;
  for (uint64_t value = interval.first;; ++value) {
    const std::string text = value_text(test, value);
    if (!abi::constant(text, call_.arch)) return false;
    if (value == interval.last) return true;
  }
}

// Ranges that single values keep apart are one range without these.
std::vector<Atoms> ConditionWriter::of_whole(const ResolvedTest& test) const {
  std::vector<Atoms> result;
  for (size_t at = 0; at < test.allowed.size();) {
    size_t end = at + 1;
    size_t apart = range(test, test.allowed[at].first, test.allowed[at].last).size();
    while (end < test.allowed.size() && test.allowed[end].first - test.allowed[end - 1].last == 2) {
      apart += range(test, test.allowed[end].first, test.allowed[end].last).size();
      ++end;
    }
    Atoms together = range(test, test.allowed[at].first, test.allowed[end - 1].last);
    for (size_t i = at + 1; i < end; ++i) together.push_back(atom(test, " != ", test.allowed[i].first - 1));
    if (together.size() > apart) end = at + 1;
    if (end > at + 1) {
      result.push_back(std::move(together));
    } else if (const Interval& interval = test.allowed[at]; are_named(test, interval)) {
      for (uint64_t value = interval.first; value - interval.first <= interval.last - interval.first; ++value)
        result.push_back({atom(test, " == ", value)});
    } else {
      result.push_back(range(test, interval.first, interval.last));
    }
    at = end;
  }
  return result;
}

std::vector<Atoms> ConditionWriter::of_bits(const ResolvedTest& test) const {
  const auto others = policy::complement(test.allowed, test.mask);
  if (others.size() == 1 && is_one(others.front())) {  // all values but one: some bit differs
    const uint64_t value = others.front().first;
    std::vector<Atoms> result;
    if (const uint64_t zeros = test.mask & ~value; zeros != 0) result.push_back({any_of(test, zeros)});
    for (uint64_t ones = value; ones != 0; ones &= ones - 1) result.push_back({none_of(test, ones & ~(ones - 1))});
    return result;
  }
  return of_cubes(test, cubes(test));
}

std::vector<Atoms> ConditionWriter::of_cubes(const ResolvedTest& test, const std::vector<Cube>& found) const {
  std::vector<Atoms> result;
  for (const Cube& cube : found) {
    Atoms all;
    if (const uint64_t zeros = cube.mask & ~cube.value; zeros != 0) all.push_back(none_of(test, zeros));
    for (uint64_t ones = cube.value; ones != 0; ones &= ones - 1) all.push_back(any_of(test, ones & ~(ones - 1)));
    result.push_back(std::move(all));
  }
  return result;
}

// Under a mask of all bits but some low ones values are compared in steps.
std::vector<Atoms> ConditionWriter::of_test(const ResolvedTest& test) const {
  if (test.mask == whole_) return of_whole(test);
  const uint64_t below = policy::low_ones(static_cast<unsigned>(std::countr_zero(test.mask)));
  const bool is_in_steps = (test.mask & 1) == 0 && (test.mask | below) == whole_;
  const bool is_one_word = test.allowed == std::vector<Interval>{{0, 0}};
  if (!is_in_steps || is_one_word) return of_bits(test);
  ResolvedTest steps{test.operand, whole_, test.allowed};
  for (Interval& interval : steps.allowed) interval.last |= below;
  steps.allowed = policy::canonical(std::move(steps.allowed), whole_);
  return of_whole(steps);
}

std::vector<Atoms> crossed(const std::vector<Atoms>& left, const std::vector<Atoms>& right) {
  std::vector<Atoms> result;
  for (const Atoms& chain : left)
    for (const Atoms& part : right) {
      result.push_back(chain);
      result.back().insert(result.back().end(), part.begin(), part.end());
    }
  return result;
}

size_t comparisons_in(const std::vector<Atoms>& alternatives) {
  size_t sum = 0;
  for (const Atoms& atoms : alternatives) sum += atoms.size();
  return sum;
}

// Bits under several masks are bits under one, where that is shorter.
std::optional<std::vector<Atoms>> ConditionWriter::alternatives(std::span<const ResolvedTest> tests) const {
  std::vector<Atoms> result = of_test(tests.front());
  if (tests.size() == 1) return result;
  std::vector<Cube> common = cubes(tests.front());
  bool is_short = true;
  for (const ResolvedTest& test : tests.subspan(1)) {
    const std::vector<Atoms> next = of_test(test);
    if (result.size() * next.size() > kMaxCrossed) return std::nullopt;
    result = crossed(result, next);
    const std::vector<Cube> more = cubes(test);
    is_short = is_short && common.size() * more.size() <= kMaxProducts;
    if (is_short) common = meet(common, more);
    if (result.size() > kMaxProducts) return std::nullopt;
  }
  if (!is_short) return result;
  std::vector<Atoms> together = of_cubes(tests.front(), common);
  return comparisons_in(together) < comparisons_in(result) ? together : result;
}

std::string joined(const std::vector<std::string>& parts, std::string_view by) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : std::string(by)) + part;
  return text;
}

}  // namespace

std::optional<MinijailConditionText> minijail_condition(const ResolvedCondition& condition, const MinijailCall& call,
                                                        size_t max) {
  const auto found = products(condition, kMaxProducts);
  if (!found) return std::nullopt;
  using Kind = MinijailConditionText::Kind;
  if (found->empty()) return MinijailConditionText{Kind::never, {}, 0};
  if (found->front().empty()) return MinijailConditionText{Kind::always, {}, 0};
  const ConditionWriter writer(call);
  MinijailConditionText result;
  std::vector<std::string> any;
  for (const Product& product : *found) {
    std::vector<Atoms> chains{{}};
    for (size_t at = 0; at < product.size();) {
      size_t end = at + 1;
      while (end < product.size() && product[end].operand == product[at].operand) ++end;
      const auto parts = writer.alternatives(std::span(product).subspan(at, end - at));
      at = end;
      if (!parts || chains.size() * parts->size() > max) return std::nullopt;
      chains = crossed(chains, *parts);
    }
    for (const Atoms& chain : chains) {
      result.comparisons += chain.size();
      any.push_back(joined(chain, " && "));
    }
    if (result.comparisons > max) return std::nullopt;
  }
  result.text = joined(any, " || ");
  return result;
}

}  // namespace cordon::formats
