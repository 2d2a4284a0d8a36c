// Standard output and standard error: only the cli folder writes to them.
#pragma once

#include <string>
#include <string_view>

#include "cordon/base/diagnostic.h"
#include "cordon/base/fd.h"
#include "cordon/base/result.h"

namespace cordon::cli {

enum class Color { automatic, always, never };

struct OutputOptions {
  bool json = false;
  Color color = Color::automatic;
};

// Writes text to standard output. The status is `status`, or kRefused with a message if the output could
// not be written (a full disk, a closed pipe).
int finish_output(std::string_view text, int status);

void print_error(std::string_view text);  // to standard error as it is
void print_diagnostics(const Diagnostics& diagnostics, const OutputOptions& options);

// Prints what went wrong; gives `status` back, to end with.
int fail(const Diagnostics& problems, const OutputOptions& options, int status);

// A mistake on the command line.
Diagnostics usage_error(std::string message, std::string hint);

// {"schema": "cordon.diagnostics/1", "diagnostics": […]} on standard output.
std::string diagnostics_document(const Diagnostics& diagnostics);

// The whole of a file; "-" is standard input. At most 16 MiB, unless limits say otherwise.
struct ReadLimits {
  size_t max_bytes = 0;
};
Result<std::string> read_file(const std::string& path);
Result<std::string> read_file(const std::string& path, const ReadLimits& limits);
// A file that is replaced in one step when its content is whole; made before long work, so that a name that
// cannot be written to is found out first. "-" is standard output. What is not committed leaves nothing behind.
class OutputFile {
 public:
  static Result<OutputFile> create(const std::string& path);
  OutputFile(OutputFile&& other) noexcept = default;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();

  Result<Done> commit(std::string_view content);

 private:
  OutputFile() = default;
  std::string path_;       // as given
  std::string target_;     // where the content goes, links followed
  std::string temporary_;  // beside the target; empty if the target is written in place
  Fd fd_;
};

// Replaces a file in one step: a reader sees the old content or the new, never a part; "-" is standard output.
Result<Done> write_file(const std::string& path, std::string_view content);

}  // namespace cordon::cli
