// Whether the lines about files let a command be executed at all: a program that is dynamically linked needs its loader
// too, a script its interpreter.
//
//   if (auto problem = sandbox::missing_exec_grant(confinement, "/usr/bin/ls")) …   // before anything is started
//
// Follows what the kernel opens for execve(2): the file, what `#!` names, what PT_INTERP names; and asks, as Landlock
// does, whether it or a directory above it was granted. What binfmt_misc would do is not looked at.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cordon/base/diagnostic.h"
#include "cordon/policy/confinement.h"

namespace cordon::sandbox {

// No value also where a file cannot be read: the kernel will say why. `path` as find_program gives it.
std::optional<Diagnostic> missing_exec_grant(const Confinement& confinement, const std::string& path);

// The files that execve(2) of the first of them opens.
std::vector<std::string> executed_files(const std::string& path);

}  // namespace cordon::sandbox
