/* A program that acts before its entry point: the dynamic linker runs what .preinit_array names.
 *
 *   early MODE [NR]   then prints "entry", and what the call NR gives
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void nap(long ms) {
  struct timespec time = {ms / 1000, ms % 1000 * 1000000};
  syscall(SYS_nanosleep, &time, &time);
}

/* What has gone round the filter says so. */
static void escape(void) {
  nap(200);
  syscall(SYS_write, 1, "escaped\n", 8);
  syscall(SYS_exit_group, 0);
}

static void* call_later(void* argument) {
  long nr = *(long*)argument;
  nap(300);
  long result = syscall(nr);
  printf("thread %s %ld\n", result == -1 ? "errno" : "result", result == -1 ? (long)errno : result);
  fflush(stdout);
  return NULL;
}

static void* fork_later(void* argument) {
  (void)argument;
  nap(100);
  if (syscall(SYS_fork) == 0) escape();
  return NULL;
}

static void exec_shell(void) {
  static char* words[] = {"/bin/sh", "-c", "echo escaped", NULL};
  syscall(SYS_execve, words[0], words, NULL);
}

static void* exec_later(void* argument) {
  nap(*(long*)argument);
  exec_shell();
  return NULL;
}

static void* sleep_long(void* argument) {
  (void)argument;
  nap(3000);
  return NULL;
}

/* A filter of its own, so that the process's threads can be brought under no common one. */
static void* diverge(void* argument) {
  static struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  struct sock_fprog program = {1, &allow};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
  return sleep_long(argument);
}

static pthread_t thread;
static long thread_nr;

static void before_entry(int argc, char** argv, char** environment) {
  (void)environment;
  const char* mode = argc > 1 ? argv[1] : "";
  if (strcmp(mode, "exit") == 0) syscall(SYS_exit_group, 6);
  if (strcmp(mode, "fork") == 0 && syscall(SYS_fork) == 0) escape();
  if (strcmp(mode, "vfork") == 0) {
    static char* shell[] = {"/bin/sh", "-c", "echo escaped", NULL};
    if (vfork() == 0) {
      syscall(SYS_execve, shell[0], shell, NULL);
      syscall(SYS_exit_group, 0);
    }
  }
  if (strcmp(mode, "clone") == 0 && syscall(SYS_clone, 0, 0, 0, 0, 0) == 0) escape();
  if (strcmp(mode, "exec") == 0) exec_shell();
  /* one of several threads executes another program: before the entry point, or about when it is reached */
  if (strcmp(mode, "exec-thread") == 0 || strcmp(mode, "exec-at-entry") == 0) {
    static long delay_ms;
    static pthread_t others[3];
    delay_ms = mode[5] == 't' ? 50 : 0;
    for (int i = 0; i < 3; ++i) pthread_create(&others[i], NULL, sleep_long, NULL);
    pthread_create(&thread, NULL, exec_later, &delay_ms);
    if (delay_ms != 0) nap(1000);
  }
  if (strcmp(mode, "slow") == 0 || strcmp(mode, "deaf") == 0) {
    if (strcmp(mode, "deaf") == 0) signal(SIGTERM, SIG_IGN);
    syscall(SYS_write, 1, "ready\n", 6);
    nap(1000);
  }
  if (strcmp(mode, "thread") == 0) {
    thread_nr = argc > 2 ? strtol(argv[2], NULL, 0) : 0;
    pthread_create(&thread, NULL, call_later, &thread_nr);
  }
  if (strcmp(mode, "diverging-thread") == 0) {
    pthread_create(&thread, NULL, diverge, NULL);
    nap(200);
  }
  if (strcmp(mode, "forking-thread") == 0) {
    pthread_create(&thread, NULL, fork_later, NULL);
    nap(600);
  }
}

__attribute__((section(".preinit_array"), used)) static void (*const first)(int, char**, char**) = before_entry;

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "thread") == 0) pthread_join(thread, NULL);
  puts("entry");
  if (argc > 2) {
    long result = syscall(strtol(argv[2], NULL, 0));
    printf("%s %ld\n", result == -1 ? "errno" : "result", result == -1 ? (long)errno : result);
  }
  return 0;
}
