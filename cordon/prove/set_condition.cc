#include "cordon/prove/set_condition.h"

#include <algorithm>
#include <bit>
#include <map>
#include <utility>
#include <vector>

#include "cordon/abi/arguments.h"
#include "cordon/policy/intervals.h"
#include "cordon/prove/condition_key.h"
#include "cordon/prove/cover.h"
#include "cordon/prove/named_value.h"

namespace cordon::prove {
namespace {

using diagram::Manager;
using diagram::Node;

constexpr size_t kMaxValues = 4096;  // as many as a filter could compare with
constexpr size_t kMaxCubes = 32;
constexpr size_t kMaxTerms = 256;
constexpr unsigned kWorthOfNames = 8;  // so much longer a list of names may be than a range
constexpr unsigned kLong = 24;         // what reads longer may be said better part by part
constexpr size_t kMaxNamed = 6;        // so many values of ranges are named one by one

struct Form {
  Operand operand;
  unsigned width = 64;
};

Form form_of(uint64_t support, bool is_null_test, const SetPlace& place) {
  const unsigned word_bits = abi::info(place.argument.arch).word_bits;
  Form form;
  form.operand.slot = static_cast<uint8_t>(place.argument.slot);
  form.width = word_bits;
  if (place.argument.slot == ResolvedTest::kInstructionPointer) {
    form.operand.kind = Operand::Kind::instruction_pointer;
    return form;
  }
  if (place.by_number) {
    form.operand.raw = true;
    return form;
  }
  if (place.argument.syscall.empty()) return form;
  const auto argument = abi::argument_at(place.argument.syscall, place.argument.slot, place.argument.arch);
  if (!argument) return form;
  form.operand.raw = (support & ~policy::low_ones(argument->bits)) != 0;
  if (!form.operand.raw) form.width = argument->bits;
  if (argument->is_pointer && (!is_null_test || form.operand.raw)) {
    form.operand.raw = true;
    form.width = word_bits;
    return form;
  }
  form.operand.kind = Operand::Kind::named;
  form.operand.name = argument->name;
  return form;
}

class SetWriter {
 public:
  SetWriter(BitSpace& space, const Form& form, const SetPlace& place)
      : space_(space), form_(form), namer_(place.argument, form.width), full_(policy::low_ones(form.width)) {}

  std::optional<Condition> write(Node set, uint64_t support) {
    const auto masked = space_.values(set, support, kMaxValues);
    // Without the mask it is only worth saying where that makes it no longer.
    const size_t max = support != full_ && masked ? 2 * masked->size() + kMaxNamed : kMaxValues;
    try_values(space_.values(set, full_, max), full_);
    if (support != full_) try_values(masked, support);
    const Node others = space_.manager().negation(set);
    if (auto cubes = space_.cubes(set, kMaxCubes)) try_cubes(*cubes, false);
    if (auto cubes = space_.cubes(others, kMaxCubes)) try_cubes(*cubes, true);
    try_common_bits(set, support);
    if (!best_ || best_cost_ > kLong) {
      try_fields(set, false);
      try_fields(others, true);
    }
    return std::move(best_);
  }

 private:
  Condition test(CompareOp op, std::vector<ValueRange> values, const std::vector<Value>& mask) const {
    Condition condition;
    condition.kind = Condition::Kind::test;
    condition.test.operand = form_.operand;
    condition.test.op = op;
    condition.test.mask = mask;
    condition.test.values = std::move(values);
    return condition;
  }

  void offer(Condition condition) {
    const unsigned cost = reading_cost(condition);
    if (best_ && best_cost_ <= cost) return;
    best_ = std::move(condition);
    best_cost_ = cost;
  }

  std::vector<Value> written_mask(uint64_t mask) const {
    if (mask == full_) return {};
    const uint64_t outside = full_ & ~mask;
    if (std::popcount(outside) >= std::popcount(mask)) return {namer_.mask(mask)};
    Value complement;
    complement.kind = Value::Kind::complement;
    complement.operands.push_back(namer_.mask(outside));
    return {complement};
  }

  Value written_value(uint64_t mask, uint64_t value) const {
    return mask == full_ ? namer_.value(value) : namer_.masked_value(mask, value);
  }

