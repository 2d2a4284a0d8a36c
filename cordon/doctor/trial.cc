#include "cordon/doctor/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cordon/base/fd.h"

namespace cordon::doctor {
namespace {

constexpr unsigned kPatienceSeconds = 5;

Trial reap(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return {};
  }
  if (!WIFEXITED(status)) return {Presence::no, 0};
  int error = WEXITSTATUS(status);
  if (error == kCannotTry) return {};
  return {error == 0 ? Presence::yes : Presence::no, error};
}

// A listener under a filter that allows everything; -errno if there is none.
int open_listener() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -errno;
  sock_filter allow{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
  sock_fprog program{1, &allow};
  long fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
  return fd < 0 ? -errno : static_cast<int>(fd);
}

}  // namespace

Trial try_in_child(int (*attempt)()) {
  pid_t child = fork();
  if (child < 0) return {};
  if (child == 0) {
    // A refusal by signal is an answer, not a crash to keep.
    rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    alarm(kPatienceSeconds);
    _exit(attempt());
  }
  return reap(child);
}

Trial try_listener() {
  return try_in_child([] {
    int fd = open_listener();
    return fd < 0 ? -fd : 0;
  });
}

Trial try_sync_wake_up() {
  return try_in_child([] {
    constexpr unsigned long kSetFlags = _IOW('!', 4, uint64_t);  // 6.6; not in older headers
    int fd = open_listener();
    if (fd < 0) return kCannotTry;
    return ioctl(fd, kSetFlags, 1ul) == 0 ? 0 : errno;
  });
}

// The child sleeps in a read until this process lets go of the pipe.
Trial try_ptrace() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return {};
  Fd reader(ends[0]), writer(ends[1]);
  pid_t child = fork();
  if (child < 0) return {};
  if (child == 0) {
    writer.reset();
    alarm(kPatienceSeconds);
    char byte;
    _exit(read(reader.get(), &byte, 1) == 0 ? 0 : 1);
  }
  Trial trial{Presence::yes, 0};
  if (ptrace(PTRACE_SEIZE, child, nullptr, nullptr) != 0) trial = {Presence::no, errno};
  writer.reset();
  reap(child);
  return trial;
}

Trial try_user_namespace() {
  return try_in_child([] { return unshare(CLONE_NEWUSER) == 0 ? 0 : errno; });
}

Trial try_bpf() {
  return try_in_child([] {
    const bpf_insn program[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},  // r0 = 0
        {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},           // exit
    };
    bpf_attr attributes{};
    attributes.prog_type = BPF_PROG_TYPE_TRACEPOINT;
    attributes.insns = reinterpret_cast<uint64_t>(program);
    attributes.insn_cnt = 2;
    attributes.license = reinterpret_cast<uint64_t>("GPL");
    return syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes) >= 0 ? 0 : errno;
  });
}

Trial try_audit_log() {
  return try_in_child([] {
    constexpr unsigned kReadLogGroup = 1;  // AUDIT_NLGRP_READLOG, as a bit
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
    if (fd < 0) return errno;
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = kReadLogGroup;
    return bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
  });
}

#if defined(__x86_64__)

Trial try_x32() {
  return try_in_child([] {
    constexpr long kX32Getppid = 0x40000000 | 110;
    return syscall(kX32Getppid) >= 0 ? 0 : errno;
  });
}

Trial try_i386() {
  return try_in_child([] {
    long result;
    asm volatile("int $0x80" : "=a"(result) : "a"(64) : "memory");  // getppid
    int narrow = static_cast<int>(result);
    return narrow >= 0 ? 0 : -narrow;
  });
}

#else

Trial try_x32() { return {Presence::no, 0}; }
Trial try_i386() { return {Presence::no, 0}; }

#endif

}  // namespace cordon::doctor
