// Calls made to meet a condition, for trying what cannot be decided and for guessing what can.
//
//   Random random;
//   Call call = call_for(table, segment.first, clause.condition, random);   // evaluates to that clause, mostly
//
// Words the condition leaves open are random. Where a condition asks one argument twice, the last test wins: the call
// may then miss it.
#pragma once

#include <cstdint>

#include "cordon/policy/call.h"
#include "cordon/policy/resolved_policy.h"

namespace cordon::prove {

// xorshift64*: the same numbers every time, on every machine.
class Random {
 public:
  uint64_t bits() {
    state_ ^= state_ >> 12, state_ ^= state_ << 25, state_ ^= state_ >> 27;
    return state_ * 0x2545f4914f6cdd1d;
  }
  uint64_t below(uint64_t limit) { return bits() % limit; }

 private:
  uint64_t state_ = 0x9e3779b97f4a7c15;
};

Call call_for(const ArchTable& table, uint32_t nr, const ResolvedCondition& condition, Random& random);

// Moves the call just past an end of one test's interval, so that it mostly misses a condition it met.
void miss_one(const ResolvedCondition& condition, Call& call, Random& random);

}  // namespace cordon::prove
