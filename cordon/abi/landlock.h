// Landlock's rights as the kernel numbers them, and since which ABI of Landlock it has them.
//
//   abi::landlock::rights_of(abi::landlock::kFileRights, 3)    // what a kernel with ABI 3 (Linux 6.2) can refuse
//
// From include/uapi/linux/landlock.h; the header of the machine this is built on may be older. A right a kernel does
// not know is not refused by it, but for `refer`: before ABI 2 nothing is moved between directories at all.
#pragma once

#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>

namespace cordon::abi::landlock {

struct Right {
  std::string_view name;
  uint64_t bit = 0;
  int since = 0;  // ABI
};

inline constexpr uint64_t kExecute = 1 << 0, kWriteFile = 1 << 1, kReadFile = 1 << 2, kReadDir = 1 << 3,
                          kRemoveDir = 1 << 4, kRemoveFile = 1 << 5, kMakeChar = 1 << 6, kMakeDir = 1 << 7,
                          kMakeReg = 1 << 8, kMakeSock = 1 << 9, kMakeFifo = 1 << 10, kMakeBlock = 1 << 11,
                          kMakeSym = 1 << 12, kRefer = 1 << 13, kTruncate = 1 << 14, kIoctlDev = 1 << 15,
                          kResolveUnix = 1 << 16;
inline constexpr uint64_t kBindTcp = 1 << 0, kConnectTcp = 1 << 1, kBindUdp = 1 << 2, kConnectSendUdp = 1 << 3;
inline constexpr uint64_t kScopeAbstractUnix = 1 << 0, kScopeSignal = 1 << 1;

inline constexpr Right kFileRights[] = {{"execute", kExecute, 1},         {"write_file", kWriteFile, 1},
                                        {"read_file", kReadFile, 1},      {"read_dir", kReadDir, 1},
                                        {"remove_dir", kRemoveDir, 1},    {"remove_file", kRemoveFile, 1},
                                        {"make_char", kMakeChar, 1},      {"make_dir", kMakeDir, 1},
                                        {"make_reg", kMakeReg, 1},        {"make_sock", kMakeSock, 1},
                                        {"make_fifo", kMakeFifo, 1},      {"make_block", kMakeBlock, 1},
                                        {"make_sym", kMakeSym, 1},        {"refer", kRefer, 2},
                                        {"truncate", kTruncate, 3},       {"ioctl_dev", kIoctlDev, 5},
                                        {"resolve_unix", kResolveUnix, 9}};
inline constexpr Right kNetRights[] = {
    {"bind", kBindTcp, 4}, {"connect", kConnectTcp, 4}, {"bind_udp", kBindUdp, 10}, {"send_udp", kConnectSendUdp, 10}};
inline constexpr Right kScopes[] = {{"abstract_unix", kScopeAbstractUnix, 6}, {"signal", kScopeSignal, 6}};

// What a rule on a file that is no directory may hold.
inline constexpr uint64_t kOfPlainFiles = kExecute | kWriteFile | kReadFile | kTruncate | kIoctlDev | kResolveUnix;

constexpr uint64_t rights_of(std::span<const Right> rights, int abi) {
  uint64_t bits = 0;
  for (const Right& right : rights)
    if (right.since <= abi) bits |= right.bit;
  return bits;
}

constexpr std::optional<Right> find_right(std::span<const Right> rights, std::string_view name) {
  for (const Right& right : rights)
    if (right.name == name) return right;
  return std::nullopt;
}

// The first kernel with an ABI, as people name it.
constexpr std::string_view kernel_with(int abi) {
  constexpr std::string_view kKernels[] = {"5.13", "5.13", "5.19", "6.2", "6.7", "6.10",
                                           "6.12", "6.15", "7.0",  "7.1", "7.2"};
  return abi >= 0 && abi < static_cast<int>(std::size(kKernels)) ? kKernels[abi] : "a newer one";
}

}  // namespace cordon::abi::landlock
