// The start of `cordon run` before main, without the C library's questions to the CPU: docs/decisions/0033.
//
// In a virtual machine each CPUID is answered by the host, and glibc asks some fifty times, for variants of memcpy and
// its like that a launcher does not need. This takes the steps of __libc_start_main of glibc 2.36 in their order, but
// for that one: the CPU counts as one that has nothing beyond x86-64. Every verb but `run` starts as any program does.
#include "cli/quick_start.h"

#if CORDON_QUICK_START

#include <elf.h>
#include <string.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

extern "C" {

// glibc's own, which only a static link sees.
void _dl_aux_init(Elf64_auxv_t* auxiliary);
void __tunables_init(char** environment);
void __libc_setup_tls(void);
void __libc_early_init(bool is_initial);
void __libc_init_first(int argc, char** argv, char** environment);
void __libc_check_standard_fds(void);
int __cxa_atexit(void (*function)(void*), void* argument, void* library);
void _init(void);
void _fini(void);
int tool_main(int argc, char** argv, char** environment) __asm__("main");
extern void* __libc_stack_end;
extern void* _dl_random;
extern int __libc_enable_secure;
extern long int __x86_shared_non_temporal_threshold;

using Initializer = void (*)(int, char**, char**);
using Finalizer = void (*)();
extern const Elf64_Rela __rela_iplt_start[], __rela_iplt_end[];
extern const Initializer __preinit_array_start[], __preinit_array_end[], __init_array_start[], __init_array_end[];
extern const Finalizer __fini_array_start[], __fini_array_end[];

// Nothing here may be protected by what it sets up itself, nor call what is chosen by those relocations before they are
// made.
[[gnu::no_stack_protector]] void start_quickly(long* stack);
}

namespace {

void end_program(void*) {
  for (const Finalizer* at = __fini_array_end; at > __fini_array_start;) (*--at)();
  _fini();
}

bool is_run(const char* word) { return word[0] == 'r' && word[1] == 'u' && word[2] == 'n' && word[3] == '\0'; }

void relocate() {
  for (const Elf64_Rela* at = __rela_iplt_start; at < __rela_iplt_end; ++at) {
    const auto choose = reinterpret_cast<Elf64_Addr (*)()>(at->r_addend);
    *reinterpret_cast<Elf64_Addr*>(at->r_offset) = choose();
  }
}

// Of a stack that was overwritten, and of a pointer in a jmp_buf: as glibc has them.
void set_guards() {
  const auto* random = static_cast<const uintptr_t*>(_dl_random);
  const uintptr_t canary = random[0] & ~uintptr_t{0xff}, pointers = random[1];
  __asm__ volatile("movq %0, %%fs:0x28" : : "r"(canary));
  __asm__ volatile("movq %0, %%fs:0x30" : : "r"(pointers));
}

void initialize(int argc, char** argv) {
  for (const Initializer* at = __preinit_array_start; at < __preinit_array_end; ++at) (*at)(argc, argv, environ);
  _init();
  for (const Initializer* at = __init_array_start; at < __init_array_end; ++at) (*at)(argc, argv, environ);
}

}  // namespace

// Returns, with nothing done, where this is not `cordon run`.
void start_quickly(long* stack) {
  const int argc = static_cast<int>(stack[0]);
  char** argv = reinterpret_cast<char**>(stack + 1);
  if (argc < 2 || !is_run(argv[1])) return;
  environ = argv + argc + 1;
  __libc_stack_end = stack;
  char** end = environ;
  while (*end != nullptr) ++end;
  _dl_aux_init(reinterpret_cast<Elf64_auxv_t*>(end + 1));
  __tunables_init(environ);
  __x86_shared_non_temporal_threshold = 0xc0000;  // glibc's own for a cache it knows nothing about
  relocate();
  __libc_setup_tls();
  set_guards();
  __libc_early_init(true);
  __libc_init_first(argc, argv, environ);
  __cxa_atexit(end_program, nullptr, nullptr);
  if (__libc_enable_secure != 0) __libc_check_standard_fds();
  initialize(argc, argv);
  exit(tool_main(argc, argv, environ));
}

// The kernel begins here, and goes on in glibc's _start with everything as it was.
__asm__(
    ".globl cordon_start\n"
    ".type cordon_start, @function\n"
    "cordon_start:\n"
    "  xor %ebp, %ebp\n"
    "  mov %rsp, %rbx\n"
    "  mov %rdx, %r12\n"
    "  mov %rsp, %rdi\n"
    "  and $-16, %rsp\n"
    "  call start_quickly\n"
    "  mov %rbx, %rsp\n"
    "  mov %r12, %rdx\n"
    "  jmp _start\n");

#endif
