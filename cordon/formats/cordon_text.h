// cordon's own policy language.
#pragma once

#include "cordon/base/result.h"
#include "cordon/formats/read.h"
#include "cordon/policy/policy.h"

namespace cordon::formats {

Result<Policy> read_cordon(std::string_view text, std::string name, const ReadOptions& options);

// Canonical text with the rules' comments; read_cordon gives an equal policy back.
std::string write_cordon(const Policy& policy);

}  // namespace cordon::formats
