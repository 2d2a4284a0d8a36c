/* Makes one call again and again, without a pause.
 *
 *   callers NR THREADS TIMES   THREADS threads call NR TIMES times each; prints how often the answer was not 4242
 *   callers NR THREADS 0       for ever: prints "ready" after a thousand calls, "errno N" when one failed and ends,
 *                              "signal" at SIGUSR1 and ends
 *   callers NR THREADS TIMES alarmed   the same, with a signal each fifth of a millisecond
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

enum { kAnswer = 4242, kReady = 1000 };
static long number, times;
static atomic_long wrong, calls;

static void say(const char* text) { (void)!write(STDOUT_FILENO, text, strlen(text)); }

static void on_signal(int signal) {
  (void)signal;
  say("signal\n");
  _exit(0);
}

static void on_alarm(int signal) { (void)signal; }

static void* call(void* unused) {
  for (long i = 0; i < times; ++i)
    if (syscall(number) != kAnswer) atomic_fetch_add(&wrong, 1);
  while (times == 0) {
    if (syscall(number) != kAnswer) {
      char text[32];
      snprintf(text, sizeof text, "errno %d\n", errno);
      say(text);
      _exit(1);
    }
    if (atomic_fetch_add(&calls, 1) + 1 == kReady) say("ready\n");
  }
  return unused;
}

int main(int argc, char** argv) {
  if (argc != 4 && argc != 5) return 2;
  number = atol(argv[1]);
  times = atol(argv[3]);
  signal(SIGUSR1, on_signal);
  const struct itimerval often = {{0, 200}, {0, 200}};
  if (argc == 5 && (signal(SIGALRM, on_alarm) == SIG_ERR || setitimer(ITIMER_REAL, &often, NULL) != 0)) return 4;
  const long count = atol(argv[2]);
  pthread_t* threads = calloc((size_t)count, sizeof *threads);
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 65536);
  for (long i = 0; i < count; ++i)
    if (pthread_create(&threads[i], &small, call, NULL) != 0) return 3;
  for (long i = 0; i < count; ++i) pthread_join(threads[i], NULL);
  printf("wrong %ld\n", atomic_load(&wrong));
  return 0;
}
