/* Opens a path while another thread changes what it means, and says what it got.
 *
 *   open_race memory GOOD BAD       the bytes of the path alternate between the two names
 *   open_race link GOOD BAD LINK    the link is opened, and points to the one or the other
 *   open_race directory GOOD BAD    GOOD is opened as a name in a directory whose descriptor is now its own, now BAD's
 *   open_race threads GOOD          50 threads open GOOD 100 times each
 *   open_race flags GOOD            prints FD_CLOEXEC and the mode of one opened closing, to read, and of one staying, to append
 *
 * Prints how often the file began with 'g' (good), with anything else (bad), and how often there was none.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { kOpens = 3000 };
static char path[4096];
static const char *good, *bad, *link_name;
static atomic_int ended;
static int directories[2], directory;

static void* flip_memory(void* unused) {
  (void)unused;
  const size_t longest = (strlen(good) > strlen(bad) ? strlen(good) : strlen(bad)) + 1;
  for (unsigned i = 0; !atomic_load(&ended); ++i) memcpy(path, i % 2 != 0 ? bad : good, longest);
  return NULL;
}

static void* flip_link(void* unused) {
  (void)unused;
  char next[4096];
  snprintf(next, sizeof next, "%s.next", link_name);
  for (unsigned i = 0; !atomic_load(&ended); ++i)
    if (symlink(i % 2 != 0 ? bad : good, next) == 0) rename(next, link_name);
  return NULL;
}

static void* flip_directory(void* unused) {
  (void)unused;
  for (unsigned i = 0; !atomic_load(&ended); ++i) dup2(directories[i % 2], directory);
  return NULL;
}

static int counts[3]; /* good, bad, refused */

static void count(int fd) {
  char first = 0;
  if (fd < 0) {
    __atomic_add_fetch(&counts[2], 1, __ATOMIC_SEQ_CST);
    return;
  }
  const int has_text = pread(fd, &first, 1, 0) == 1;
  __atomic_add_fetch(&counts[!has_text ? 2 : first == 'g' ? 0 : 1], 1, __ATOMIC_SEQ_CST);
  close(fd);
}

static void* open_often(void* unused) {
  (void)unused;
  for (int i = 0; i < 100; ++i) count((int)syscall(SYS_openat, AT_FDCWD, good, O_RDONLY | O_CLOEXEC, 0));
  return NULL;
}

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const char* mode = argv[1];
  good = argv[2];
  bad = argc > 3 ? argv[3] : "";
  link_name = argc > 4 ? argv[4] : "";
  pthread_t threads[50];
  if (strcmp(mode, "threads") == 0) {
    for (int i = 0; i < 50; ++i)
      if (pthread_create(&threads[i], NULL, open_often, NULL) != 0) return 2;
    for (int i = 0; i < 50; ++i) pthread_join(threads[i], NULL);
  } else if (strcmp(mode, "flags") == 0) {
    const int closing = (int)syscall(SYS_openat, AT_FDCWD, good, O_RDONLY | O_CLOEXEC, 0);
    const int staying = (int)syscall(SYS_openat, AT_FDCWD, good, O_RDWR | O_APPEND, 0);
    printf("%d %d %o %o\n", fcntl(closing, F_GETFD), fcntl(staying, F_GETFD), fcntl(closing, F_GETFL) & O_ACCMODE,
           fcntl(staying, F_GETFL) & (O_ACCMODE | O_APPEND));
    return 0;
  } else {
    void* (*flip)(void*) = flip_memory;
    const char* opened = path;
    int from = AT_FDCWD;
    strcpy(path, good);
    if (strcmp(mode, "link") == 0) {
      flip = flip_link;
      opened = link_name;
    } else if (strcmp(mode, "directory") == 0) {
      flip = flip_directory;
      directories[0] = open(good, O_PATH | O_DIRECTORY);
      directories[1] = open(bad, O_PATH | O_DIRECTORY);
      from = directory = dup(directories[0]);
      opened = "f";
    }
    if (pthread_create(&threads[0], NULL, flip, NULL) != 0) return 2;
    for (int i = 0; i < kOpens; ++i) count((int)syscall(SYS_openat, from, opened, O_RDONLY | O_CLOEXEC, 0));
    atomic_store(&ended, 1);
    pthread_join(threads[0], NULL);
  }
  printf("good %d bad %d refused %d\n", counts[0], counts[1], counts[2]);
  return 0;
}
