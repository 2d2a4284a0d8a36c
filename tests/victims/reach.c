/* Reaches for files, ports and processes and prints what came of each: "ok" or "errno N".
 *
 *   reach read FILE write FILE make FILE …     pairs of a way and its object, in order
 *
 * Static, so that it needs no grant but for itself.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int kept(int fd) {
  if (fd < 0) return -1;
  close(fd);
  return 0;
}

static int with_port(const char* port, int (*act)(int, const struct sockaddr*, socklen_t)) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  return fd < 0 ? -1 : act(fd, (const struct sockaddr*)&address, sizeof address);
}

static int connect_abstract(const char* name) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path + 1, name, sizeof address.sun_path - 2);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
  return fd < 0 ? -1 : connect(fd, (const struct sockaddr*)&address, size);
}

/* On a device that was opened for reading. */
static int ask_device(const char* path) {
  int size = 0;
  int fd = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK);
  return fd < 0 ? -1 : ioctl(fd, FIONREAD, &size);
}

static int name_socket(const char* path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  return fd < 0 ? -1 : bind(fd, (const struct sockaddr*)&address, sizeof address);
}

/* Beside itself, or in the directory "inner" next to it. */
static int with_other_name(const char* path, int inner, int (*act)(const char*, const char*)) {
  char other[4096];
  const char* slash = strrchr(path, '/');
  snprintf(other, sizeof other, "%.*s/%smoved", (int)(slash - path), path, inner ? "inner/" : "");
  return act(path, other);
}

static int reach(const char* way, char* object) {
  if (strcmp(way, "read") == 0) return kept(open(object, O_RDONLY));
  if (strcmp(way, "write") == 0) return kept(open(object, O_WRONLY));
  if (strcmp(way, "make") == 0) return kept(open(object, O_WRONLY | O_CREAT | O_EXCL, 0600));
  if (strcmp(way, "list") == 0) return kept(open(object, O_RDONLY | O_DIRECTORY));
  if (strcmp(way, "empty") == 0) return truncate(object, 0);
  if (strcmp(way, "remove") == 0) return unlink(object);
  if (strcmp(way, "mkdir") == 0) return mkdir(object, 0700);
  if (strcmp(way, "rmdir") == 0) return rmdir(object);
  if (strcmp(way, "rewrite") == 0) return kept(open(object, O_WRONLY | O_CREAT | O_TRUNC, 0600));
  if (strcmp(way, "temporary") == 0) return kept(open(object, O_RDWR | O_TMPFILE, 0600));
  if (strcmp(way, "look") == 0) return kept(open(object, O_PATH));
  if (strcmp(way, "pipe") == 0) return mkfifo(object, 0600);
  if (strcmp(way, "symlink") == 0) return symlink("nowhere", object);
  if (strcmp(way, "socket") == 0) return name_socket(object);
  if (strcmp(way, "rename") == 0) return with_other_name(object, 0, rename);
  if (strcmp(way, "move") == 0) return with_other_name(object, 1, rename);
  if (strcmp(way, "link") == 0) return with_other_name(object, 0, link);
  if (strcmp(way, "node") == 0) return mknod(object, S_IFCHR | 0600, 0x103); /* /dev/null's number */
  if (strcmp(way, "device") == 0) return ask_device(object);
  if (strcmp(way, "bind") == 0) return with_port(object, bind);
  if (strcmp(way, "connect") == 0) return with_port(object, connect);
  if (strcmp(way, "abstract") == 0) return connect_abstract(object);
  if (strcmp(way, "signal") == 0) return atoi(object) > 0 ? kill(atoi(object), 0) : -1;
  if (strcmp(way, "exec") == 0) return execl(object, object, (char*)NULL);
  fprintf(stderr, "reach: no way '%s'\n", way);
  exit(99);
}

int main(int argc, char** argv) {
  for (int i = 1; i + 1 < argc; i += 2) {
    errno = 0;
    if (reach(argv[i], argv[i + 1]) == 0) puts("ok");
    else printf("errno %d\n", errno);
    fflush(stdout);
  }
  return 0;
}
