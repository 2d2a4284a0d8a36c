// A learned policy in the format that was asked for.
#pragma once

#include <string>

#include "cli/output.h"
#include "cordon/base/result.h"
#include "cordon/policy/policy.h"

namespace cordon::cli {

// By FILE's name where --to does not say it: .json is Docker's, .policy minijail's, anything else cordon's own text.
std::string format_of_file(const std::string& path);

struct LearnedFile {
  std::string to;  // cordon, docker, oci or minijail
  std::string path;
};

// Nobody has said what other architectures get, so it is what the format has. Where the format cannot say the policy,
// what was recorded is not lost: it stands in PATH.cordon, and the error tells so.
Result<Done> commit_learned(OutputFile& file, const Policy& policy, const LearnedFile& as, const OutputOptions& output);

// What can be told before anything is recorded: a default action that the format does not have.
Diagnostics unfit_default(const NamedAction& default_action, const LearnedFile& as);

}  // namespace cordon::cli
