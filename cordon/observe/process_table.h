// Whose call was it: thread -> process -> the program it runs at that moment.
//
//   ProcessTable table(builder, "/proc", child);
//   CallOwner owner = table.owner_of(notification.tid, *arch, notification.call.nr);
//
// The call must still be waiting while it is asked about, so that /proc speaks of the caller. /proc is
// read when a thread is new, after its process asked for an exec, and when it was silent for a while (its
// number may be another thread's by then); otherwise an answer is one look-up.
//
// An exec belongs to the program that asks for it. Whether it succeeded shows at the next call: the
// caller's /proc/TID/exe is read again until the thread that asked is seen again or gone.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "cordon/abi/arch.h"
#include "cordon/observe/recording_builder.h"

namespace cordon::observe {

struct CallOwner {
  pid_t pid = 0;  // 0: not known
  uint32_t program = 0;
  bool is_known = false;
};

class ProcessTable {
 public:
  // `launch` is cordon's own child: until its first exec succeeded it is the launch program. With
  // `launched` it has exec'd already.
  struct Options {
    std::string proc = "/proc";
    pid_t launch = 0;
    bool launched = false;
    uint64_t recheck_ns = 500'000'000;
  };
  ProcessTable(RecordingBuilder& builder, Options options);

  CallOwner owner_of(pid_t tid, Arch arch, uint32_t nr, uint64_t now_ns);

 private:
  struct Process {
    pid_t pid = 0;
    uint32_t program = 0;
    bool is_known = false;
    pid_t exec_by = 0;  // the thread that asked for an exec whose outcome is not known; 0: none
  };
  struct Thread {
    pid_t pid = 0;
    uint64_t start_time = 0;  // of the thread, from its stat
    uint64_t last_seen_ns = 0;
  };
  struct ThreadFacts {
    pid_t pid = 0;
    uint64_t start_time = 0;
  };

  std::optional<ThreadFacts> read_thread(pid_t tid) const;
  std::optional<std::string> read_program(pid_t tid) const;
  bool thread_exists(pid_t pid, pid_t tid) const;
  Thread* find_thread(pid_t tid, uint64_t now_ns);
  void settle_exec(Process& process, pid_t tid, bool asks_again);
  void refresh_program(Process& process, pid_t tid);
  bool is_exec(Arch arch, uint32_t nr) const;

  RecordingBuilder& builder_;
  Options options_;
  std::string launch_exe_;
  std::vector<std::pair<Arch, uint32_t>> exec_calls_;
  std::unordered_map<pid_t, Thread> threads_;
  std::unordered_map<pid_t, Process> processes_;
};

}  // namespace cordon::observe
