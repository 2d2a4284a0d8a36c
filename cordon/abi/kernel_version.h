// A kernel's version as far as system calls care: "6.1".
#pragma once

#include <charconv>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cordon {

struct KernelVersion {
  uint16_t major = 0;
  uint16_t minor = 0;

  constexpr auto operator<=>(const KernelVersion&) const = default;
};

namespace abi {

// "6.1", "6.1.0-13-amd64" and "6.18.44" are read; anything else gives no value.
constexpr std::optional<KernelVersion> parse_kernel_version(std::string_view text) {
  uint32_t parts[2] = {0, 0};
  size_t at = 0;
  for (int part = 0; part < 2; ++part) {
    size_t digits = 0;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9' && digits < 5) {
      parts[part] = parts[part] * 10 + static_cast<uint32_t>(text[at] - '0');
      ++at;
      ++digits;
    }
    if (digits == 0 || parts[part] > 65535) return std::nullopt;
    if (part == 0) {
      if (at >= text.size() || text[at] != '.') return std::nullopt;
      ++at;
    }
  }
  if (at < text.size() && text[at] != '.' && text[at] != '-' && text[at] != '+') return std::nullopt;
  return KernelVersion{static_cast<uint16_t>(parts[0]), static_cast<uint16_t>(parts[1])};
}

inline std::string to_string(KernelVersion version) {
  return std::to_string(version.major) + "." + std::to_string(version.minor);
}

}  // namespace abi
}  // namespace cordon
