// Must not compile: MISTAKE is what is wrong with the policy (CMakeLists.txt has a table). In C++20, as public headers
// promise.
#include "cordon/compile/constant.h"
#include "cordon/policy/write.h"

using namespace cordon;
using namespace cordon::policy::write;

constexpr auto kInsns = compiler::constant_insns([] {
  ConstantPolicy policy;
  policy.arches = {Arch::x86_64};
  add(policy, rule(kAllow, "read"));
  MISTAKE;
  return policy;
});
