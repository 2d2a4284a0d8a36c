// Must not compile: one program cannot serve both byte orders. In C++20, as public headers promise.
#include "cordon/compile/constant.h"
#include "policies.h"

constexpr cordon::constant::Call kCalls[] = {{"read"}};
constexpr auto kInsns = cordon::compiler::constant_insns([] {
  return cordon::constant::policy({cordon::Arch::x86_64, cordon::Arch::s390x}, kCalls);
});
