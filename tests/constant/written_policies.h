// Policies as people write them, by names, for the tests of constants.
#pragma once

#include <cstdint>
#include <string_view>

#include "cordon/policy/write.h"

namespace cordon::constant {

using namespace policy::write;  // NOLINT: what the policies are written in

constexpr ConstantPolicy policy_for(std::initializer_list<Arch> arches) {
  ConstantPolicy policy;
  policy.arches = arches;
  policy.default_action = errno_("EPERM");
  return policy;
}

// Names of arguments and constants, values that are joined, negative or left out, nests, masks, whole registers.
constexpr ConstantPolicy conditions() {
  ConstantPolicy policy = policy_for({Arch::x86_64});
  add(policy, rule(kAllow, "read"), rule(kAllow, "exit_group"),
      rule(kAllow, "socket",
           all(is("family", "AF_UNIX", "AF_INET"), masked("type", "SOCK_TYPE_MASK").is("SOCK_STREAM"))),
      rule(kAllow, "openat", masked("flags", bits("O_ACCMODE", "O_CREAT")).is("O_RDONLY")),
      rule(errno_("EACCES"), "openat"), rule(kAllow, "lseek", any(within("offset", 0, 4095), is("whence", "SEEK_CUR"))),
      rule(kAllow, "clone", masked("flags", complement_of("CLONE_VM")).is(17)),
      rule(kLog, "prctl", none(argument("option").compare(CompareOp::gt, "PR_SET_NAME"))),
      rule(kAllow, "kill", is("pid", -1)), rule(kAllow, "ioctl", is("arg1", "TCGETS", "TIOCGWINSZ", 5)),
      rule(kAllow, "mmap", all(argument("arg0").raw().is(0), argument("len").compare(CompareOp::le, 1 << 30))),
      rule(kAllow, "futex", argument("ip").compare(CompareOp::ge, 0x400000)));
  return policy;
}

// socket is also a call through socketcall on i386, where its arguments lie in memory; mmap's are hidden there.
constexpr ConstantPolicy arches() {
  ConstantPolicy policy = policy_for({Arch::i386, Arch::x86_64, Arch::x32});
  policy.bad_arch = kKillThread;
  add(policy, rule(kAllow, "read"), rule(kAllow, "exit_group"),
      rule(errno_("EAFNOSUPPORT"), "socket", is("family", "AF_ALG")), rule(kAllow, "socket"),
      rule(kAllow, "mmap", masked("prot", "PROT_EXEC").is(0)), on(Arch::i386, rule(errno_("ENOSYS"), "mmap2")),
      on(Arch::x32, rule(kLog, "ioctl")), rule(kAllow, "ipc"));
  return policy;
}

// Numbers of errnos and constants are mips's own.
constexpr ConstantPolicy big_endian() {
  ConstantPolicy policy = policy_for({Arch::mips});
  policy.default_action = errno_("ENOTSUP");
  add(policy, rule(kAllow, "read"), rule(kAllow, "socket", is("type", "SOCK_STREAM")),
      rule(errno_("ELOOP"), "openat", masked("flags", "O_CREAT").is("O_CREAT")), rule(kAllow, "openat"));
  return policy;
}

constexpr ConstantPolicy newer_calls() {
  ConstantPolicy policy = policy_for({Arch::x86_64});
  policy.since = KernelVersion{5, 10};
  policy.unknown = errno_("ENOSYS");
  add(policy, rule(kAllow, "read"), rule(kAllow, "exit_group"), rule(kAllow, "close_range"));
  return policy;
}

// Groups, ranges that overlap, calls without names, and what a range says of arguments.
constexpr ConstantPolicy ranges() {
  ConstantPolicy policy = policy_for({Arch::x86_64});
  add(policy, group(kKillProcess, "debug"), rule(errno_("EACCES"), "mount"), numbers(kAllow, 0, 40, is("arg0", 0)),
      numbers(kLog, 30, 50), numbers(kKillThread, 600, 700), rule(kAllow, "exit_group"), every(kAllow));
  return policy;
}

// What a network service asks for.
inline constexpr std::string_view kPlainCalls[] = {"accept4",
                                                   "access",
                                                   "arch_prctl",
                                                   "bind",
                                                   "brk",
                                                   "chdir",
                                                   "clock_gettime",
                                                   "clock_nanosleep",
                                                   "close",
                                                   "connect",
                                                   "dup",
                                                   "dup2",
                                                   "dup3",
                                                   "epoll_create1",
                                                   "epoll_ctl",
                                                   "epoll_pwait",
                                                   "epoll_wait",
                                                   "eventfd2",
                                                   "execve",
                                                   "exit",
                                                   "exit_group",
                                                   "faccessat",
                                                   "fchdir",
                                                   "fchmod",
                                                   "fchown",
                                                   "fcntl",
                                                   "fdatasync",
                                                   "flock",
                                                   "fstat",
                                                   "fstatfs",
                                                   "fsync",
                                                   "ftruncate",
                                                   "futex",
                                                   "getcwd",
                                                   "getdents64",
                                                   "getegid",
                                                   "geteuid",
                                                   "getgid",
                                                   "getgroups",
                                                   "getpeername",
                                                   "getpgrp",
                                                   "getpid",
                                                   "getppid",
                                                   "getrandom",
                                                   "getrlimit",
                                                   "getsockname",
                                                   "getsockopt",
                                                   "gettid",
                                                   "gettimeofday",
                                                   "getuid",
                                                   "kill",
                                                   "listen",
                                                   "lseek",
                                                   "lstat",
                                                   "madvise",
                                                   "mkdir",
                                                   "mremap",
                                                   "munmap",
                                                   "nanosleep",
                                                   "newfstatat",
                                                   "openat",
                                                   "pipe2",
                                                   "poll",
                                                   "ppoll",
                                                   "pread64",
                                                   "prlimit64",
                                                   "pwrite64",
                                                   "read",
                                                   "readlink",
                                                   "readv",
                                                   "recvfrom",
                                                   "recvmsg",
                                                   "rename",
                                                   "restart_syscall",
                                                   "rseq",
                                                   "rt_sigaction",
                                                   "rt_sigprocmask",
                                                   "rt_sigreturn",
                                                   "sched_getaffinity",
                                                   "sched_yield",
                                                   "sendfile",
                                                   "sendmsg",
                                                   "sendto",
                                                   "set_robust_list",
                                                   "set_tid_address",
                                                   "setsockopt",
                                                   "shutdown",
                                                   "sigaltstack",
                                                   "stat",
                                                   "statx",
                                                   "sysinfo",
                                                   "tgkill",
                                                   "umask",
                                                   "uname",
                                                   "unlink",
                                                   "wait4",
                                                   "write",
                                                   "writev"};
constexpr ConstantPolicy service() {
  ConstantPolicy policy = policy_for({Arch::x86_64});
  for (std::string_view name : kPlainCalls) policy.rules.push_back(rule(kAllow, name));
  add(policy, rule(kAllow, "clone", masked("flags", bits("CLONE_NEWUSER", "CLONE_NEWNET", "CLONE_NEWNS")).is(0)),
      rule(kAllow, "ioctl", is("cmd", "FIONREAD", "FIONBIO", "TIOCGWINSZ")),
      rule(kAllow, "mmap", masked("prot", bits("PROT_WRITE", "PROT_EXEC")).is(0, "PROT_WRITE", "PROT_EXEC")),
      rule(kAllow, "mprotect", masked("prot", "PROT_EXEC").is(0)),
      rule(kAllow, "prctl", is("option", "PR_SET_NAME", "PR_SET_NO_NEW_PRIVS")),
      rule(kAllow, "socket", is("family", "AF_UNIX", "AF_INET", "AF_INET6")));
  return policy;
}

}  // namespace cordon::constant
