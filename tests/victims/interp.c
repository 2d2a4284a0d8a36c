/* A program interpreter that never gets to the program: it does what the first argument says.
 *
 *   -Wl,--dynamic-linker=…/sandbox_interp, then   program exec|exit
 *
 * Without a C library: as an interpreter it is started with another program's auxiliary vector.
 */
#include <sys/syscall.h>

static long call(long nr, const void* a, const void* b, const void* c) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(nr), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
}

__attribute__((used)) void act(long* stack) {
  const char* const* argv = (const char* const*)(stack + 1);
  if (stack[0] > 1 && argv[1][0] == 'e' && argv[1][2] == 'e') {
    const char* const words[] = {"/bin/sh", "-c", "echo escaped", 0};
    call(SYS_execve, words[0], words, 0);
  }
  call(SYS_exit_group, (void*)6, 0, 0);
}

__asm__(".globl _start\n_start: mov %rsp, %rdi\n and $-16, %rsp\n call act\n");
