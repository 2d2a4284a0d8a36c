// Calls as people write them on a command line: 'openat(flags=O_WRONLY|O_CREAT)', 'mkdir@i386()', 'read'.
#pragma once

#include <string>

#include "cordon/base/result.h"
#include "cordon/policy/partial.h"

namespace cordon::cli {

// Arguments by name or slot, values as in the policy language; a value is the whole register, zero-extended.
Result<PartialCall> parse_call(const std::string& text, Arch default_arch);

// "openat(flags=O_WRONLY)": the given arguments only.
std::string describe_partial_call(const PartialCall& call);

}  // namespace cordon::cli
