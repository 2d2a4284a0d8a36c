// Which file a command's name means: execvp's search, made before the fork so that the child needs one
// execve (each further one would be judged by its filter).
//
//   Result<std::string> path = sandbox::find_program("ls", std::getenv("PATH"));
#pragma once

#include <string>
#include <string_view>

#include "cordon/base/result.h"

namespace cordon::sandbox {

// `search_path` may be null: "/bin:/usr/bin". Fails with "not-found" or "not-executable".
Result<std::string> find_program(const std::string& name, const char* search_path);

}  // namespace cordon::sandbox
