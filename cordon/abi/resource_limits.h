// Resource limits by name, at the numbers of include/uapi/asm-generic/resource.h, which x86 and arm64 have.
//
//   std::optional<unsigned> resource = abi::find_resource("nofile");   // RLIMIT_NOFILE
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cordon::abi {

inline constexpr uint64_t kUnlimited = UINT64_MAX;  // RLIM64_INFINITY

// At its number.
inline constexpr std::array<std::string_view, 16> kResources = {
    "cpu",     "fsize", "data",  "stack",      "core",     "rss",  "nproc",  "nofile",
    "memlock", "as",    "locks", "sigpending", "msgqueue", "nice", "rtprio", "rttime"};

constexpr std::optional<unsigned> find_resource(std::string_view name) {
  for (unsigned number = 0; number < kResources.size(); ++number)
    if (kResources[number] == name) return number;
  return std::nullopt;
}

}  // namespace cordon::abi
