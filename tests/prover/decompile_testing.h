// Programs for the tests of decompiling: from policies and from other compilers.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "cordon/bpf/program.h"

namespace cordon::engines {

// The text as the command line shows it; "error: …" where there is none.
std::string decompiled_text(const bpf::Program& program);

std::string file_text(const std::filesystem::path& path);

// A policy in cordon's text, compiled.
bpf::Program compiled(std::string_view text);

}  // namespace cordon::engines
