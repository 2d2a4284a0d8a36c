// Programs for the tests of decompiling: from policies and from other compilers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cordon/bpf/program.h"
#include "cordon/policy/policy.h"

namespace cordon::engines {

// The text as the command line shows it; "error: …" where there is none.
std::string decompiled_text(const bpf::Program& program);

// A policy in cordon's text, compiled.
bpf::Program compiled(std::string_view text);

}  // namespace cordon::engines
