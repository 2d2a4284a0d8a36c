// minijail's .policy files: the union of its two dialects, or the C parser's alone.
#pragma once

#include "cordon/base/result.h"
#include "cordon/formats/draft.h"
#include "cordon/formats/read.h"
#include "cordon/policy/policy.h"

namespace cordon::formats {

Result<Policy> read_minijail(std::string_view text, std::string name, const ReadOptions& options);
PolicyReading read_minijail_draft(std::string_view text, std::string name, const ReadOptions& options);

}  // namespace cordon::formats
