#include "cordon/base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace cordon::base {

void assertion_failed(const char* condition, const char* why, const char* file, int line) noexcept {
  std::fprintf(stderr, "cordon: internal error: %s (%s) at %s:%d\n", why, condition, file, line);
  std::abort();
}

}  // namespace cordon::base
