/* Tells whether it is ever less confined than it should be: attempts what is denied until its time is up.
 *
 *   witness MS DEED OBJECT…   appends "loose DEED" to descriptor 9 for each deed that succeeds
 *
 * With a negative MS a child of it goes on as a daemon, for so long. Static, so that it needs no grant but for itself.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long long now_us(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

static int succeeds(const char* deed, const char* object) {
  if (strcmp(deed, "mkdir") == 0) return syscall(SYS_mkdir, object, 0700) == 0;
  if (strcmp(deed, "open") == 0) {
    const int fd = open(object, O_RDONLY);
    if (fd >= 0) close(fd);
    return fd >= 0;
  }
  if (strcmp(deed, "signal") == 0) return atoi(object) > 1 && kill(atoi(object), 0) == 0;
  if (strcmp(deed, "user") == 0) return (int)geteuid() == atoi(object);
  if (strcmp(deed, "limit") == 0) {
    struct rlimit limit;
    return getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > (rlim_t)atoi(object);
  }
  if (strcmp(deed, "filter") == 0) return prctl(PR_GET_SECCOMP) != 2 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1;
  return 1;
}

int main(int argc, char** argv) {
  long ms = argc > 1 ? atol(argv[1]) : 0;
  if (ms < 0) {
    ms = -ms;
    if (fork() != 0) return 0;
    setsid();
  }
  const long long end = now_us() + ms * 1000;
  do {
    for (int i = 2; i + 1 < argc; i += 2) {
      char line[64];
      if (!succeeds(argv[i], argv[i + 1])) continue;
      const int size = snprintf(line, sizeof line, "loose %s\n", argv[i]);
      if (write(9, line, (size_t)size) != size) return 1;
    }
    usleep(200);
  } while (now_us() < end);
  return 0;
}
