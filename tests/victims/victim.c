/* A program that makes given system calls and says what it got: one mode per line of main's table.
 *
 *   victim call NR [A0 [A1]]   prints the result, or "errno N"
 *
 * It calls the kernel directly, so that what is printed is what the filter answered. Built native and,
 * where the compiler can, for 32-bit programs and static too.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static long number(int argc, char** argv, int index) { return argc > index ? strtol(argv[index], NULL, 0) : 0; }

static void print_result(long result) {
  if (result == -1) printf("errno %d\n", errno);
  else printf("%ld\n", result);
  fflush(stdout);
}

static int make_call(int argc, char** argv) {
  print_result(syscall(number(argc, argv, 2), number(argc, argv, 3), number(argc, argv, 4), 0L, 0L, 0L));
  return 0;
}

static int end(int argc, char** argv) { return (int)number(argc, argv, 2); }

static int end_by_signal(int argc, char** argv) {
  int signal = (int)number(argc, argv, 2);
  raise(signal); /* tgkill: refuses a process number a filter made up, where kill(-1) would reach everybody */
  pause();
  return 98;
}

/* The thread's own call is denied; the others go on. */
static void* call_in_thread(void* argument) {
  prctl(PR_SET_NAME, "denied one");
  syscall(*(long*)argument, 11L, 22L, 33L);
  return NULL;
}

static int kill_one_thread(int argc, char** argv) {
  long nr = number(argc, argv, 2);
  pthread_t thread;
  pthread_create(&thread, NULL, call_in_thread, &nr);
  /* a thread killed by the kernel never lets a joiner go on */
  for (int i = 0; i < 200 && pthread_tryjoin_np(thread, NULL) == EBUSY; ++i) usleep(1000);
  puts("main lives");
  fflush(stdout);
  _exit(5);
}

static volatile int trapped_nr, trapped_data;

static void on_sigsys(int signal, siginfo_t* info, void* context) {
  (void)signal;
  (void)context;
  trapped_nr = info->si_syscall;
  trapped_data = info->si_errno;
}

static int trap_with_handler(int argc, char** argv) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_sigsys;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGSYS, &action, NULL);
  syscall(number(argc, argv, 2), 1L, 2L);
  printf("trap %d data %d\n", trapped_nr, trapped_data);
  return 0;
}

static siginfo_t sigsys;

static void keep_siginfo(int signal, siginfo_t* info, void* context) {
  (void)signal;
  (void)context;
  sigsys = *info;
}

/* All that a call can show of a filter's answer. */
static int show_answer(int argc, char** argv) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = keep_siginfo;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGSYS, &action, NULL);
  errno = 0;
  long result = syscall(number(argc, argv, 2), 1L, 2L);
  printf("result %ld errno %d signal %d code %d data %d call %d arch %x\n", result > 0 ? 1 : result, errno,
         sigsys.si_signo, sigsys.si_code, sigsys.si_errno, sigsys.si_syscall, sigsys.si_arch);
  return 0;
}

/* Of its own, for a filter that allows everything. */
static int open_listener(void) {
  struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  struct sock_fprog program = {1, &allow};
  long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
  print_result(result > 0 ? 1 : result);
  return 0;
}

/* A handler that does not restart calls, in a stream of signals: how many calls it broke off. */
static void on_tick(int signal) { (void)signal; }

static int count_broken_calls(int argc, char** argv) {
  struct sigaction action;
  long broken = 0;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_tick;
  sigaction(SIGALRM, &action, NULL);
  ualarm(500, 500);
  for (int i = 0; i < 20000 && broken == 0; ++i)
    if (syscall(number(argc, argv, 2)) == -1 && errno == EINTR) ++broken;
  ualarm(0, 0);
  printf("broken %ld\n", broken);
  return 0;
}

/* A child of the command that lives on after it; its result goes to a file. */
static int leave_daemon(int argc, char** argv) {
  long nr = number(argc, argv, 2);
  pid_t child = fork();
  if (child != 0) return 0;
  setsid();
  usleep(300000);
  long result = syscall(nr);
  FILE* file = fopen(argv[3], "w");
  if (file != NULL) {
    if (result == -1) fprintf(file, "errno %d\n", errno);
    else fprintf(file, "%ld\n", result);
    fclose(file);
  }
  _exit(0);
}

static void* call_often(void* argument) {
  long* work = argument;
  for (int i = 0; i < 4; ++i)
    if (syscall(work[0]) != 4242) ++work[1];
  return NULL;
}

static int many_threads(int argc, char** argv) {
  enum { kThreads = 500 };
  static pthread_t threads[kThreads];
  static long work[kThreads][2];
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 65536);
  for (int i = 0; i < kThreads; ++i) {
    work[i][0] = number(argc, argv, 2);
    if (pthread_create(&threads[i], &attributes, call_often, work[i]) != 0) return 2;
  }
  long wrong = 0;
  for (int i = 0; i < kThreads; ++i) {
    pthread_join(threads[i], NULL);
    wrong += work[i][1];
  }
  printf("wrong %ld\n", wrong);
  return wrong != 0;
}

static int list_fds(void) {
  for (int fd = 0; fd < 1024; ++fd)
    if (fcntl(fd, F_GETFD) != -1) printf("%d ", fd);
  puts("");
  return 0;
}

