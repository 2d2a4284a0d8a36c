#include "cli/recordings.h"

#include <utility>

#include "cli/output.h"

namespace cordon::cli {

Result<Recording> read_recordings(const std::vector<std::string>& paths) {
  std::vector<Recording> recordings;
  Diagnostics problems;
  for (const std::string& path : paths) {
    Result<std::string> text =
        read_file(path, {.max_bytes = observe::kMaxTraceBytes,
                         .cure = "record parts of the work apart, and give all recordings together"});
    problems.append(text.diagnostics());
    if (!text) continue;
    Result<Recording> recording = observe::read_recording(*text, path);
    problems.append(recording.diagnostics());
    if (recording) recordings.push_back(std::move(*recording));
  }
  if (problems.has_errors()) return problems;
  return observe::merge_recordings(recordings);
}

std::string losses(const Recording& recording) {
  if (recording.is_complete()) return {};
  if (recording.lost > 0) return std::to_string(recording.lost) + " calls were lost";
  return "it was cut short before the last process had ended";
}

Diagnostics recording_too_large(size_t bytes) {
  Diagnostics problem;
  problem.error("too-large", {},
                "the recording has " + std::to_string(bytes >> 20) + " MiB: at most " +
                    std::to_string(observe::kMaxTraceBytes >> 20) + " could be read again",
                "write the policy itself (-o FILE.cordon), or record parts of the work apart");
  return problem;
}

}  // namespace cordon::cli
