// One system call as a recorder saw it, whatever mechanism saw it.
//
//   builder.add(SyscallEvent{.pid = 412, .tid = 412, .program = ls, .call = notification.call});
//
// The registers are those at the entry: what pointers lead to is not part of an event, and neither is
// the result.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "cordon/policy/call.h"

namespace cordon {

struct SyscallEvent {
  pid_t pid = 0;         // the process; 0 where it cannot be seen from here
  pid_t tid = 0;         // the thread
  uint32_t program = 0;  // index into Recording::programs
  Call call;
  uint64_t offset_ns = 0;  // since the recording began
};

}  // namespace cordon