/* What a program can see of the signals it was given. */
static int show_signals(void) {
  sigset_t mask;
  sigprocmask(SIG_BLOCK, NULL, &mask);
  for (int signal = 1; signal < NSIG; ++signal) {
    struct sigaction action;
    if (sigismember(&mask, signal) == 1) printf("blocked %d\n", signal);
    if (sigaction(signal, NULL, &action) == 0 && action.sa_handler != SIG_DFL)
      printf("%s %d\n", action.sa_handler == SIG_IGN ? "ignored" : "handled", signal);
  }
  puts("end");
  return 0;
}

static volatile int ticks;
static void on_alarm(int signal) { (void)signal, ++ticks; }

/* Calls while a timer interrupts: how many were turned into EINTR, and were all answers right? */
static int interrupted_calls(int argc, char** argv) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_alarm;
  action.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &action, NULL);
  ualarm(1000, 1000);
  long wrong = 0;
  for (int i = 0; i < 20000 && ticks < 30; ++i)
    if (syscall(number(argc, argv, 2)) != 4242) ++wrong;
  ualarm(0, 0);
  printf("wrong %ld\n", wrong);
  return 0;
}

static int wait_for_signal(int argc, char** argv) {
  sigset_t set;
  int signal = 0;
  sigemptyset(&set);
  sigaddset(&set, (int)number(argc, argv, 2));
  sigprocmask(SIG_BLOCK, &set, NULL);
  puts("ready");
  fflush(stdout);
  sigwait(&set, &signal);
  printf("got %d\n", signal);
  return 0;
}

#if defined(__x86_64__)
static int call_by_int80(int argc, char** argv) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number(argc, argv, 2)), "b"(7L), "c"(8L), "d"(9L) : "memory", "r8", "r9", "r10", "r11");
  printf("%ld\n", result);
  return 0;
}
#endif

/* Stops itself, alone; then its status is the errno of the call. */
static int call_when_continued(int argc, char** argv) {
  raise(SIGSTOP);
  syscall(number(argc, argv, 2));
  return errno == 1 ? 6 : 7;
}

/* Ends while a child of it waits for the end of a vfork. */
static int leave_slow_vfork(void) {
  if (fork() != 0) {
    usleep(300000);
    return 3;
  }
  close(1);
  if (vfork() == 0) {
    static char* words[] = {"/bin/sleep", "20", NULL};
    usleep(20000000);
    execv(words[0], words);
    _exit(0);
  }
  _exit(0);
}

/* A thread whose last call was answered ENOSYS, and which makes no other, when another one is killed. */
static void* spin_after_call(void* argument) {
  long nr = *(long*)argument;
#if defined(__x86_64__)
  __asm__ volatile("syscall\n1: pause\n jmp 1b" : : "a"(nr) : "rcx", "r11", "memory");
#else
  (void)nr;
#endif
  return NULL;
}

static int kill_beside_spinner(int argc, char** argv) {
  static long nrs[2];
  nrs[0] = number(argc, argv, 2), nrs[1] = number(argc, argv, 3);
  pthread_t thread;
  pthread_create(&thread, NULL, spin_after_call, &nrs[0]);
  usleep(100000);
  syscall(nrs[1]);
  return 0;
}

/* For as long as a supervisor might need to close its memory: "opened" or "refused". */
static int open_parents_memory(void) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/mem", (int)getppid());
  for (int i = 0; i < 2000; ++i)
    if (open(path, O_RDWR) >= 0) return puts("opened"), 0;
  return puts("refused"), 0;
}

/* Only calls of strict mode. */
static int strict_calls(void) {
  syscall(SYS_write, 1, "strict\n", 7);
  syscall(SYS_exit, 0);
  return 0;
}

int main(int argc, char** argv) {
  const char* mode = argc > 1 ? argv[1] : "";
  if (strcmp(mode, "call") == 0) return make_call(argc, argv);
  if (strcmp(mode, "exit") == 0) return end(argc, argv);
  if (strcmp(mode, "answer") == 0) return show_answer(argc, argv);
  if (strcmp(mode, "listener") == 0) return open_listener();
  if (strcmp(mode, "broken") == 0) return count_broken_calls(argc, argv);
  if (strcmp(mode, "signal") == 0) return end_by_signal(argc, argv);
  if (strcmp(mode, "thread") == 0) return kill_one_thread(argc, argv);
  if (strcmp(mode, "handler") == 0) return trap_with_handler(argc, argv);
  if (strcmp(mode, "daemon") == 0) return leave_daemon(argc, argv);
  if (strcmp(mode, "threads") == 0) return many_threads(argc, argv);
  if (strcmp(mode, "fds") == 0) return list_fds();
  if (strcmp(mode, "signals") == 0) return show_signals();
  if (strcmp(mode, "interrupted") == 0) return interrupted_calls(argc, argv);
  if (strcmp(mode, "wait") == 0) return wait_for_signal(argc, argv);
  if (strcmp(mode, "call-when-continued") == 0) return call_when_continued(argc, argv);
  if (strcmp(mode, "slow-vfork") == 0) return leave_slow_vfork();
  if (strcmp(mode, "spinner") == 0) return kill_beside_spinner(argc, argv);
  if (strcmp(mode, "parent") == 0) return open_parents_memory();
  if (strcmp(mode, "strict") == 0) return strict_calls();
#if defined(__x86_64__)
  if (strcmp(mode, "int80") == 0) return call_by_int80(argc, argv);
#endif
  fprintf(stderr, "victim: no mode '%s'\n", mode);
  return 99;
}
