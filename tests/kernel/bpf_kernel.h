// Asks the running kernel about classic BPF: what it admits, and what a program returns.
//
//   if (std::string reason = missing_seccomp(); !reason.empty()) GTEST_SKIP() << reason;
//   std::vector<int> errors = ask_kernel(programs);   // 0 admitted, else the errno
//
// Every program given to ask_kernel must let all calls through when it runs: it is really installed.
#pragma once

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "cordon/bpf/insn.h"

namespace cordon::testing_kernel {

// Zeroed memory that a child's writes reach the parent by.
template <class T>
class Shared {
 public:
  explicit Shared(size_t count)
      : bytes_(count * sizeof(T)),
        data_(static_cast<T*>(mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {}
  Shared(const Shared&) = delete;
  ~Shared() { munmap(data_, bytes_); }
  T& operator[](size_t index) { return data_[index]; }

 private:
  size_t bytes_;
  T* data_;
};

// 0 or the errno; in the calling thread.
inline int install(std::span<const bpf::Insn> insns) {
  sock_fprog program{static_cast<unsigned short>(insns.size()),
                     reinterpret_cast<sock_filter*>(const_cast<bpf::Insn*>(insns.data()))};
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0 ? 0 : errno;
}

// What a child does before its first filter; no core files, whatever ends it.
inline void prepare_child() {
  rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

// Ends a child whose every call may be denied: no system call is needed.
[[noreturn]] inline void end_child() { __builtin_trap(); }

inline int wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

// The errno for each program, 0 where it was admitted. A child installs one after another until the chain
// is full (ENOMEM); the next child goes on.
inline std::vector<int> ask_kernel(const std::vector<std::vector<bpf::Insn>>& programs) {
  constexpr size_t kPerChild = 4000;
  Shared<int> errors(programs.size());
  Shared<size_t> next(1);
  while (next[0] < programs.size()) {
    size_t first = next[0];
    pid_t child = fork();
    if (child < 0) return {};
    if (child == 0) {
      prepare_child();
      for (size_t done = 0; next[0] < programs.size() && done < kPerChild; ++done) {
        int error = install(programs[next[0]]);
        if (error == ENOMEM) break;
        errors[next[0]++] = error;
      }
      end_child();
    }
    wait_for(child);
    if (next[0] == first) return {};  // a program that does not fit alone, or a child that died: no answer
  }
  std::vector<int> answers(programs.size());
  for (size_t i = 0; i < programs.size(); ++i) answers[i] = errors[i];
  return answers;
}

// Why this kernel cannot be asked; empty if it can.
inline std::string missing_seccomp() {
  const std::vector<bpf::Insn> allow{{bpf::kRetK, 0, 0, SECCOMP_RET_ALLOW}};
  std::vector<int> answer = ask_kernel({allow});
  if (answer.empty()) return "no child could be started to install a filter in";
  return answer[0] == 0 ? "" : std::string("seccomp(2) refuses an allow-all filter: ") + std::strerror(answer[0]);
}

}  // namespace cordon::testing_kernel
