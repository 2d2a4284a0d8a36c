/* Ways to reach another process, and what came of each.
 *
 *   escape_processes PID [WAY…]            for each WAY, or all, prints "WAY done" or "WAY errno N"
 *   escape_processes PID after ATTACK PATH  attacks, then says whether PATH was made or opened in 300
 *                                          attempts, and how many descriptors those have left
 *
 * Static, so that a policy need not think of a loader.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static long in_proc(pid_t pid, const char* name, int flags) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
  const int fd = open(path, flags);
  if (fd < 0) return -1;
  close(fd);
  return 0;
}

static long trace(pid_t pid) {
  if (ptrace(PTRACE_SEIZE, pid, 0, 0) != 0) return -1;
  ptrace(PTRACE_INTERRUPT, pid, 0, 0);
  waitpid(pid, NULL, __WALL);
  return ptrace(PTRACE_DETACH, pid, 0, 0);
}

/* Nothing is at the address: whoever may write gets EFAULT, who may not EPERM or ESRCH. */
static long copy(pid_t pid, long nr) {
  char byte = 0;
  struct iovec here = {&byte, 1}, there = {(void*)8, 1};
  const long count = syscall(nr, pid, &here, 1, &there, 1, 0);
  return count < 0 && errno == EFAULT ? 0 : count;
}
static long write_memory(pid_t pid) { return copy(pid, SYS_process_vm_writev); }
static long read_memory(pid_t pid) { return copy(pid, SYS_process_vm_readv); }

static long open_memory(pid_t pid) { return in_proc(pid, "mem", O_RDWR); }
static long open_environment(pid_t pid) { return in_proc(pid, "environ", O_RDONLY); }
static long open_its_zero(pid_t pid) { return in_proc(pid, "fd/0", O_RDONLY | O_NONBLOCK); }
static long open_its_root(pid_t pid) { return in_proc(pid, "root/etc", O_RDONLY | O_DIRECTORY); }
static long choose_for_oom(pid_t pid) { return in_proc(pid, "oom_score_adj", O_WRONLY); }

static long take_descriptor(pid_t pid) {
  const int of = (int)syscall(SYS_pidfd_open, pid, 0);
  if (of < 0) return -1;
  const long fd = syscall(438 /* pidfd_getfd */, of, 0, 0);
  const int error = errno;
  close(of);
  if (fd >= 0) close((int)fd);
  errno = error;
  return fd;
}

/* Number 0 is judged as any other, and harms nobody where it gets through. */
static long signal_by_kill(pid_t pid) { return kill(pid, 0); }
static long signal_by_tgkill(pid_t pid) { return syscall(SYS_tgkill, pid, pid, 0); }
static long signal_by_queue(pid_t pid) {
  siginfo_t info;
  memset(&info, 0, sizeof info);
  info.si_code = SI_QUEUE;
  return syscall(SYS_rt_sigqueueinfo, pid, 0, &info);
}
static long signal_by_pidfd(pid_t pid) {
  const int of = (int)syscall(SYS_pidfd_open, pid, 0);
  return of < 0 ? -1 : syscall(SYS_pidfd_send_signal, of, 0, NULL, 0);
}

static long lower_limit(pid_t pid) {
  struct rlimit limit;
  if (syscall(SYS_prlimit64, pid, RLIMIT_CORE, NULL, &limit) != 0) return -1;
  return syscall(SYS_prlimit64, pid, RLIMIT_CORE, &limit, NULL);
}

static long choose_cpus(pid_t pid) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(0, &cpus);
  CPU_SET(1, &cpus);
  return sched_setaffinity(pid, sizeof cpus, &cpus);
}

// The least: whoever is nice already may ask for no more than it has.
static long lower_priority(pid_t pid) { return setpriority(PRIO_PROCESS, (id_t)pid, 19); }

static const struct {
  const char* name;
  long (*act)(pid_t);
} kWays[] = {{"trace", trace},
             {"write-memory", write_memory},
             {"read-memory", read_memory},
             {"open-memory", open_memory},
             {"environment", open_environment},
             {"its-zero", open_its_zero},
             {"its-root", open_its_root},
             {"oom", choose_for_oom},
             {"take-descriptor", take_descriptor},
             {"kill", signal_by_kill},
             {"tgkill", signal_by_tgkill},
             {"queue", signal_by_queue},
             {"pidfd", signal_by_pidfd},
             {"limit", lower_limit},
             {"cpus", choose_cpus},
             {"priority", lower_priority}};

