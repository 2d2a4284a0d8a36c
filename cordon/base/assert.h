// The third kind of error: cordon itself is wrong.
//
//   CORDON_ASSERT(index < size, "the parser hands out only indices it made");
//
// On in release builds; aborts with place and reason. It must be unreachable from any input: the
// fuzzers are the proof.
#pragma once

namespace cordon::base {

[[noreturn]] void assertion_failed(const char* condition, const char* why, const char* file, int line) noexcept;

}  // namespace cordon::base

#define CORDON_ASSERT(condition, why) \
  ((condition) ? (void)0 : ::cordon::base::assertion_failed(#condition, why, __FILE__, __LINE__))
