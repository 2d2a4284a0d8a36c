// What `cgroup` lines limit: all processes of a command together, by cgroup v2.
//
//   cgroup memory 512M; cgroup pids 64; cgroup cpu 1.5
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/base/source.h"

namespace cordon {

struct CgroupLimits {
  std::optional<uint64_t> memory;           // bytes
  std::optional<uint64_t> pids;             // processes and threads
  std::optional<uint64_t> cpu_thousandths;  // of one CPU's time, at least 10
  Place place;                              // of the first line

  bool any() const { return memory || pids || cpu_thousandths; }
  std::vector<std::string_view> controllers() const;
};

namespace policy {

// "512M": a number of bytes, or of K, M, G or T of 1024 each; none where it is none, or 0.
std::optional<uint64_t> read_size(std::string_view word);
// "1.5" as thousandths, at most three digits behind the point; none below 0.01.
std::optional<uint64_t> read_cpu_share(std::string_view word);
// Why a value cannot stand in `cgroup NAME VALUE`; empty if it can.
std::string wrong_cgroup_value(std::string_view name, std::string_view value);

}  // namespace policy
}  // namespace cordon
