/* Opens a file in a way that makes who opens it for us look at another one, or wait.
 *
 *   open_from mounts GOOD BAD NAME   NAME in GOOD, by a descriptor of another mount namespace, where GOOD is BAD
 *   open_from root GOOD BAD NAME     /GOOD/NAME, in a root of that namespace
 *   open_from memory FILE            a path in memory that nobody ever fills (userfaultfd), then FILE
 *   open_from lease FILE             FILE, on which this process has a lease
 *
 * Prints the errno's number, or the first line of what was opened.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

static char stack[65536];
static char** arguments;
static atomic_int state; /* 1: open in the other namespace, 2: not */
static int directory = -1;

/* Descriptors are shared with the first process, mounts are not. It lives on: they end with it. */
static int look_from_elsewhere(void* from_root) {
  const char* path = from_root != NULL ? "/" : arguments[2];
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && mount(arguments[3], arguments[2], NULL, MS_BIND, NULL) == 0)
    directory = (int)syscall(SYS_open, path, O_PATH | O_DIRECTORY);
  atomic_store(&state, directory >= 0 ? 1 : 2);
  for (;;) pause();
  return 0;
}

static int tell(int fd) {
  char line[64] = "";
  if (fd < 0) return printf("errno %d\n", errno);
  if (read(fd, line, sizeof line - 1) < 0) return printf("read errno %d\n", errno);
  return printf("%.*s\n", (int)strcspn(line, "\n"), line);
}

static const char* memory_that_never_comes(void) {
  const int handler = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
  struct uffdio_api api = {.api = UFFD_API};
  char* page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  struct uffdio_register all = {.range = {(unsigned long)page, 4096}, .mode = UFFDIO_REGISTER_MODE_MISSING};
  if (handler < 0 || ioctl(handler, UFFDIO_API, &api) != 0 || ioctl(handler, UFFDIO_REGISTER, &all) != 0) return NULL;
  return page;
}

int main(int argc, char** argv) {
  arguments = argv;
  if (argc == 3 && strcmp(argv[1], "memory") == 0) {
    const char* path = memory_that_never_comes();
    if (path == NULL) return printf("no userfaultfd\n") < 0;
    tell((int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY));
    tell((int)syscall(SYS_openat, AT_FDCWD, argv[2], O_RDONLY));
    return 0;
  }
  if (argc == 3 && strcmp(argv[1], "lease") == 0) {
    signal(SIGIO, SIG_IGN);
    const int fd = (int)syscall(SYS_open, argv[2], O_RDONLY);
    if (fcntl(fd, F_SETLEASE, F_WRLCK) != 0) return 2;
    tell((int)syscall(SYS_openat, AT_FDCWD, argv[2], O_RDONLY));
    fcntl(fd, F_SETLEASE, F_UNLCK);
    const int opened = (int)syscall(SYS_openat, AT_FDCWD, argv[2], O_RDONLY);
    printf("%d\n", (fcntl(opened, F_GETFL) & O_NONBLOCK) != 0);
    return 0;
  }
  if (argc != 5) return 2;
  const int in_root = strcmp(argv[1], "root") == 0;
  const pid_t other =
      clone(look_from_elsewhere, stack + sizeof stack, CLONE_FILES | CLONE_VM | SIGCHLD, in_root ? argv : NULL);
  while (atomic_load(&state) == 0) usleep(1000);
  if (atomic_load(&state) == 2) return 2;
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", argv[2], argv[4]);
  if (in_root && (unshare(CLONE_NEWUSER) != 0 || fchdir(directory) != 0 || chroot(".") != 0)) return 3;
  tell((int)(in_root ? syscall(SYS_openat, AT_FDCWD, path, O_RDONLY) : syscall(SYS_openat, directory, argv[4], O_RDONLY)));
  kill(other, SIGKILL);
  return 0;
}
