// Docker's, Podman's and OCI's JSON profiles, and a whole OCI config.json (its linux.seccomp).
#pragma once

#include "cordon/base/result.h"
#include "cordon/formats/draft.h"
#include "cordon/formats/read.h"
#include "cordon/policy/policy.h"

namespace cordon::formats {

Result<Policy> read_oci(std::string_view text, std::string name, const ReadOptions& options);
PolicyReading read_oci_draft(std::string_view text, std::string name, const ReadOptions& options);

}  // namespace cordon::formats
