// `run --via SOCKET`: a command in the sandbox of a server that is ready.
#pragma once

#include <string>

#include "cli/command_line.h"
#include "cli/output.h"

namespace cordon::cli {

// The status to end with. What confines is the server's: nothing of it can be added on this command line, and nothing
// may look as if it were.
int run_via(const std::string& socket, const CommandLine& line, const OutputOptions& output);

}  // namespace cordon::cli
