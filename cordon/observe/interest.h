// Which arguments of which calls are worth remembering.
//
//   WatchedCall watched = observe::watched_arguments(Arch::x86_64, 16);   // ioctl
//   watched.arguments()[0].slot == 1                                      // its cmd
//
// Watched are arguments that name a choice out of a fixed set: a command, a family, a set of flags. Their
// values say what a program does and are the same at the next run. Never watched: pointers, descriptors,
// sizes, addresses, offsets, process ids, modes; a condition on them would hold for one run only.
// The table is in interest.cc, with the reason for each line.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "cordon/abi/arch.h"

namespace cordon {

enum class ArgumentUse : uint8_t {
  one_of,  // exactly one of the family's values
  flags,   // a union of values, with at most one sub-field that is one_of
};

struct InterestingArgument {
  std::string_view syscall;
  std::string_view argument;  // the prototype's name
  ArgumentUse use;
  uint64_t field = 0;           // flags: the bits of the one_of sub-field; 0: none
  std::string_view field_name;  // "O_ACCMODE"
  std::string_view reason;      // what the argument decides
};

struct WatchedArgument {
  const InterestingArgument* interest = nullptr;
  uint8_t slot = 0;
  uint64_t mask = 0;  // the bits the kernel reads
};

inline constexpr size_t kMaxWatched = 3;

struct WatchedCall {
  std::array<WatchedArgument, kMaxWatched> items{};
  uint8_t count = 0;

  std::span<const WatchedArgument> arguments() const& { return {items.data(), count}; }
  std::span<const WatchedArgument> arguments() const&& = delete;  // the items would be gone
};

namespace observe {

std::span<const InterestingArgument> interesting_arguments();

// In order of the table. An argument the ABI passes in memory is left out.
WatchedCall watched_arguments(Arch arch, uint32_t nr);
// The line for a slot of a call; null where it is not watched.
const InterestingArgument* find_interest(Arch arch, uint32_t nr, unsigned slot);

}  // namespace observe
}  // namespace cordon
