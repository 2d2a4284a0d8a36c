// Random policies and calls, the same for the same seed.
//
//   Random random(seed);
//   ResolvedPolicy policy = random_resolved(random);
//   for (const Call& call : boundary_calls(policy, random)) ...
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "cordon/bpf/simulate.h"
#include "cordon/policy/call.h"
#include "cordon/policy/policy.h"
#include "cordon/policy/resolved_policy.h"

namespace cordon::engines {

inline constexpr uint32_t kX86_64 = 0xc000003e, kI386 = 0x40000003;

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  uint64_t bits() { return engine_(); }
  uint64_t below(uint64_t limit) { return limit == 0 ? 0 : engine_() % limit; }
  bool chance(unsigned percent) { return below(100) < percent; }
  template <class Container>
  const auto& pick(const Container& container) {
    return container[below(std::size(container))];
  }

 private:
  std::mt19937_64 engine_;
};

// Of every shape a ResolvedPolicy may have: overlapping clauses, masks, ranges over both words, nested conditions.
ResolvedPolicy random_resolved(Random& random);
// As people write them, for policy::resolve: names, groups, numbers, several ABIs, since and unknown.
Policy random_policy(Random& random);

// Values at and beside every boundary the policy has, in all its segments, and a few random ones.
std::vector<Call> boundary_calls(const ResolvedPolicy& policy, Random& random);
// So many of the above, spread over the whole list.
std::vector<Call> some_calls(const std::vector<Call>& calls, size_t count, Random& random);

bpf::Input input_of(const Call& call);
std::string text_of(const Call& call);

}  // namespace cordon::engines
