// The body of multiplex.h.
#pragma once

#include <array>

namespace cordon::policy {
namespace detail {

// include/uapi/linux/net.h
inline constexpr auto kSocketCalls = std::to_array<MultiplexedCall>({
    {"socket", 1},      {"bind", 2},        {"connect", 3},    {"listen", 4},      {"accept", 5},
    {"getsockname", 6}, {"getpeername", 7}, {"socketpair", 8}, {"send", 9},        {"recv", 10},
    {"sendto", 11},     {"recvfrom", 12},   {"shutdown", 13},  {"setsockopt", 14}, {"getsockopt", 15},
    {"sendmsg", 16},    {"recvmsg", 17},    {"accept4", 18},   {"recvmmsg", 19},   {"sendmmsg", 20},
});

// include/uapi/linux/ipc.h
inline constexpr auto kIpcCalls = std::to_array<MultiplexedCall>({
    {"semop", 1},
    {"semget", 2},
    {"semctl", 3},
    {"semtimedop", 4},
    {"msgsnd", 11},
    {"msgrcv", 12},
    {"msgget", 13},
    {"msgctl", 14},
    {"shmat", 21},
    {"shmdt", 22},
    {"shmget", 23},
    {"shmctl", 24},
});

// ipc keeps a version in the high half (ksys_ipc: `version = call >> 16`).
inline constexpr std::array kMultiplexers = {
    Multiplexer{"socketcall", 0xffffffff, kSocketCalls},
    Multiplexer{"ipc", 0xffff, kIpcCalls},
};

}  // namespace detail

constexpr std::span<const Multiplexer> multiplexers() { return detail::kMultiplexers; }

constexpr std::optional<MultiplexedWay> find_multiplexed(std::string_view syscall) {
  for (const Multiplexer& multiplexer : detail::kMultiplexers)
    for (const MultiplexedCall& call : multiplexer.calls)
      if (call.name == syscall) return MultiplexedWay{&multiplexer, call.number};
  return std::nullopt;
}

}  // namespace cordon::policy
