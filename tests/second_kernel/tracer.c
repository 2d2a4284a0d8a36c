/* tracer PID: traces a process and says what came of it, "ok" or "errno N". Static: it runs where there is nothing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  if (ptrace(PTRACE_SEIZE, atoi(argv[1]), 0, 0) == 0) puts("ok");
  else printf("errno %d\n", errno);
  return 0;
}
