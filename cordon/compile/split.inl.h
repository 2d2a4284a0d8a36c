// The body of split.h.
#pragma once

#include <algorithm>
#include <iterator>
#include <utility>

#include "cordon/base/assert.h"
#include "cordon/bpf/insn.h"
#include "cordon/compile/order.h"

namespace cordon::compiler {
namespace detail {

// More alternatives than this from the tests of one `all` are not multiplied out.
inline constexpr size_t kMaxProduct = 8;

using Intervals = std::vector<Interval>;

constexpr Intervals unite(const Intervals& a, const Intervals& b) {
  Intervals all;
  all.reserve(a.size() + b.size());
  std::merge(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(all),
             [](const Interval& x, const Interval& y) { return x.first < y.first; });
  Intervals result;
  for (const Interval& next : all) {
    if (!result.empty() && (result.back().last == UINT64_MAX || next.first <= result.back().last + 1)) {
      result.back().last = std::max(result.back().last, next.last);
    } else {
      result.push_back(next);
    }
  }
  return result;
}

template <class Range>
constexpr std::vector<Range> intersect(const std::vector<Range>& a, const std::vector<Range>& b) {
  std::vector<Range> result;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    auto first = std::max(a[i].first, b[j].first);
    auto last = std::min(a[i].last, b[j].last);
    if (first <= last) result.push_back({first, last});
    (a[i].last < b[j].last) ? ++i : ++j;
  }
  return result;
}

constexpr void add_range(std::vector<WordRange>& set, uint32_t first, uint32_t last) {
  if (!set.empty() && set.back().last != UINT32_MAX && set.back().last + 1 == first) {
    set.back().last = last;
  } else {
    set.push_back({first, last});
  }
}

// The values of the low word that go with some values of the high word.
struct HighPart {
  std::vector<WordRange> high;
  std::vector<WordRange> low;
};

// Appends "high words first..last go with this low range", keeping the parts in order of the high word.
constexpr void add_part(std::vector<HighPart>& parts, uint32_t first, uint32_t last, WordRange low) {
  if (!parts.empty() && parts.back().high.front() == WordRange{first, last} && first == last) {
    add_range(parts.back().low, low.first, low.last);
  } else {
    parts.push_back({{{first, last}}, {low}});
  }
}

constexpr bool is_before(const std::vector<WordRange>& a, const std::vector<WordRange>& b) {
  return std::lexicographical_compare(
      a.begin(), a.end(), b.begin(), b.end(),
      [](const WordRange& x, const WordRange& y) { return x.first != y.first ? x.first < y.first : x.last < y.last; });
}

// High words with the same low set share one alternative.
constexpr std::vector<HighPart> merge_equal_low(std::vector<HighPart> parts) {
  const std::vector<size_t> first =
      first_equal(parts.size(), [&](size_t a, size_t b) { return is_before(parts[a].low, parts[b].low); });
  std::vector<size_t> place(parts.size(), 0);
  std::vector<HighPart> merged;
  merged.reserve(parts.size());
  for (size_t i = 0; i < parts.size(); ++i) {
    if (first[i] != i) {
      add_range(merged[place[first[i]]].high, parts[i].high.front().first, parts[i].high.front().last);
      continue;
    }
    place[i] = merged.size();
    merged.push_back(std::move(parts[i]));
  }
  return merged;
}

constexpr std::vector<HighPart> high_parts(const ResolvedTest& test) {
  uint32_t low_mask = static_cast<uint32_t>(test.mask);
  std::vector<HighPart> parts;
  for (const Interval& interval : test.allowed) {
    uint32_t first = static_cast<uint32_t>(interval.first >> 32), last = static_cast<uint32_t>(interval.last >> 32);
    uint32_t low_first = static_cast<uint32_t>(interval.first);
    uint32_t low_last = std::min(static_cast<uint32_t>(interval.last), low_mask);
    if (first == last) {
      if (low_first <= low_last) add_part(parts, first, first, {low_first, low_last});
      continue;
    }
    bool from_zero = low_first == 0, to_end = low_last == low_mask;
    if (!from_zero && low_first <= low_mask) add_part(parts, first, first, {low_first, low_mask});
    uint32_t whole_first = from_zero ? first : first + 1, whole_last = to_end ? last : last - 1;
    if (whole_first <= whole_last) add_part(parts, whole_first, whole_last, {0, low_mask});
    if (!to_end) add_part(parts, last, last, {0, low_last});
  }
  if (parts.size() > 1) parts = merge_equal_low(std::move(parts));
  return parts;
}

constexpr bool is_whole(const std::vector<WordRange>& set, uint32_t mask) {
  return set.size() == 1 && set[0].first == 0 && set[0].last >= mask;
}

constexpr std::vector<Alternative> split_test(const ResolvedTest& test) {
  uint32_t high_mask = static_cast<uint32_t>(test.mask >> 32), low_mask = static_cast<uint32_t>(test.mask);
  std::vector<Alternative> result;
  std::vector<HighPart> parts = high_parts(test);
  result.reserve(parts.size());
  for (HighPart& part : parts) {
    Alternative& alternative = result.emplace_back();
    alternative.tests.reserve(2);
    if (!is_whole(part.high, high_mask)) {
      alternative.tests.push_back({high_word(test.operand), high_mask, std::move(part.high)});
    }
    if (!is_whole(part.low, low_mask)) {
      alternative.tests.push_back({low_word(test.operand), low_mask, std::move(part.low)});
    }
  }
  return result;
}

// Both hold. No value: they contradict each other.
constexpr bool conjoin(Alternative& into, const Alternative& other) {
  for (const WordTest& test : other.tests) {
    auto same = std::find_if(into.tests.begin(), into.tests.end(),
                             [&](const WordTest& t) { return t.word == test.word && t.mask == test.mask; });
    if (same == into.tests.end()) {
      into.tests.push_back(test);
    } else {
      same->allowed = intersect(same->allowed, test.allowed);
      if (same->allowed.empty()) return false;
    }
  }
  return true;
}

// Tests of one operand under one mask become a single test. An empty set is "never", which no ResolvedTest is.
constexpr std::vector<ResolvedCondition> merge_tests(const ResolvedCondition& condition) {
  const bool all = condition.kind == ResolvedCondition::Kind::all;
  const std::vector<ResolvedCondition>& operands = condition.operands;
  auto is_test = [&](size_t i) { return operands[i].kind == ResolvedCondition::Kind::test; };
  const std::vector<size_t> first = first_equal(operands.size(), [&](size_t a, size_t b) {
    if (is_test(a) != is_test(b)) return is_test(a);
    if (!is_test(a)) return a < b;
    const ResolvedTest &one = operands[a].test, &other = operands[b].test;
    return one.operand != other.operand ? one.operand < other.operand : one.mask < other.mask;
  });
  std::vector<size_t> place(operands.size(), 0);
  std::vector<ResolvedCondition> result;
  for (size_t i = 0; i < operands.size(); ++i) {
    if (first[i] == i) {
      place[i] = result.size();
      result.push_back(operands[i]);
      continue;
    }
    Intervals& allowed = result[place[first[i]]].test.allowed;
    const Intervals& more = operands[i].test.allowed;
    if (all)
      allowed = intersect(allowed, more);
    else
      allowed = unite(allowed, more);
  }
  return result;
}

// policy::resolve has merged them; other makers of policies need not.
constexpr bool has_equal_columns(const std::vector<ResolvedCondition>& operands) {
  constexpr size_t kFew = 8;
  if (operands.size() > kFew) return true;  // the index of merge_tests finds out
  for (size_t i = 0; i < operands.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      const ResolvedCondition &a = operands[i], &b = operands[j];
      bool tests = a.kind == ResolvedCondition::Kind::test && b.kind == ResolvedCondition::Kind::test;
      if (tests && a.test.operand == b.test.operand && a.test.mask == b.test.mask) return true;
    }
  }
  return false;
}

