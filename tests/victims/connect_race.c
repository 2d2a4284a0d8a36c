/* Connects while another thread changes the port in the address, and says which port was reached.
 *
 *   connect_race GOOD BAD     both listen on 127.0.0.1; prints how often each was, and how often it was refused
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in address;
static in_port_t good, bad;
static atomic_int ended;

static void* flip(void* unused) {
  (void)unused;
  volatile in_port_t* port = &address.sin_port;
  for (unsigned i = 0; !atomic_load(&ended); ++i) *port = i % 2 != 0 ? bad : good;
  return NULL;
}

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  good = htons((unsigned short)atoi(argv[1]));
  bad = htons((unsigned short)atoi(argv[2]));
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = good;
  pthread_t thread;
  if (pthread_create(&thread, NULL, flip, NULL) != 0) return 2;
  int counts[3] = {0, 0, 0};
  for (int i = 0; i < 500; ++i) {
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in peer;
    socklen_t size = sizeof peer;
    const int is_connected = connect(fd, (struct sockaddr*)&address, sizeof address) == 0 &&
                             getpeername(fd, (struct sockaddr*)&peer, &size) == 0;
    ++counts[!is_connected ? 2 : peer.sin_port == good ? 0 : 1];
    close(fd);
  }
  atomic_store(&ended, 1);
  pthread_join(thread, NULL);
  printf("good %d bad %d refused %d\n", counts[0], counts[1], counts[2]);
  return 0;
}
