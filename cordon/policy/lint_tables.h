// Which calls do the work of which others. Data for lint.
#pragma once

#include <array>
#include <string_view>

namespace cordon::policy {

// Each call of a family can do what the others do, so restricting one alone restricts nothing.
using CallFamily = std::array<std::string_view, 6>;

inline constexpr auto kFamilies = std::to_array<CallFamily>({
    {"open", "openat", "openat2", "creat"},
    {"mkdir", "mkdirat"},
    {"unlink", "unlinkat"},
    {"rename", "renameat", "renameat2"},
    {"link", "linkat"},
    {"symlink", "symlinkat"},
    {"mknod", "mknodat"},
    {"chmod", "fchmod", "fchmodat", "fchmodat2"},
    {"chown", "lchown", "fchown", "fchownat"},
    {"utime", "utimes", "futimesat", "utimensat"},
    {"setxattr", "lsetxattr", "fsetxattr", "setxattrat"},
    {"removexattr", "lremovexattr", "fremovexattr", "removexattrat"},
    {"execve", "execveat"},
    {"access", "faccessat", "faccessat2"},
    {"readlink", "readlinkat"},
    {"mprotect", "pkey_mprotect"},
    {"kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal"},
    {"umount", "umount2"},
    {"init_module", "finit_module"},
    {"kexec_load", "kexec_file_load"},
    {"settimeofday", "clock_settime"},
    {"adjtimex", "clock_adjtime"},
    {"accept", "accept4"},
    {"sendto", "send"},
    {"recvfrom", "recv"},
});

// One way only: the second can do what the first does.
struct WayRound {
  std::string_view restricted;
  std::string_view open;
};

inline constexpr auto kWaysRound = std::to_array<WayRound>({
    {"rmdir", "unlinkat"},
    {"clone", "clone3"},
    {"fork", "clone"},
    {"fork", "clone3"},
    {"vfork", "clone"},
    {"vfork", "clone3"},
    {"mount", "move_mount"},
    // A tracer reads and writes the memory of its tracee, and takes its descriptors.
    {"ptrace", "process_vm_readv"},
    {"ptrace", "process_vm_writev"},
    {"process_vm_readv", "ptrace"},
    {"process_vm_writev", "ptrace"},
    {"pidfd_getfd", "ptrace"},
    {"setrlimit", "prlimit64"},
    {"sched_setscheduler", "sched_setattr"},
    {"sched_setparam", "sched_setattr"},
});

// What these do depends on memory that a filter cannot see. To refuse them while the older call is allowed
// is sound: its arguments can be tested.
inline constexpr auto kRefusedForGoodReason = std::to_array<std::string_view>({"openat2", "clone3"});

// 32-bit ABIs have two calls for one purpose; which a program uses depends on its libc.
struct Twin {
  std::string_view old_call;
  std::string_view new_call;
};

inline constexpr auto kTwins = std::to_array<Twin>({
    {"mmap", "mmap2"},
    {"fcntl", "fcntl64"},
    {"lseek", "_llseek"},
    {"stat", "stat64"},
    {"lstat", "lstat64"},
    {"fstat", "fstat64"},
    {"newfstatat", "fstatat64"},
    {"statfs", "statfs64"},
    {"fstatfs", "fstatfs64"},
    {"truncate", "truncate64"},
    {"ftruncate", "ftruncate64"},
    {"sendfile", "sendfile64"},
    {"getrlimit", "ugetrlimit"},
    {"select", "_newselect"},
    {"getuid", "getuid32"},
    {"getgid", "getgid32"},
    {"geteuid", "geteuid32"},
    {"getegid", "getegid32"},
    {"setuid", "setuid32"},
    {"setgid", "setgid32"},
    {"setreuid", "setreuid32"},
    {"setregid", "setregid32"},
    {"setresuid", "setresuid32"},
    {"setresgid", "setresgid32"},
    {"getresuid", "getresuid32"},
    {"getresgid", "getresgid32"},
    {"setfsuid", "setfsuid32"},
    {"setfsgid", "setfsgid32"},
    {"getgroups", "getgroups32"},
    {"setgroups", "setgroups32"},
    {"chown", "chown32"},
    {"lchown", "lchown32"},
    {"fchown", "fchown32"},
    {"clock_gettime", "clock_gettime64"},
    {"clock_settime", "clock_settime64"},
    {"clock_adjtime", "clock_adjtime64"},
    {"clock_getres", "clock_getres_time64"},
    {"clock_nanosleep", "clock_nanosleep_time64"},
    {"timer_gettime", "timer_gettime64"},
    {"timer_settime", "timer_settime64"},
    {"timerfd_gettime", "timerfd_gettime64"},
    {"timerfd_settime", "timerfd_settime64"},
    {"utimensat", "utimensat_time64"},
    {"pselect6", "pselect6_time64"},
    {"ppoll", "ppoll_time64"},
    {"recvmmsg", "recvmmsg_time64"},
    {"mq_timedsend", "mq_timedsend_time64"},
    {"mq_timedreceive", "mq_timedreceive_time64"},
    {"semtimedop", "semtimedop_time64"},
    {"rt_sigtimedwait", "rt_sigtimedwait_time64"},
    {"futex", "futex_time64"},
    {"sched_rr_get_interval", "sched_rr_get_interval_time64"},
    {"io_pgetevents", "io_pgetevents_time64"},
});

// Their callers do not look for an error, as the kernel never gives one.
inline constexpr auto kCannotFail = std::to_array<std::string_view>({
    "getpid",   "gettid",    "getppid",  "getuid",     "geteuid",    "getgid", "getegid",
    "getuid32", "geteuid32", "getgid32", "getegid32",  "getpgrp",    "umask",  "sched_yield",
    "alarm",    "setfsuid",  "setfsgid", "setfsuid32", "setfsgid32",
});

// C libraries (and for openat2 container runtimes) try the first and, where it answers ENOSYS, take the second; any
// other errno is the program's to handle, which does not expect it. close_range and rseq are none of these: whoever
// calls them bears every errno.
struct FallBack {
  std::string_view call;
  std::string_view instead;
};

inline constexpr auto kFallBacks = std::to_array<FallBack>({
    {"clone3", "clone"},
    {"openat2", "openat"},
    {"faccessat2", "faccessat"},
    {"fchmodat2", "fchmodat"},
    {"statx", "newfstatat"},
    {"statx", "fstatat64"},
    {"statx", "stat"},
    {"getrandom", "openat"},  // of /dev/urandom
    {"preadv2", "preadv"},
    {"pwritev2", "pwritev"},
    {"mlock2", "mlock"},
});

// What a call cannot do anything without (the checks stand at the head of the kernel's functions). `is_namespaced`:
// the capability may be one over the process's own namespaces.
struct CapabilityNeed {
  std::string_view call;
  std::string_view capability;
  bool is_namespaced = false;
};

inline constexpr auto kCapabilityNeeds = std::to_array<CapabilityNeed>({
    {"acct", "sys_pacct"},
    {"init_module", "sys_module"},
    {"finit_module", "sys_module"},
    {"delete_module", "sys_module"},
    {"kexec_load", "sys_boot"},
    {"kexec_file_load", "sys_boot"},
    {"settimeofday", "sys_time"},
    {"stime", "sys_time"},
    {"swapon", "sys_admin"},
    {"swapoff", "sys_admin"},
    {"lookup_dcookie", "sys_admin"},
    {"vhangup", "sys_tty_config"},
    {"reboot", "sys_boot", true},
    {"chroot", "sys_chroot", true},
    {"fsmount", "sys_admin", true},
    {"fsopen", "sys_admin", true},
    {"fspick", "sys_admin", true},
    {"mount", "sys_admin", true},
    {"mount_setattr", "sys_admin", true},
    {"move_mount", "sys_admin", true},
    {"pivot_root", "sys_admin", true},
    {"setdomainname", "sys_admin", true},
    {"setgroups", "setgid", true},
    {"setgroups32", "setgid", true},
    {"sethostname", "sys_admin", true},
    {"umount", "sys_admin", true},
    {"umount2", "sys_admin", true},
});

// After SIGSTOP and SIGCONT these come back as restart_syscall.
inline constexpr auto kRestarted = std::to_array<std::string_view>({
    "nanosleep",
    "clock_nanosleep",
    "clock_nanosleep_time64",
    "poll",
    "futex",
    "futex_time64",
});

// Reached through an io_uring without being called.
inline constexpr auto kDoneByRing = std::to_array<std::string_view>({
    "openat",
    "openat2",
    "connect",
    "socket",
    "accept4",
    "unlinkat",
    "renameat2",
    "mkdirat",
    "sendmsg",
});

}  // namespace cordon::policy
