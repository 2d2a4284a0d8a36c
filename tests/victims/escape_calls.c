/* Ways round a rule that names a call: each does what the rule forbids without the call it names.
 *
 *   escape_calls WAY [OBJECT]   prints "done", or "errno N"
 *
 * It calls the kernel directly. Static, so that a policy need not think of a loader.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static long answer(long result) {
  if (result >= 0) return result;
  errno = (int)-result;
  return -1;
}

/* ---- other ABIs: the same call under another number ---- */

static long mkdir_64(const char* path) { return syscall(SYS_mkdir, path, 0700); }

static long mkdir_x32(const char* path) { return syscall(0x40000000 | 83, path, 0700); }

/* The upper halves of the registers, which the kernel does not read, are not zero. */
static long by_int80(long nr, long first, long second) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(nr), "b"(first), "c"(second), "d"(0L), "S"(0L), "D"(0L)
                   : "memory", "r8", "r9", "r10", "r11");
  return answer((int)result);
}

/* A text where an address of 32 bits reaches it. */
static char* low_copy(const char* text) {
  char* low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (low == MAP_FAILED) exit(99);
  return strncpy(low, text, 4095);
}

static long mkdir_i386(const char* path) {
  return by_int80(39, (long)low_copy(path) | 0x5500000000, 0x7700000000 | 0700);
}

/* ---- a ring: the kernel makes the call for whoever fills in an entry ---- */

static long by_ring(const struct io_uring_sqe* entry) {
  struct io_uring_params params;
  memset(&params, 0, sizeof params);
  const int ring = (int)syscall(SYS_io_uring_setup, 1, &params);
  if (ring < 0) return -1;
  const size_t size = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe) + 4096;
  const int both = PROT_READ | PROT_WRITE;
  char* queues = mmap(NULL, size, both, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQ_RING);
  struct io_uring_sqe* entries = mmap(NULL, 4096, both, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQES);
  if (queues == MAP_FAILED || entries == MAP_FAILED) return -1;
  entries[0] = *entry;
  *(unsigned*)(queues + params.sq_off.array) = 0;
  __atomic_store_n((unsigned*)(queues + params.sq_off.tail), 1, __ATOMIC_RELEASE);
  if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1) return -1;
  return answer(((struct io_uring_cqe*)(queues + params.cq_off.cqes))->res);
}

static long open_64(const char* path) { return syscall(SYS_openat, AT_FDCWD, path, O_RDONLY, 0); }

static long open_by_ring(const char* path) {
  struct io_uring_sqe entry;
  memset(&entry, 0, sizeof entry);
  entry.opcode = IORING_OP_OPENAT;
  entry.fd = AT_FDCWD;
  entry.addr = (unsigned long)path;
  entry.open_flags = O_RDONLY;
  return by_ring(&entry);
}

static struct sockaddr_in loopback(const char* port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

static long connect_64(const char* port) {
  struct sockaddr_in address = loopback(port);
  return syscall(SYS_connect, socket(AF_INET, SOCK_STREAM, 0), &address, sizeof address);
}

static long connect_by_ring(const char* port) {
  struct sockaddr_in address = loopback(port);
  struct io_uring_sqe entry;
  memset(&entry, 0, sizeof entry);
  entry.opcode = IORING_OP_CONNECT;
  entry.fd = socket(AF_INET, SOCK_STREAM, 0);
  entry.addr = (unsigned long)&address;
  entry.off = sizeof address;
  return by_ring(&entry);
}

/* ---- the same deed by a newer call whose arguments lie in memory ---- */

static long child_of(long pid) {
  if (pid == 0) _exit(0);
  if (pid > 0) waitpid((pid_t)pid, NULL, 0);
  return pid;
}

static long clone_into_user_namespace(const char* unused) {
  (void)unused;
  return child_of(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
}

static long clone3_into_user_namespace(const char* unused) {
  (void)unused;
  struct clone_args arguments;
  memset(&arguments, 0, sizeof arguments);
  arguments.flags = CLONE_NEWUSER;
  arguments.exit_signal = SIGCHLD;
  return child_of(syscall(SYS_clone3, &arguments, sizeof arguments));
}

static long unshare_user_namespace(const char* unused) {
  (void)unused;
  return syscall(SYS_unshare, CLONE_NEWUSER);
}

/* ---- words typed into the terminal, for whoever reads it afterwards ---- */

static long type(unsigned long command, const char* text) {
  for (; *text != '\0'; ++text)
    if (syscall(SYS_ioctl, 0, command, text) != 0) return -1;
  return 0;
}

static long type_64(const char* text) { return type(TIOCSTI, text); }

static long type_with_garbage(const char* text) { return type(0xabcdef0100000000 | TIOCSTI, text); }

static long type_by_i386(const char* text) {
  char* low = low_copy(text);
  for (; *low != '\0'; ++low) {
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(54L), "b"(0L), "c"(0x100000000 | TIOCSTI), "d"(low)
                     : "memory", "r8", "r9", "r10", "r11");
    if ((int)result != 0) return answer((int)result);
  }
  return 0;
}

static long type_on_console(const char* text) { return syscall(SYS_ioctl, 0, TIOCLINUX, text); }

static long type_by_dev_tty(const char* text) {
  const int terminal = open("/dev/tty", O_RDWR);
  if (terminal < 0) return -1;
  for (; *text != '\0'; ++text)
    if (ioctl(terminal, TIOCSTI, text) != 0) return -1;
  return 0;
}

/* ---- a program that gives its caller another identity ---- */

static long execute(const char* path) {
  execl(path, path, "identity", NULL);
  return -1;
}

static long identity(const char* unused) {
  (void)unused;
  printf("uid %d ", (int)geteuid());
  return 0;
}

static const struct {
  const char* name;
  long (*act)(const char*);
} kWays[] = {{"mkdir", mkdir_64},
             {"mkdir-x32", mkdir_x32},
             {"mkdir-i386", mkdir_i386},
             {"open", open_64},
             {"open-by-ring", open_by_ring},
             {"connect", connect_64},
             {"connect-by-ring", connect_by_ring},
             {"clone-user", clone_into_user_namespace},
             {"clone3-user", clone3_into_user_namespace},
             {"unshare-user", unshare_user_namespace},
             {"type", type_64},
             {"type-garbage", type_with_garbage},
             {"type-i386", type_by_i386},
             {"type-console", type_on_console},
             {"type-dev-tty", type_by_dev_tty},
             {"execute", execute},
             {"identity", identity}};

int main(int argc, char** argv) {
  for (size_t i = 0; i < sizeof kWays / sizeof *kWays; ++i) {
    if (argc < 2 || strcmp(argv[1], kWays[i].name) != 0) continue;
    if (kWays[i].act(argc > 2 ? argv[2] : "") >= 0) puts("done");
    else printf("errno %d\n", errno);
    return 0;
  }
  fprintf(stderr, "escape_calls: no way '%s'\n", argc < 2 ? "" : argv[1]);
  return 99;
}
