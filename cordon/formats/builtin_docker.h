// The text of builtin:docker-default.
#pragma once

#include <string_view>

namespace cordon::formats {

inline constexpr std::string_view kDockerDefault =
    R"(# What Docker lets a container call when nobody asks for anything else: its default profile for its
# default capabilities, on one architecture.
policy    "docker-default"
default   errno EPERM
badarch   kill_thread

# files: open, read, write, names
allow     cachestat close copy_file_range creat fadvise64 fadvise64_64 fallocate fdatasync fsync
allow     ftruncate ftruncate64 getdents getdents64 link linkat _llseek lseek mkdir mkdirat mknod
allow     mknodat mmap mmap2 open openat openat2 pread64 preadv preadv2 pwrite64 pwritev pwritev2
allow     read readahead readlink readlinkat readv rename renameat renameat2 rmdir sendfile
allow     sendfile64 splice symlink symlinkat sync sync_file_range syncfs tee truncate truncate64
allow     unlink unlinkat vmsplice write writev

# files: attributes and working directory
allow     access chdir chmod chown chown32 faccessat faccessat2 fchdir fchmod fchmodat fchmodat2
allow     fchown fchown32 fchownat fgetxattr flistxattr fremovexattr fsetxattr fstat fstat64
allow     fstatat64 fstatfs fstatfs64 futimesat getcwd getxattr getxattrat lchown lchown32
allow     lgetxattr listmount listxattr listxattrat llistxattr lremovexattr lsetxattr lstat
allow     lstat64 name_to_handle_at newfstatat removexattr removexattrat setxattr setxattrat stat
allow     stat64 statfs statfs64 statmount statx umask utime utimensat utimensat_time64 utimes

# descriptors, waiting and watching
allow     close_range dup dup2 dup3 epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2
allow     epoll_wait eventfd eventfd2 fanotify_mark fcntl fcntl64 flock inotify_add_watch
allow     inotify_init inotify_init1 inotify_rm_watch ioctl memfd_create _newselect pipe pipe2
allow     poll ppoll ppoll_time64 pselect6 pselect6_time64 select signalfd signalfd4
allow     timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64

# sockets
allow     accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom
allow     recvmmsg recvmmsg_time64 recvmsg send sendmmsg sendmsg sendto setsockopt shutdown
allow     socketcall socketpair

# processes and threads
allow     execve execveat exit exit_group fork futex futex_requeue futex_time64 futex_wait
allow     futex_waitv futex_wake getpgid getpgrp getpid getppid get_robust_list getsid
allow     get_thread_area gettid kill madvise membarrier mprotect munmap pidfd_open
allow     pidfd_send_signal process_mrelease rseq sched_yield setpgid set_robust_list setsid
allow     set_thread_area set_tid_address tgkill tkill vfork wait4 waitid waitpid

# memory
allow     brk map_shadow_stack memfd_secret mincore mlock mlock2 mlockall mremap mseal msync
allow     munlock munlockall pkey_alloc pkey_free pkey_mprotect remap_file_pages shmat

# time
allow     alarm clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep
allow     clock_nanosleep_time64 getitimer gettimeofday nanosleep pause restart_syscall setitimer
allow     sysinfo time timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64
allow     timer_settime timer_settime64 times

# signals
allow     rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend
allow     rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sigaltstack sigprocmask
allow     sigreturn

# identity
allow     capget capset getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32
allow     getresgid getresgid32 getresuid getresuid32 getuid getuid32 prctl setfsgid setfsgid32
allow     setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setregid setregid32 setresgid
allow     setresgid32 setresuid setresuid32 setreuid setreuid32 setuid setuid32

# scheduling and limits
allow     getcpu getpriority getrlimit getrusage ioprio_get ioprio_set prlimit64 sched_getaffinity
allow     sched_getattr sched_getparam sched_get_priority_max sched_get_priority_min
allow     sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity
allow     sched_setattr sched_setparam sched_setscheduler setpriority setrlimit ugetrlimit

# IPC and kernel AIO
allow     io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit
allow     ipc mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend
allow     mq_timedsend_time64 mq_unlink msgctl msgget msgrcv msgsnd semctl semget semop semtimedop
allow     semtimedop_time64 shmctl shmdt shmget

# confining oneself, randomness, facts about the system
allow     getrandom landlock_add_rule landlock_create_ruleset landlock_restrict_self riscv_hwprobe
allow     seccomp uname

# the rest
allow     adjtimex clock_adjtime clock_adjtime64 epoll_ctl_old epoll_wait_old uretprobe

# one architecture's own
allow     arch_prctl modify_ldt
allow     arm_fadvise64_64 arm_sync_file_range breakpoint cacheflush set_tls sync_file_range2
allow     riscv_flush_icache s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr swapcontext

# CAP_SYS_CHROOT is among the default capabilities
allow     chroot

# since a kernel where they no longer slip past a tracer's filter (4.8)
allow     process_vm_readv process_vm_writev ptrace

# all families but AF_ALG and AF_VSOCK; the whole register is compared, as the container runtimes do
allow     socket(raw(family) < AF_ALG || raw(family) == AF_NFC || raw(family) > AF_VSOCK)

# the native one, UNAME26 and PER_LINUX32, and the question which one is set
allow     personality(raw(arg0) in {0, 8, 0x20000, 0x20008, 0xffffffff})

# no new namespaces; clone3 hides its flags in memory, and ENOSYS makes libc fall back to clone
allow     clone(clone_flags & (CLONE_NEWNS|CLONE_NEWCGROUP|CLONE_NEWUTS|CLONE_NEWIPC|CLONE_NEWUSER|CLONE_NEWPID|CLONE_NEWNET) == 0)
errno ENOSYS  clone3
)";

}  // namespace cordon::formats
