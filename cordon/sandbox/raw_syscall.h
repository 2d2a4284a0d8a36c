// System calls without libc: no errno, no cancellation, nothing of the caller's thread is touched. A child
// that shares its parent's memory, or that a filter already judges, makes its calls this way.
//
//   long result = sandbox::raw_syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);   // -errno on failure
#pragma once

#include <cstdint>

namespace cordon::sandbox {

#if defined(__x86_64__)

inline long raw_syscall(long nr, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4) {
  long result;
  register uint64_t r10 asm("r10") = a3;
  register uint64_t r8 asm("r8") = a4;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(nr), "D"(a0), "S"(a1), "d"(a2), "r"(r10), "r"(r8)
               : "rcx", "r11", "memory");
  return result;
}

// Not noreturn: before such a call a sanitizer looks at the stack, and here it is one that it does not know.
inline void raw_trap() { asm volatile("1: ud2\n jmp 1b"); }

#elif defined(__aarch64__)

inline long raw_syscall(long nr, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4) {
  register uint64_t x0 asm("x0") = a0;
  register uint64_t x1 asm("x1") = a1;
  register uint64_t x2 asm("x2") = a2;
  register uint64_t x3 asm("x3") = a3;
  register uint64_t x4 asm("x4") = a4;
  register long x8 asm("x8") = nr;
  asm volatile("svc #0" : "+r"(x0) : "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x8) : "memory");
  return static_cast<long>(x0);
}

inline void raw_trap() { asm volatile("1: udf #0\n b 1b"); }

#else
#error "cordon/sandbox knows the system call instruction of x86_64 and arm64 only"
#endif

template <class T>
uint64_t raw_pointer(T* pointer) {
  return reinterpret_cast<uint64_t>(pointer);
}

}  // namespace cordon::sandbox
