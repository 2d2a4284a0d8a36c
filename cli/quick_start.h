// Whether `cordon run` starts without asking the CPU what it can do: quick_start.cc.
#pragma once

#include <features.h>

// It goes through what only a static link with this very glibc has.
#if defined(CORDON_STATIC) && defined(__x86_64__) && defined(__GLIBC__) && __GLIBC__ == 2 && __GLIBC_MINOR__ == 36
#define CORDON_QUICK_START 1
#else
#define CORDON_QUICK_START 0
#endif
