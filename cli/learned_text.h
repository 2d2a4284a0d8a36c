// A learned policy in the format that was asked for.
#pragma once

#include <string>
#include <string_view>

#include "cli/output.h"
#include "cordon/base/result.h"
#include "cordon/policy/policy.h"

namespace cordon::cli {

// The words by which a policy says that its recording had losses: a comment at its head. Empty where it does not.
inline constexpr std::string_view kIncomplete = "INCOMPLETE: ";
std::string incomplete_mark(const Policy& policy);

// By FILE's name where --to does not say it: .json is Docker's, .policy minijail's, anything else cordon's own text.
std::string format_of_file(const std::string& path);

struct LearnedFile {
  std::string to;  // cordon, docker, oci or minijail
  std::string path;
};

// Nobody has said what other architectures get, so it is what the format has, with a note where that is less strict
// than cordon's own text. Where the format cannot say the policy, what was recorded is not lost: it stands in
// PATH.cordon, or in PATH.2.cordon where that exists, and the error tells so.
Result<Done> commit_learned(OutputFile& file, const Policy& policy, const LearnedFile& as, const OutputOptions& output);

// What can be told before anything is recorded: a default action that the format does not have.
Diagnostics unfit_default(const NamedAction& default_action, const LearnedFile& as);

}  // namespace cordon::cli