  // The values one by one if they are few and each has a name; else nothing.
  std::vector<ValueRange> named_values(const std::vector<Interval>& set, uint64_t mask) const {
    std::vector<ValueRange> values;
    for (const Interval& range : set)
      for (std::optional<uint64_t> next = range.first; next && *next <= range.last;) {
        Value value = written_value(mask, *next);
        if (values.size() == kMaxNamed || !is_named(value)) return {};
        values.push_back({std::move(value), {}});
        next = *next == UINT64_MAX ? std::nullopt : policy::next_under_mask(*next + 1, mask);
      }
    return values;
  }

  Condition in_set(const std::vector<Interval>& set, uint64_t mask) const {
    const std::vector<Value> masked = written_mask(mask);
    const bool is_single = set.size() == 1 && set[0].first == set[0].last;
    if (is_single) return test(CompareOp::eq, {{written_value(mask, set[0].first), {}}}, masked);
    Condition plain = in_numbers(set, mask);
    auto named = named_values(set, mask);
    if (named.empty()) return plain;
    Condition by_name = test(CompareOp::in, std::move(named), masked);
    return reading_cost(by_name) <= reading_cost(plain) + kWorthOfNames ? by_name : plain;
  }

  Condition in_numbers(const std::vector<Interval>& set, uint64_t mask) const {
    const std::vector<Value> masked = written_mask(mask);
    if (set.size() == 1 && set[0].first == 0 && set[0].last != mask)
      return test(CompareOp::le, {{number_value(set[0].last), {}}}, masked);
    if (set.size() == 1 && set[0].last == mask) return test(CompareOp::ge, {{number_value(set[0].first), {}}}, masked);
    std::vector<ValueRange> values;
    for (const Interval& range : set) {
      if (range.first == range.last)
        values.push_back({written_value(mask, range.first), {}});
      else
        values.push_back({number_value(range.first), {number_value(range.last)}});
    }
    return test(CompareOp::in, std::move(values), masked);
  }

  Condition not_in_set(const std::vector<Interval>& others, uint64_t mask) const {
    Condition condition = in_set(others, mask);
    if (condition.test.op == CompareOp::eq) {
      condition.test.op = CompareOp::ne;
      return condition;
    }
    Condition negated;
    negated.kind = Condition::Kind::none;
    negated.operands.push_back(std::move(condition));
    return negated;
  }

  void try_values(const std::optional<std::vector<Interval>>& values, uint64_t mask) {
    if (!values || values->empty()) return;
    const std::vector<Interval> others = policy::complement(*values, mask);
    // "!= 0" rather than ">= 1", which a pointer may not be asked.
    const bool is_all_but_one = others.size() == 1 && others[0].first == others[0].last;
    const bool is_single = values->size() == 1 && values->front().first == values->front().last;
    if (is_all_but_one && !is_single) offer(not_in_set(others, mask));
    offer(in_set(*values, mask));
    if (!others.empty()) offer(not_in_set(others, mask));
  }

  // Cubes of one mask are one test: x & 0x30 in {0x10, 0x20}. Negated they are joined by "and".
  void try_cubes(const std::vector<Cube>& cubes, bool is_negated) {
    std::map<uint64_t, std::vector<Interval>> by_mask;
    for (const Cube& cube : cubes) by_mask[cube.mask].push_back({cube.value, cube.value});
    if (by_mask.contains(0)) return;
    Condition all;
    all.kind = is_negated ? Condition::Kind::all : Condition::Kind::any;
    for (auto& [mask, values] : by_mask) {
      values = policy::canonical(std::move(values), mask);
      all.operands.push_back(is_negated ? not_in_set(values, mask) : in_set(values, mask));
    }
    offer(all.operands.size() == 1 ? Condition(all.operands.front()) : std::move(all));
  }

  // Bits that are the same in all values are asked apart: x & 0x40 == 0 && x & 3 != 3.
  void try_common_bits(Node set, uint64_t support) {
    Manager& manager = space_.manager();
    uint64_t common = 0, value = 0;
    const auto cubes = space_.cubes(set, kMaxCubes);
    if (!cubes || cubes->empty()) return;
    common = cubes->front().mask, value = cubes->front().value;
    for (const Cube& cube : *cubes) common &= cube.mask & ~(cube.value ^ value);
    if (common == 0 || common == support) return;
    const auto values = space_.values(set, support, kMaxValues);
    if (!values || manager.exhausted()) return;
    const uint64_t rest = support & ~common;
    std::vector<Interval> left;
    for (const Interval& range : *values)
      for (std::optional<uint64_t> next = range.first; next && *next <= range.last;) {
        if (left.size() > kMaxValues) return;
        left.push_back({*next & rest, *next & rest});
        next = *next == UINT64_MAX ? std::nullopt : policy::next_under_mask(*next + 1, support);
      }
    left = policy::canonical(std::move(left), rest);
    const std::vector<Interval> others = policy::complement(left, rest);
    for (bool is_negated : {false, true}) {
      if (is_negated && others.empty()) break;
      Condition both;
      both.kind = Condition::Kind::all;
      both.operands.push_back(in_set({{value & common, value & common}}, common));
      both.operands.push_back(is_negated ? not_in_set(others, rest) : in_set(left, rest));
      offer(std::move(both));
    }
  }

