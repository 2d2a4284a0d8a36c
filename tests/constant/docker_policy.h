// The rules of builtin:docker-default in C++: the largest policy that has to fit the compilers' default limits.
#pragma once

#include "written_policies.h"

namespace cordon::constant {

constexpr ConstantPolicy docker_default() {
  ConstantPolicy policy = policy_for({Arch::x86_64});
  policy.bad_arch = kKillThread;
  // clang-format off
  add_calls(policy, kAllow, {
      "cachestat", "close", "copy_file_range", "creat", "fadvise64", "fadvise64_64", "fallocate", "fdatasync",
      "fsync", "ftruncate", "ftruncate64", "getdents", "getdents64", "link", "linkat", "_llseek", "lseek", "mkdir",
      "mkdirat", "mknod", "mknodat", "mmap", "mmap2", "open", "openat", "openat2", "pread64", "preadv", "preadv2",
      "pwrite64", "pwritev", "pwritev2", "read", "readahead", "readlink", "readlinkat", "readv", "rename", "renameat",
      "renameat2", "rmdir", "sendfile", "sendfile64", "splice", "symlink", "symlinkat", "sync", "sync_file_range",
      "syncfs", "tee", "truncate", "truncate64", "unlink", "unlinkat", "vmsplice", "write", "writev", "access",
      "chdir", "chmod", "chown", "chown32", "faccessat", "faccessat2", "fchdir", "fchmod", "fchmodat", "fchmodat2",
      "fchown", "fchown32", "fchownat", "fgetxattr", "flistxattr", "fremovexattr", "fsetxattr", "fstat", "fstat64",
      "fstatat64", "fstatfs", "fstatfs64", "futimesat", "getcwd", "getxattr", "getxattrat", "lchown", "lchown32",
      "lgetxattr", "listmount", "listxattr", "listxattrat", "llistxattr", "lremovexattr", "lsetxattr", "lstat",
      "lstat64", "name_to_handle_at", "newfstatat", "removexattr", "removexattrat", "setxattr", "setxattrat", "stat",
      "stat64", "statfs", "statfs64", "statmount", "statx", "umask", "utime", "utimensat", "utimensat_time64",
      "utimes", "close_range", "dup", "dup2", "dup3", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_pwait",
      "epoll_pwait2", "epoll_wait", "eventfd", "eventfd2", "fanotify_mark", "fcntl", "fcntl64", "flock",
      "inotify_add_watch", "inotify_init", "inotify_init1", "inotify_rm_watch", "ioctl", "memfd_create", "_newselect",
      "pipe", "pipe2", "poll", "ppoll", "ppoll_time64", "pselect6", "pselect6_time64", "select", "signalfd",
      "signalfd4", "timerfd_create", "timerfd_gettime", "timerfd_gettime64", "timerfd_settime", "timerfd_settime64",
      "accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen", "recv",
      "recvfrom", "recvmmsg", "recvmmsg_time64", "recvmsg", "send", "sendmmsg", "sendmsg", "sendto", "setsockopt",
      "shutdown", "socketcall", "socketpair", "execve", "execveat", "exit", "exit_group", "fork", "futex",
      "futex_requeue", "futex_time64", "futex_wait", "futex_waitv", "futex_wake", "getpgid", "getpgrp", "getpid",
      "getppid", "get_robust_list", "getsid", "get_thread_area", "gettid", "kill", "madvise", "membarrier",
      "mprotect", "munmap", "pidfd_open", "pidfd_send_signal", "process_mrelease", "rseq", "sched_yield", "setpgid",
      "set_robust_list", "setsid", "set_thread_area", "set_tid_address", "tgkill", "tkill", "vfork", "wait4",
      "waitid", "waitpid", "brk", "map_shadow_stack", "memfd_secret", "mincore", "mlock", "mlock2", "mlockall",
      "mremap", "mseal", "msync", "munlock", "munlockall", "pkey_alloc", "pkey_free", "pkey_mprotect",
      "remap_file_pages", "shmat", "alarm", "clock_getres", "clock_getres_time64", "clock_gettime", "clock_gettime64",
      "clock_nanosleep", "clock_nanosleep_time64", "getitimer", "gettimeofday", "nanosleep", "pause",
      "restart_syscall", "setitimer", "sysinfo", "time", "timer_create", "timer_delete", "timer_getoverrun",
      "timer_gettime", "timer_gettime64", "timer_settime", "timer_settime64", "times", "rt_sigaction",
      "rt_sigpending", "rt_sigprocmask", "rt_sigqueueinfo", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait",
      "rt_sigtimedwait_time64", "rt_tgsigqueueinfo", "sigaltstack", "sigprocmask", "sigreturn", "capget", "capset",
      "getegid", "getegid32", "geteuid", "geteuid32", "getgid", "getgid32", "getgroups", "getgroups32", "getresgid",
      "getresgid32", "getresuid", "getresuid32", "getuid", "getuid32", "prctl", "setfsgid", "setfsgid32", "setfsuid",
      "setfsuid32", "setgid", "setgid32", "setgroups", "setgroups32", "setregid", "setregid32", "setresgid",
      "setresgid32", "setresuid", "setresuid32", "setreuid", "setreuid32", "setuid", "setuid32", "getcpu",
      "getpriority", "getrlimit", "getrusage", "ioprio_get", "ioprio_set", "prlimit64", "sched_getaffinity",
      "sched_getattr", "sched_getparam", "sched_get_priority_max", "sched_get_priority_min", "sched_getscheduler",
      "sched_rr_get_interval", "sched_rr_get_interval_time64", "sched_setaffinity", "sched_setattr", "sched_setparam",
      "sched_setscheduler", "setpriority", "setrlimit", "ugetrlimit", "io_cancel", "io_destroy", "io_getevents",
      "io_pgetevents", "io_pgetevents_time64", "io_setup", "io_submit", "ipc", "mq_getsetattr", "mq_notify",
      "mq_open", "mq_timedreceive", "mq_timedreceive_time64", "mq_timedsend", "mq_timedsend_time64", "mq_unlink",
      "msgctl", "msgget", "msgrcv", "msgsnd", "semctl", "semget", "semop", "semtimedop", "semtimedop_time64",
      "shmctl", "shmdt", "shmget", "getrandom", "landlock_add_rule", "landlock_create_ruleset",
      "landlock_restrict_self", "riscv_hwprobe", "seccomp", "uname", "adjtimex", "clock_adjtime", "clock_adjtime64",
      "epoll_ctl_old", "epoll_wait_old", "uretprobe", "arch_prctl", "modify_ldt", "arm_fadvise64_64",
      "arm_sync_file_range", "breakpoint", "cacheflush", "set_tls", "sync_file_range2", "riscv_flush_icache",
      "s390_pci_mmio_read", "s390_pci_mmio_write", "s390_runtime_instr", "swapcontext", "chroot", "process_vm_readv",
      "process_vm_writev", "ptrace"});
  // clang-format on
  add(policy,
      rule(kAllow, "socket",
           any(argument("family").raw().compare(CompareOp::lt, "AF_ALG"), argument("family").raw().is("AF_NFC"),
               argument("family").raw().compare(CompareOp::gt, "AF_VSOCK"))),
      rule(kAllow, "personality", argument("arg0").raw().is(0, 8, 0x20000, 0x20008, 0xffffffff)),
      rule(kAllow, "clone",
           masked("clone_flags", bits("CLONE_NEWNS", "CLONE_NEWCGROUP", "CLONE_NEWUTS", "CLONE_NEWIPC", "CLONE_NEWUSER",
                                      "CLONE_NEWPID", "CLONE_NEWNET"))
               .is(0)),
      rule(errno_("ENOSYS"), "clone3"));
  return policy;
}

}  // namespace cordon::constant