/* ---- attacks on whoever answers for the policy ---- */

static int end_it(pid_t pid) {
  if (kill(pid, SIGKILL) != 0) return -1;
  /* A zombie holds nothing any more: its threads and descriptors are gone before it is one. */
  for (int i = 0; i < 1000; ++i) {
    char path[64], state = 'Z';
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE* file = fopen(path, "r");
    if (file != NULL && fscanf(file, "%*d (%*[^)]) %c", &state) != 1) state = 'Z';
    if (file != NULL) fclose(file);
    if (state == 'Z') return 0;
    usleep(1000);
  }
  return -1;
}

static int starve(pid_t pid) {
  const struct rlimit none = {0, 0};
  static const int kLimits[] = {RLIMIT_NOFILE, RLIMIT_AS, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_NPROC, RLIMIT_FSIZE};
  for (size_t i = 0; i < sizeof kLimits / sizeof *kLimits; ++i)
    if (syscall(SYS_prlimit64, pid, kLimits[i], &none, NULL) != 0) return -1;
  return 0;
}

/* Now SIGSTOP, now SIGCONT, from another process for as long as this one lives. */
static int stop_and_go(pid_t pid) {
  if (kill(pid, 0) != 0) return -1;
  const pid_t self = getpid();
  if (fork() != 0) return 0;
  while (kill(self, 0) == 0 && kill(pid, SIGSTOP) == 0) {
    usleep(300);
    kill(pid, SIGCONT);
    usleep(300);
  }
  kill(pid, SIGCONT);
  _exit(0);
}

static void say(const char* what, long result) {
  if (result >= 0) printf("%s done\n", what);
  else printf("%s errno %d\n", what, errno);
  fflush(stdout);
}

/* Signals of its own, whose handler does not restart calls. */
static void on_alarm(int signal) { (void)signal; }

static int storm(void) {
  const struct sigaction action = {.sa_handler = on_alarm};
  const struct itimerval often = {{0, 100}, {0, 100}};
  return sigaction(SIGALRM, &action, NULL) == 0 ? setitimer(ITIMER_REAL, &often, NULL) : -1;
}

static int open_descriptors(void) {
  int count = 0;
  for (int fd = 0; fd < 1000; ++fd) count += fcntl(fd, F_GETFD) != -1;
  return count;
}

static int attack(pid_t pid, const char* way, const char* path) {
  const int before = open_descriptors();
  errno = 0;
  if (strcmp(way, "end") == 0) say("end", end_it(pid));
  if (strcmp(way, "starve") == 0) say("starve", starve(pid));
  if (strcmp(way, "stop-and-go") == 0) say("stop-and-go", stop_and_go(pid));
  if (strcmp(way, "storm") == 0) say("storm", storm());
  long made = -1, opened = -1;
  for (int i = 0; i < 300; ++i) {
    const long allowed = syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY, 0);
    if (allowed >= 0) close((int)allowed);
    if (made < 0) made = syscall(SYS_mkdir, path, 0700);
    if (opened < 0) opened = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT, 0600);
  }
  say("mkdir", made);
  say("open", opened);
  printf("left %d\n", open_descriptors() - before);
  return 0;
}

/* Only in a pid namespace of cordon's is this anybody to reach for. */
static int is_cordons(pid_t pid) {
  char path[64], name[16] = "";
  snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
  FILE* file = fopen(path, "r");
  const int is = file != NULL && fscanf(file, "%15s", name) == 1 && strcmp(name, "cordon") == 0;
  if (file != NULL) fclose(file);
  return is;
}

int main(int argc, char** argv) {
  if (argc < 2) return 99;
  const pid_t pid = (pid_t)atoi(argv[1]);
  if (pid < 1 || (pid == 1 && !is_cordons(pid))) return 99;
  if (argc == 5 && strcmp(argv[2], "after") == 0) return attack(pid, argv[3], argv[4]);
  for (size_t i = 0; i < sizeof kWays / sizeof *kWays; ++i) {
    int asked = argc == 2;
    for (int j = 2; j < argc; ++j) asked |= strcmp(argv[j], kWays[i].name) == 0;
    if (!asked) continue;
    errno = 0;
    say(kWays[i].name, kWays[i].act(pid));
  }
  return 0;
}
