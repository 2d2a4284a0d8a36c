// What was seen of each call, over all programs of a recording.
//
//   Profile profile = learn::build_profile(recording);
//   profile.calls[0].values   // distinct values of the watched arguments, with counts
//
// A profile forgets who made which call but for the list of programs; it is what a policy is made from.
#pragma once

#include <cstdint>
#include <vector>

#include "cordon/abi/arch.h"
#include "cordon/observe/recording.h"

namespace cordon {

struct CallProfile {
  Arch arch = Arch::x86_64;
  uint32_t nr = 0;
  uint64_t count = 0;
  uint64_t first_seen_ns = 0;
  std::vector<uint32_t> programs;      // indices into Recording::programs, sorted
  std::vector<uint8_t> slots;          // of the watched arguments; empty if there are none
  bool too_many_values = false;        // then there are no slots
  std::vector<RecordedValues> values;  // distinct, sorted

  bool operator==(const CallProfile&) const = default;
};

struct Profile {
  std::vector<CallProfile> calls;  // native ABI first, then by ABI; within one by name, unnamed ones last
};

namespace learn {

Profile build_profile(const Recording& recording);

}  // namespace learn
}  // namespace cordon
