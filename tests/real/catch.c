// catch DIR COMMAND...: every filter that COMMAND and what it starts install: DIR/1-NAME-TID.bpf, DIR/2-NAME-TID.bpf
// ...
//
// Each is read from the memory of the thread that installs it, once the kernel has taken it: struct sock_filter[] as
// cordon reads it. NAME is the thread's name, TID its number: a thread's filters are a stack, on top of those of the
// thread that started it. Programs that trace others (strace, gdb) cannot be caught so.
//
// Ends with the command's status; 125 where catching itself failed.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kFailed = 125, kMaxThreads = 4096 };

static const char* folder;
static unsigned count;
// The program that a thread asks for, until the kernel has answered.
static struct {
  pid_t tid;
  unsigned short length;
  struct sock_filter insns[BPF_MAXINSNS];
} pending[64];

static void fail(const char* what) {
  fprintf(stderr, "catch: %s: %s\n", what, strerror(errno));
  exit(kFailed);
}

static int slot_of(pid_t tid) {
  for (int i = 0; i < 64; ++i)
    if (pending[i].tid == tid) return i;
  return -1;
}

static int read_memory(pid_t tid, uint64_t from, void* to, size_t size) {
  const struct iovec local = {to, size}, remote = {(void*)(uintptr_t)from, size};
  return process_vm_readv(tid, &local, 1, &remote, 1, 0) == (ssize_t)size;
}

static void on_entry(pid_t tid, const struct __ptrace_syscall_info* info) {
  uint64_t address = 0;
  if (info->entry.nr == SYS_seccomp && info->entry.args[0] == SECCOMP_SET_MODE_FILTER) address = info->entry.args[2];
  if (info->entry.nr == SYS_prctl && info->entry.args[0] == PR_SET_SECCOMP &&
      info->entry.args[1] == SECCOMP_MODE_FILTER)
    address = info->entry.args[2];
  struct sock_fprog program;
  if (address == 0 || !read_memory(tid, address, &program, sizeof program)) return;
  const int slot = slot_of(0);
  if (slot < 0 || program.len > BPF_MAXINSNS ||
      !read_memory(tid, (uintptr_t)program.filter, pending[slot].insns, program.len * sizeof(struct sock_filter)))
    return;
  pending[slot].tid = tid;
  pending[slot].length = program.len;
}

static void name_of(pid_t tid, char* name, size_t size) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/comm", tid);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  const ssize_t length = fd < 0 ? 0 : read(fd, name, size - 1);
  if (fd >= 0) close(fd);
  name[length > 0 ? length - 1 : 0] = 0;
  for (char* c = name; *c; ++c)
    if (strchr("/ ()", *c)) *c = '_';
}

static void on_exit_of_call(pid_t tid, const struct __ptrace_syscall_info* info) {
  const int slot = slot_of(tid);
  if (slot < 0) return;
  pending[slot].tid = 0;
  if (info->exit.is_error) return;
  char name[32], path[4096];
  name_of(tid, name, sizeof name);
  snprintf(path, sizeof path, "%s/%u-%s-%d.bpf", folder, ++count, name, tid);
  const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  const size_t size = pending[slot].length * sizeof(struct sock_filter);
  if (fd < 0 || write(fd, pending[slot].insns, size) != (ssize_t)size) fail(path);
  close(fd);
}

// Returns the signal that the thread is to get.
static int on_stop(pid_t tid, int status) {
  const int signal = WSTOPSIG(status), event = status >> 16;
  if (signal == (SIGTRAP | 0x80)) {
    struct __ptrace_syscall_info info;
    if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, (void*)sizeof info, &info) <= 0) return 0;
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) on_entry(tid, &info);
    if (info.op == PTRACE_SYSCALL_INFO_EXIT) on_exit_of_call(tid, &info);
    return 0;
  }
  return event != 0 ? 0 : signal;
}

int main(int argc, char** argv) {
  if (argc < 3) return fprintf(stderr, "usage: catch DIR COMMAND...\n"), kFailed;
  folder = argv[1];
  const pid_t child = fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    raise(SIGSTOP);
    execvp(argv[2], argv + 2);
    fail(argv[2]);
  }
  int status, result = kFailed;
  const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                       PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
  if (waitpid(child, &status, WUNTRACED) != child || ptrace(PTRACE_SEIZE, child, NULL, (void*)options) != 0)
    fail("ptrace");
  kill(child, SIGCONT);
  for (pid_t tid; (tid = waitpid(-1, &status, __WALL)) > 0;) {
    if (tid == child && !WIFSTOPPED(status)) result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (!WIFSTOPPED(status)) continue;
    if (status >> 16 == PTRACE_EVENT_STOP && WSTOPSIG(status) != SIGTRAP)
      ptrace(PTRACE_LISTEN, tid, NULL, NULL);  // job control
    else
      ptrace(PTRACE_SYSCALL, tid, NULL, (void*)(uintptr_t)on_stop(tid, status));
  }
  return result;
}
