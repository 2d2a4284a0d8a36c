// Findings as SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format"), which code hosts and editors show
// beside the lines.
//
//   write_sarif(findings, {.tool = "cordon", .version = "0.1.0", .was_successful = true})
//
// Each code is a rule, with what finding_codes.h says of it; a place is a region, its columns counted in characters.
// What cures a finding is the last sentence of its message and `properties.cure`; SARIF's `fixes` would be edits, and
// a cure is advice. A place in a line too long to be kept has no column.
#pragma once

#include <string>

#include "cordon/base/diagnostic.h"

namespace cordon {

struct SarifRun {
  std::string tool;
  std::string version;
  bool was_successful = true;  // false: what was to be checked could not be read
};

// Ends with a newline. The same findings give the same bytes.
std::string write_sarif(const Diagnostics& diagnostics, const SarifRun& run);

}  // namespace cordon
