// Runs the victim program (tests/victims) under filters and gathers everything that can be seen of it.
#pragma once

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "cordon/sandbox/supervise.h"

namespace cordon::testing {

inline constexpr uint32_t kAllow = 0x7fff0000, kLog = 0x7ffc0000, kTrace = 0x7ff00000, kNotify = 0x7fc00000,
                          kErrno = 0x00050000, kTrap = 0x00030000, kKillThread = 0, kKillProcess = 0x80000000;
inline constexpr uint32_t kDenied = SYS_getppid;  // nothing but the victim's own call makes it
inline constexpr uint32_t kDenied32 = 64;         // its number on i386

// `ret` for the calls numbered `nr` (whatever the ABI), allow for the rest.
inline bpf::Program filter_for(uint32_t nr, uint32_t ret) {
  auto program = bpf::Program::create({{bpf::kLdAbs, 0, 0, bpf::kOffsetNr},
                                       {bpf::kJeqK, 0, 1, nr},
                                       {bpf::kRetK, 0, 0, ret},
                                       {bpf::kRetK, 0, 0, kAllow}});
  return std::move(program).value();
}

inline std::string denied() { return std::to_string(kDenied); }

inline std::string file_text(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

template <class Condition>
bool eventually(Condition condition) {
  for (int i = 0; i < 500; ++i) {
    if (condition()) return true;
    usleep(10000);
  }
  return false;
}

inline std::string victim() { return CORDON_VICTIM_DIR "/sandbox_victim"; }
inline std::string static_victim() { return CORDON_VICTIM_DIR "/sandbox_victim_static"; }
inline std::string victim_32() { return CORDON_VICTIM_DIR "/sandbox_victim_32"; }

inline std::string early_victim() { return CORDON_VICTIM_DIR "/sandbox_early"; }

inline std::string other_loader_victim() { return CORDON_VICTIM_DIR "/sandbox_other_loader"; }
inline std::string never_reached_victim() { return CORDON_VICTIM_DIR "/sandbox_never_reached"; }

struct Seen {
  std::string output;
  std::string failure;  // code of the first error
  std::string hint;
  std::vector<std::string> notes;  // codes
  Outcome outcome;
  std::vector<KernelVerdict> verdicts;
  std::vector<Notification> notifications;

  int status() const { return failure.empty() ? outcome.exit_status() : -1; }
};

// Standard output of this process and what it starts, while it lives.
class CapturedOutput {
 public:
  CapturedOutput() : file_(memfd_create("output", MFD_CLOEXEC)), saved_(dup(STDOUT_FILENO)) {
    fflush(stdout);
    dup2(file_, STDOUT_FILENO);
  }
  ~CapturedOutput() { restore(); }
  std::string take() {
    restore();
    std::string text(static_cast<size_t>(lseek(file_, 0, SEEK_END)), '\0');
    ssize_t count = pread(file_, text.data(), text.size(), 0);
    text.resize(count > 0 ? static_cast<size_t>(count) : 0);
    close(file_);
    return text;
  }

 private:
  void restore() {
    if (saved_ < 0) return;
    dup2(saved_, STDOUT_FILENO);
    close(saved_);
    saved_ = -1;
  }
  int file_;
  int saved_;
};

// In a child of the test, for what cannot be undone: its exit status is the verdict.
template <class Work>
int in_child(Work work) {
  pid_t pid = fork();
  if (pid == 0) _exit(work());
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// No capability is left, and the process is open to others of its user again (setuid closes it).
inline bool become_nobody() {
  constexpr uid_t kNobody = 65534;
  return (geteuid() != 0 || setresuid(kNobody, kNobody, kNobody) == 0) && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0;
}

// From here on the calling process is under the filter.
inline bool install_here(const bpf::Program& program) {
  auto insns = program.insns();
  sock_fprog raw{static_cast<unsigned short>(insns.size()),
                 reinterpret_cast<sock_filter*>(const_cast<bpf::Insn*>(insns.data()))};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &raw) == 0;
}

inline void note_failure(Seen& seen, const Diagnostics& diagnostics) {
  seen.failure = diagnostics.begin()->code;
  seen.hint = diagnostics.begin()->hint;
}

inline Seen run(const LaunchSpec& spec, const std::function<Response(const Notification&)>& answer) {
  Seen seen;
  CapturedOutput output;
  auto launched = sandbox::launch(spec);
  if (!launched) {
    note_failure(seen, launched.error());
    seen.output = output.take();
    return seen;
  }
  for (const Diagnostic& note : launched.warnings()) seen.notes.push_back(note.code);
  Supervision supervision;
  supervision.calls.answer = [&](const Notification& notification) {
    seen.notifications.push_back(notification);
    return answer(notification);
  };
  supervision.on_kernel_verdict = [&](const KernelVerdict& verdict) { seen.verdicts.push_back(verdict); };
  auto outcome = sandbox::supervise(std::move(*launched), supervision);
  seen.output = output.take();
  prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);  // nothing of the command is left here
  if (!outcome)
    note_failure(seen, outcome.error());
  else
    seen.outcome = *outcome;
  return seen;
}

inline Seen run(const LaunchSpec& spec) {
  return run(spec, [](const Notification&) { return Response::returns(4242); });
}

// One filter: `ret` for the call numbered `nr`.
inline LaunchSpec spec_for(std::vector<std::string> argv, uint32_t nr, uint32_t ret) {
  LaunchSpec spec;
  spec.argv = std::move(argv);
  spec.filters.push_back({filter_for(nr, ret), 0});
  spec.listener = ret == kNotify;
  return spec;
}

inline std::vector<std::string> denied_call() { return {victim(), "call", std::to_string(kDenied), "17", "18"}; }

}  // namespace cordon::testing
