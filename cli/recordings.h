// Recordings as files, and what they lack.
#pragma once

#include <string>
#include <vector>

#include "cordon/base/result.h"
#include "cordon/observe/recording.h"

namespace cordon::cli {

// All of them as one; the errors of all that cannot be read.
Result<Recording> read_recordings(const std::vector<std::string>& paths);

// Why a recording is not whole, for people; empty if it is.
std::string losses(const Recording& recording);

// A recording that has grown beyond what would be read again.
Diagnostics recording_too_large(size_t bytes);

}  // namespace cordon::cli
