// A call as people read it: "openat(dfd=AT_FDCWD, filename=0x7f…, flags=O_RDONLY|O_CLOEXEC, mode=0)".
#pragma once

#include <string>

#include "cordon/policy/call.h"
#include "cordon/policy/resolved_policy.h"

namespace cordon::policy {

std::string describe_call(const Call& call);
// As above, and the instruction pointer and registers of which bits are set that the kernel does not read, as raw(fd)=:
// of a call that shows something. `cordon test` reads it back.
std::string describe_whole_call(const Call& call);
// "openat", "openat@i386" for an ABI that is not native, "syscall_600" where no table has the number.
std::string describe_syscall(const Call& call);
// One argument's value with the names its call's prototype and constants give it.
std::string describe_argument(const Call& call, unsigned slot);
// "flags & O_ACCMODE == O_RDONLY && fd in 0..2" with the names of the call `nr` on `arch`; "always".
std::string describe_condition(const ResolvedCondition& condition, uint32_t nr, Arch arch);

}  // namespace cordon::policy
