// A policy in a format that names calls: written, read again and proved to mean what was asked.
#pragma once

#include <optional>
#include <string>

#include "cli/load.h"
#include "cordon/base/result.h"

namespace cordon::cli {

struct ConvertOptions {
  std::string to;  // docker, oci or minijail
  bool is_lossy = false;
  bool filter_only = false;  // sandbox lines are left out
  bool c_dialect = false;    // minijail's: only what its C parser takes
  unsigned effort = 1;
};

// Beside the text warnings, and notes of what is a little stricter. An error not-proved has no text that is known to
// mean the same; the others name what the format cannot say.
Result<std::string> converted(const Loaded& loaded, const ConvertOptions& options);

}  // namespace cordon::cli
