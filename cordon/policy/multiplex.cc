#include "cordon/policy/multiplex.h"

#include <algorithm>
#include <array>

namespace cordon::policy {
namespace {

// include/uapi/linux/net.h
constexpr auto kSocketCalls = std::to_array<MultiplexedCall>({
    {"socket", 1},      {"bind", 2},        {"connect", 3},    {"listen", 4},      {"accept", 5},
    {"getsockname", 6}, {"getpeername", 7}, {"socketpair", 8}, {"send", 9},        {"recv", 10},
    {"sendto", 11},     {"recvfrom", 12},   {"shutdown", 13},  {"setsockopt", 14}, {"getsockopt", 15},
    {"sendmsg", 16},    {"recvmsg", 17},    {"accept4", 18},   {"recvmmsg", 19},   {"sendmmsg", 20},
});

// include/uapi/linux/ipc.h
constexpr auto kIpcCalls = std::to_array<MultiplexedCall>({
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
constexpr std::array kMultiplexers = {
    Multiplexer{"socketcall", 0xffffffff, kSocketCalls},
    Multiplexer{"ipc", 0xffff, kIpcCalls},
};

}  // namespace

std::span<const Multiplexer> multiplexers() { return kMultiplexers; }

std::optional<MultiplexedWay> find_multiplexed(std::string_view syscall) {
  for (const Multiplexer& multiplexer : kMultiplexers)
    for (const MultiplexedCall& call : multiplexer.calls)
      if (call.name == syscall) return MultiplexedWay{&multiplexer, call.number};
  return std::nullopt;
}

}  // namespace cordon::policy