constexpr SplitCondition nested(SplitCondition::Kind kind, std::vector<SplitCondition> operands) {
  SplitCondition result;
  result.kind = kind;
  result.operands = std::move(operands);
  return result;
}

constexpr SplitCondition conjunction(std::vector<SplitCondition> operands) {
  size_t product = 1, tests = 0;
  for (const SplitCondition& operand : operands) {
    if (operand.kind != SplitCondition::Kind::alternatives)
      return nested(SplitCondition::Kind::all, std::move(operands));
    product *= operand.alternatives.size();
    size_t longest = 0;
    for (const Alternative& a : operand.alternatives) longest = std::max(longest, a.tests.size());
    tests += longest;
    if (product > kMaxProduct || tests > Alternative::kMaxTests) {
      return nested(SplitCondition::Kind::all, std::move(operands));
    }
  }
  SplitCondition result;
  result.alternatives.emplace_back();
  for (const SplitCondition& operand : operands) {
    std::vector<Alternative> next;
    for (const Alternative& left : result.alternatives) {
      for (const Alternative& right : operand.alternatives) {
        Alternative both = left;
        if (conjoin(both, right)) next.push_back(std::move(both));
      }
    }
    result.alternatives = std::move(next);
  }
  return result;
}

constexpr SplitCondition disjunction(std::vector<SplitCondition> operands) {
  SplitCondition result;
  for (const SplitCondition& operand : operands) {
    if (operand.kind != SplitCondition::Kind::alternatives)
      return nested(SplitCondition::Kind::any, std::move(operands));
  }
  for (SplitCondition& operand : operands) {
    std::move(operand.alternatives.begin(), operand.alternatives.end(), std::back_inserter(result.alternatives));
  }
  return result;
}

}  // namespace detail

