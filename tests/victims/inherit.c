/* Says what it may do, after having become another task.
 *
 *   inherit HOW[,HOW…] DIRECTORY FILE   HOW: fork, vfork, thread, exec, memory (executed from a memfd), session
 *
 * The ways are gone in order; then one line: what mkdir, opening the file to read and raising the limit of descriptors
 * give, the effective capabilities, no_new_privs and the mode of seccomp. Static, so that it needs no grant but for itself.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char** words; /* of this program: its name, what is left of the ways, the two objects */

static int result_of(long result) { return result < 0 ? errno : 0; }

static void say(void) {
  unsigned header[2] = {0x20080522, 0}, sets[6] = {0};
  const struct rlimit more = {4096, 4096};
  syscall(SYS_capget, header, sets);
  const int made = result_of(syscall(SYS_mkdir, words[2], 0700));
  const int opened = result_of(open(words[3], O_RDONLY));
  const int raised = result_of(setrlimit(RLIMIT_NOFILE, &more));
  printf("mkdir %d open %d limit %d caps %s nnp %d seccomp %d\n", made, opened, raised, sets[0] || sets[3] ? "some" : "none",
         prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), prctl(PR_GET_SECCOMP));
  fflush(stdout);
}

static void go_on(void);

static void* as_thread(void* unused) {
  go_on();
  return unused;
}

static void await(pid_t child) {
  if (child > 0) waitpid(child, NULL, 0);
}

static void execute(int fd) {
  static char* none[] = {NULL};
  char* arguments[] = {words[0], words[1], words[2], words[3], NULL};
  if (fd < 0) execve("/proc/self/exe", arguments, none);
  if (fd < 0) execve(words[0], arguments, none);
  else syscall(SYS_execveat, fd, "", arguments, none, AT_EMPTY_PATH);
  printf("not executed: %d\n", errno);
  _exit(1);
}

static int memory_copy(void) {
  const int from = open(words[0], O_RDONLY), copy = memfd_create("copy", 0);
  struct stat status;
  if (from < 0 || copy < 0 || fstat(from, &status) != 0 || sendfile(copy, from, NULL, (size_t)status.st_size) < 0) exit(98);
  return copy;
}

static void go_on(void) {
  char how[16] = "";
  const size_t size = strcspn(words[1], ",");
  if (size >= sizeof how) exit(99);
  memcpy(how, words[1], size);
  words[1] += size + (words[1][size] == ',');
  if (how[0] == '\0') return say();
  if (strcmp(how, "exec") == 0) execute(-1);
  if (strcmp(how, "memory") == 0) execute(memory_copy());
  if (strcmp(how, "session") == 0) return setsid(), go_on();
  if (strcmp(how, "thread") == 0) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, as_thread, NULL) != 0) exit(97);
    pthread_join(thread, NULL);
    return;
  }
  const pid_t child = strcmp(how, "vfork") == 0 ? vfork() : fork();
  if (child != 0) return await(child);
  if (strcmp(how, "vfork") == 0) execute(-1);
  go_on();
  _exit(0);
}

int main(int argc, char** argv) {
  if (argc != 4) return 99;
  words = argv;
  go_on();
  return 0;
}
