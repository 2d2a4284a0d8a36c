// A resolved policy as plain words: what may leave a constant expression, and be read again in another one.
//
//   constexpr Packed kPacked = policy::pack(resolved);       // resolved's vectors are gone at the end of the
//   expression ResolvedPolicy again = policy::unpack(kPacked);          // equal to it
//
// Compilers limit what one constant expression may take, so resolving and compiling are two. A policy of more words
// than kMaxWords is said to be too large by is_complete().
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>

#include "cordon/policy/resolved_policy.h"

namespace cordon::policy {

struct Packed {
  static constexpr size_t kMaxWords = 32768;

  std::array<uint64_t, kMaxWords> words{};
  size_t count = 0;  // of all words, those that found no place too

  constexpr bool is_complete() const { return count <= kMaxWords; }
};

namespace detail {

constexpr void put(Packed& packed, uint64_t word) {
  if (packed.count < Packed::kMaxWords) packed.words[packed.count] = word;
  ++packed.count;
}

constexpr uint64_t pair_of(uint64_t high, uint64_t low) { return high << 32 | low; }

// An action and where it comes from, in two words.
constexpr void put(Packed& packed, Action action, const Origin& origin) {
  put(packed, pair_of(static_cast<uint64_t>(action.kind) << 16 | action.data, static_cast<uint64_t>(origin.kind)));
  put(packed, pair_of(origin.rule, origin.policy));
}

constexpr void put(Packed& packed, const ResolvedCondition& condition) {
  const ResolvedTest& test = condition.test;
  put(packed, pair_of(static_cast<uint64_t>(condition.kind) << 8 | test.operand, condition.operands.size()));
  if (condition.kind == ResolvedCondition::Kind::test) {
    put(packed, test.mask);
    put(packed, test.allowed.size());
    for (const Interval& interval : test.allowed) {
      put(packed, interval.first);
      put(packed, interval.last);
    }
  }
  for (const ResolvedCondition& operand : condition.operands) put(packed, operand);
}

class Unpacking {
 public:
  constexpr explicit Unpacking(const Packed& packed) : words_(packed.words.data()) {}

  constexpr uint64_t take() { return words_[at_++]; }
  constexpr std::pair<Action, Origin> take_answer() {
    const uint64_t word = take();
    const uint64_t place = take();
    const auto kind = static_cast<ActionKind>(word >> 48);
    return {{kind, static_cast<uint16_t>(word >> 32)},
            {static_cast<Origin::Kind>(word & 0xff), static_cast<uint32_t>(place >> 32), static_cast<uint32_t>(place)}};
  }
  constexpr void take_condition(ResolvedCondition& condition) {
    const uint64_t word = take();
    condition.kind = static_cast<ResolvedCondition::Kind>(word >> 40);
    if (condition.kind == ResolvedCondition::Kind::test) {
      condition.test.operand = static_cast<uint8_t>(word >> 32);
      condition.test.mask = take();
      const uint64_t count = take();
      condition.test.allowed.reserve(count);
      for (uint64_t i = 0; i < count; ++i) {
        const uint64_t first = take();
        condition.test.allowed.push_back({first, take()});
      }
    }
    const auto count = static_cast<uint32_t>(word);
    if (count > 0) condition.operands.reserve(count);
    for (uint32_t i = 0; i < count; ++i) take_condition(condition.operands.emplace_back());
  }

 private:
  const uint64_t* words_;
  size_t at_ = 0;
};

}  // namespace detail

constexpr Packed pack(const ResolvedPolicy& policy) {
  using detail::pair_of;
  using detail::put;
  Packed packed;
  put(packed, policy.bad_arch, policy.bad_arch_origin);
  put(packed, policy.arches.size());
  for (const ArchTable& table : policy.arches) {
    put(packed, pair_of(table.audit_arch, uint64_t{table.word_bits} << 8 | static_cast<uint64_t>(table.endian)));
    put(packed, table.segments.size());
    for (const Segment& segment : table.segments) {
      put(packed, pair_of(segment.first, segment.last));
      put(packed, segment.clauses.size());
      for (const Clause& clause : segment.clauses) {
        put(packed, clause.action, clause.origin);
        put(packed, clause.condition);
      }
    }
  }
  return packed;
}

// Of a complete one.
constexpr ResolvedPolicy unpack(const Packed& packed) {
  detail::Unpacking from(packed);
  ResolvedPolicy policy;
  std::tie(policy.bad_arch, policy.bad_arch_origin) = from.take_answer();
  policy.arches.resize(from.take());
  for (ArchTable& table : policy.arches) {
    const uint64_t word = from.take();
    table.audit_arch = static_cast<uint32_t>(word >> 32);
    table.word_bits = static_cast<uint8_t>(word >> 8);
    table.endian = static_cast<Endian>(word & 0xff);
    table.segments.resize(from.take());
    for (Segment& segment : table.segments) {
      const uint64_t numbers = from.take();
      segment.first = static_cast<uint32_t>(numbers >> 32);
      segment.last = static_cast<uint32_t>(numbers);
      segment.clauses.resize(from.take());
      for (Clause& clause : segment.clauses) {
        std::tie(clause.action, clause.origin) = from.take_answer();
        from.take_condition(clause.condition);
      }
    }
  }
  return policy;
}

}  // namespace cordon::policy
