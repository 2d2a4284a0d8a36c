// The line that would allow a denied call, in the format of the policy that denied it.
//
//   minijail: "ioctl: arg1 == TCGETS"       cordon: "allow ioctl(cmd == TCGETS)"
//   oci:      {"names": ["ioctl"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 1, "value": 21505, "op":
//   "SCMP_CMP_EQ"}]}
#pragma once

#include <string>

#include "cordon/policy/call.h"
#include "cordon/policy/policy.h"

namespace cordon::formats {

struct Suggestion {
  std::string line;     // to add
  std::string warning;  // what it would open, if that is dangerous; else empty
};

// As tight as arguments that are constants of the call allow, no tighter: pointers, descriptors and sizes
// are left open.
Suggestion suggest_allow(const Call& call, PolicyFormat format);

}  // namespace cordon::formats
