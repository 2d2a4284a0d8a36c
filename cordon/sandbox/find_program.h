// Which file a command's name means: execvp's search, made before the fork so that the child needs one
// execve (each further one would be judged by its filter).
//
//   Result<std::string> path = sandbox::find_program("ls", sandbox::search_of(spec.setup));
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cordon/base/result.h"
#include "cordon/sandbox/process_setup.h"

namespace cordon::sandbox {

struct ProgramSearch {
  std::optional<std::string> path = {};  // as PATH; none: "/bin:/usr/bin"
  std::string directory = {};            // which relative names are relative to; empty: the working directory
  // The command has a file tree of its own, and its root is to be seen here ("": it looks like ours as far as can be
  // told). A name with a slash is not looked up then: only execve can tell.
  std::optional<std::string> tree = {};
};

// Where a command with this setup is looked for: the PATH of its environment, its directory.
ProgramSearch search_of(const ProcessSetup& setup);

// Relative to the directory still. Fails with "not-found" or "not-executable".
Result<std::string> find_program(const std::string& name, const ProgramSearch& search);

}  // namespace cordon::sandbox