constexpr uint32_t word_offset(WordId word, Endian endian) {
  if (word == kWordNr) return bpf::kOffsetNr;
  if (word == kWordArch) return bpf::kOffsetArch;
  unsigned operand = operand_of(word);
  uint32_t base = operand == ResolvedTest::kInstructionPointer ? bpf::kOffsetIp : bpf::kOffsetArgs + 8 * operand;
  bool second = (word == high_word(operand)) == (endian == Endian::little);
  return base + (second ? 4 : 0);
}

constexpr SplitCondition split_condition(const ResolvedCondition& condition) {
  SplitCondition result;
  if (condition.is_always()) {
    result.kind = SplitCondition::Kind::always;
    return result;
  }
  if (condition.kind == ResolvedCondition::Kind::test) {
    result.alternatives = detail::split_test(condition.test);
    return result;
  }
  std::vector<ResolvedCondition> merged;
  const bool must_merge = detail::has_equal_columns(condition.operands);
  if (must_merge) merged = detail::merge_tests(condition);
  std::vector<SplitCondition> operands;
  bool holds_any = false;
  for (const ResolvedCondition& operand : must_merge ? merged : condition.operands) {
    operands.push_back(split_condition(operand));
    holds_any = holds_any || (operand.kind == ResolvedCondition::Kind::any && operands.back().alternatives.size() > 1);
  }
  if (operands.size() == 1) return std::move(operands.front());
  if (condition.kind == ResolvedCondition::Kind::any) return detail::disjunction(std::move(operands));
  // Multiplying an `any` out would repeat the other operands for each of its alternatives.
  if (holds_any) return detail::nested(SplitCondition::Kind::all, std::move(operands));
  return detail::conjunction(std::move(operands));
}

constexpr SplitPolicy split(const ResolvedPolicy& policy) {
  SplitPolicy result;
  result.bad_arch = policy::to_ret(policy.bad_arch);
  result.arches.reserve(policy.arches.size());
  for (const ArchTable& table : policy.arches) {
    SplitArch& arch = result.arches.emplace_back();
    arch.audit_arch = table.audit_arch;
    arch.segments.reserve(table.segments.size());
    arch.clauses.reserve(table.segments.size() + table.segments.size() / 4);
    for (const Segment& segment : table.segments) {
      CORDON_ASSERT(!segment.clauses.empty() && segment.clauses.back().condition.is_always(),
                    "resolve ends every segment with a clause that always holds");
      const auto begin = static_cast<uint32_t>(arch.clauses.size());
      for (const Clause& clause : segment.clauses) {
        arch.clauses.push_back({split_condition(clause.condition), policy::to_ret(clause.action), clause.origin});
        if (clause.condition.is_always()) break;
      }
      arch.segments.push_back({segment.first, segment.last, begin, static_cast<uint32_t>(arch.clauses.size())});
    }
  }
  return result;
}

}  // namespace cordon::compiler
