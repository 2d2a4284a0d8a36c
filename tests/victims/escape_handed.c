/* Uses a descriptor that somebody else opened, to reach what the program itself could not.
 *
 *   escape_handed inherited N NAME      opens NAME in the directory that N is open on
 *   escape_handed received SOCKET NAME  the same with a directory that comes over a UNIX socket (SCM_RIGHTS)
 *   escape_handed read SOCKET           reads from a file that comes over it
 *
 * Prints "done", or "errno N". Static, so that it needs no grant but for itself.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int receive(const char* path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  const int from = socket(AF_UNIX, SOCK_STREAM, 0);
  if (from < 0 || connect(from, (const struct sockaddr*)&address, sizeof address) != 0) return -1;
  char byte, control[CMSG_SPACE(sizeof(int))];
  struct iovec data = {&byte, 1};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  if (recvmsg(from, &message, 0) != 1) return -1;
  const struct cmsghdr* part = CMSG_FIRSTHDR(&message);
  int fd = -1;
  errno = EBADMSG;
  if (part != NULL && part->cmsg_type == SCM_RIGHTS) memcpy(&fd, CMSG_DATA(part), sizeof fd);
  return fd;
}

int main(int argc, char** argv) {
  if (argc < 3) return 99;
  const int fd = strcmp(argv[1], "inherited") == 0 ? atoi(argv[2]) : receive(argv[2]);
  char byte;
  long result = fd;
  if (fd >= 0) result = argc > 3 ? openat(fd, argv[3], O_RDONLY) : read(fd, &byte, 1);
  if (result >= 0) puts("done");
  else printf("errno %d\n", errno);
  return 0;
}
