/* A program for `cordon run --strict`: it writes to a file that is open already, then tries to open one.
 *
 *   gcc -O2 -static -o strict_writer strict_writer.c
 *   cordon run --strict -- ./strict_writer >out.txt     # writes the line, then is killed at open
 */
#include <fcntl.h>
#include <unistd.h>

int main(void) {
  static const char line[] = "strict mode lets me write to an open file\n";
  if (write(STDOUT_FILENO, line, sizeof line - 1) != (ssize_t)(sizeof line - 1)) return 1;
  return open("/etc/hostname", O_RDONLY) >= 0 ? 0 : 2;
}
