// Calls that stand for others: socketcall and ipc, whose first argument says which call is meant and whose
// other arguments lie in memory (socketcall) or in another order (ipc).
//
//   find_multiplexed("socket")->multiplexer->name == "socketcall", ->number == 1
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace cordon::policy {

struct MultiplexedCall {
  std::string_view name;
  uint32_t number = 0;  // what the multiplexer's argument 0 has, under its mask
};

struct Multiplexer {
  std::string_view name;
  uint64_t mask = 0;  // bits of argument 0 that choose the call
  std::span<const MultiplexedCall> calls;
};

struct MultiplexedWay {
  const Multiplexer* multiplexer = nullptr;
  uint32_t number = 0;
};

constexpr std::span<const Multiplexer> multiplexers();
// The way round the direct call that ABIs with the multiplexer have.
constexpr std::optional<MultiplexedWay> find_multiplexed(std::string_view syscall);

}  // namespace cordon::policy

#include "cordon/policy/multiplex.inl.h"  // IWYU pragma: export
