// What /proc/TID/status says of a thread, as far as filters and tracing go.
//
//   std::optional<ThreadStatus> status = observe::thread_status(tid);
//   status->seccomp == SeccompMode::filters, status->filter_count == 2
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cordon::observe {

enum class SeccompMode : uint8_t { none, strict, filters, unknown };  // unknown: the kernel does not say

struct ThreadStatus {
  std::string name;
  char state = '?';
  pid_t process = 0, parent = 0;
  pid_t tracer = 0;  // 0: nobody, or somebody who cannot be seen from here
  SeccompMode seccomp = SeccompMode::unknown;
  std::optional<uint32_t> filter_count;  // told since 5.9
  uint64_t effective_capabilities = 0;
  bool is_kernel_thread = false;

  bool has_ended() const { return state == 'Z' || state == 'X'; }
};

// No value: there is no such thread, or it cannot be seen from here.
std::optional<ThreadStatus> thread_status(pid_t tid);
ThreadStatus parse_thread_status(std::string_view text);

}  // namespace cordon::observe