  // The last resort: parts of the word that the filter looks at are asked one by one.
  void try_fields(Node set, bool is_negated) {
    const auto terms = cover(space_, space_.fields(), set, set, kMaxTerms);
    if (!terms || terms->empty()) return;
    Condition any;
    any.kind = Condition::Kind::any;
    for (const Term& term : *terms) {
      std::optional<Condition> one = product(term);
      if (!one) return;
      any.operands.push_back(std::move(*one));
    }
    if (any.operands.size() == 1) any = Condition(any.operands.front());
    if (!is_negated) return offer(std::move(any));
    Condition none;
    none.kind = Condition::Kind::none;
    none.operands.push_back(std::move(any));
    offer(std::move(none));
  }

  struct PartTest {
    uint64_t mask = 0;
    std::vector<Interval> values;
  };

  // Parts with one value are one test, together with the next lower part if that is the only other one.
  std::optional<Condition> product(const Term& term) {
    PartTest fixed{0, {{0, 0}}};
    std::vector<PartTest> parts;
    for (size_t group = 0; group < term.most.size(); ++group) {
      if (term.most[group] == Manager::kTrue) continue;
      const uint64_t mask = space_.fields().bits[group] & full_;
      auto values = space_.values(term.most[group], mask, kMaxValues);
      if (!values) return std::nullopt;
      if (values->size() == 1 && values->front().first == values->front().last) {
        fixed.mask |= mask;
        fixed.values[0].first = fixed.values[0].last |= values->front().first;
        continue;
      }
      parts.push_back({mask, std::move(*values)});
    }
    if (parts.size() == 1 && (fixed.mask & (parts[0].mask | (parts[0].mask - 1))) == 0) {
      for (Interval& range : parts[0].values) range.first |= fixed.values[0].first, range.last |= fixed.values[0].last;
      parts[0].mask |= fixed.mask;
      fixed.mask = 0;
    }
    if (fixed.mask != 0) parts.insert(parts.begin(), std::move(fixed));
    Condition all;
    all.kind = Condition::Kind::all;
    for (PartTest& part : parts) all.operands.push_back(part_condition(std::move(part)));
    return all.operands.size() == 1 ? Condition(all.operands.front()) : all;
  }

  // All bits but some low ones are the whole value in steps.
  Condition part_condition(PartTest part) {
    const uint64_t below = policy::low_ones(static_cast<unsigned>(std::countr_zero(part.mask)));
    if ((part.mask | below) == full_ && below != 0) {
      for (Interval& range : part.values) range.last |= below;
      part.mask = full_;
    }
    part.values = policy::canonical(std::move(part.values), part.mask);
    Condition positive = in_set(part.values, part.mask);
    const std::vector<Interval> others = policy::complement(part.values, part.mask);
    if (others.empty()) return positive;
    Condition negative = not_in_set(others, part.mask);
    return reading_cost(negative) < reading_cost(positive) ? negative : positive;
  }

  BitSpace& space_;
  Form form_;
  ValueNamer namer_;
  uint64_t full_;
  std::optional<Condition> best_;
  unsigned best_cost_ = 0;
};

}  // namespace

std::optional<Condition> write_set(BitSpace& space, Node set, const SetPlace& place) {
  const uint64_t support = space.support(set);
  const auto nulls = space.values(set, UINT64_MAX, 2);
  const bool is_null_test =
      nulls && nulls->size() == 1 && (nulls->front() == Interval{0, 0} || nulls->front() == Interval{1, UINT64_MAX});
  const Form form = form_of(support, is_null_test, place);
  if ((support & ~policy::low_ones(form.width)) != 0) return std::nullopt;
  return SetWriter(space, form, place).write(set, support);
}

}  // namespace cordon::prove
