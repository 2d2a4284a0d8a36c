// What allowing a call would open beyond the call itself.
//
//   danger_of(call, "ptrace", arch) == "it can read and change other processes of the same user"
//
// Empty for calls that do what they say. A short reason, not an analysis.
#pragma once

#include <string>
#include <string_view>

#include "cordon/abi/arch.h"
#include "cordon/policy/call.h"

namespace cordon::formats {

std::string danger_of(const Call& call, std::string_view name, Arch arch);

}  // namespace cordon::formats
