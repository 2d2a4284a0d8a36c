// The seccomp filters a running process is under, as the kernel holds them.
//
//   Result<ProcessFilters> found = observe::read_process_filters(1234);
//   found->filters[0].program        // the oldest; the kernel asks all of them
//
// A filter belongs to a thread. The number names the thread that is read: that of a process is its first one. Where
// threads have another number of filters, a warning says so.
//
// The thread is stopped by ptrace(2) for the calls that reading takes and goes on as it was: stopped by a signal,
// waiting, or on its way to a signal's handler. On x86 a wait that such a stop would end early (epoll_wait and a few
// more answer EINTR), or whose continuation the filters themselves refuse (restart_syscall), begins anew, with a
// warning for the second. A call that waits for a supervisor of user notifications is asked about once more; a vfork's
// parent cannot be read until the child has executed something.
//
// Needs CAP_SYS_ADMIN in the initial user namespace, no filter on the caller, the right to trace the thread, and a
// kernel with CONFIG_CHECKPOINT_RESTORE (4.4). A thread that does not stop within two seconds stays attached until
// the calling thread ends.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cordon/base/result.h"
#include "cordon/bpf/program.h"

namespace cordon {

struct AttachedFilter {
  uint32_t index = 0;  // 0: the oldest
  bpf::Program program;
  std::optional<bool> is_logged;  // SECCOMP_FILTER_FLAG_LOG, the one flag the kernel tells (4.16)
};

struct ProcessFilters {
  pid_t process = 0;
  pid_t thread = 0;
  size_t thread_count = 1;
  std::string name;                     // the thread's
  std::vector<AttachedFilter> filters;  // the oldest first, at least one
};

namespace observe {

// Errors: "no-process", "no-filters" (none at all, or strict mode), "not-a-process" (cordon itself, a kernel thread,
// what has ended), and "process-refused" where the system or the kernel does not let it be read.
Result<ProcessFilters> read_process_filters(pid_t tid);

}  // namespace observe
}  // namespace cordon
