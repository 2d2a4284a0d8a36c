// Standard output and standard error: only the cli folder writes to them.
#pragma once

#include <signal.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/base/diagnostic.h"
#include "cordon/base/fd.h"
#include "cordon/base/result.h"

namespace cordon::cli {

enum class Color { automatic, always, never };

struct OutputOptions {
  bool json = false;
  bool quiet = false;         // of diagnostics only errors
  bool all_findings = false;  // more than the first 20
  Color color = Color::automatic;
};

// Writes text to standard output. The status is `status`, or kRefused with a message if the output could
// not be written (a full disk, a closed pipe).
int finish_output(std::string_view text, int status);

void print_error(std::string_view text);  // to standard error as it is

// 0, or the errno of the write that failed: beyond RLIMIT_FSIZE EFBIG, not a signal. Waits where the descriptor is
// one that does not. One write where the kernel takes it so: lines of several processes do not mix.
int write_all(int fd, std::string_view text);

void print_diagnostics(const Diagnostics& diagnostics, const OutputOptions& options);

// Prints what went wrong; gives `status` back, to end with.
int fail(const Diagnostics& problems, const OutputOptions& options, int status);

// A mistake on the command line.
Diagnostics usage_error(std::string message, std::string hint);

// An error where the file to be written is the source that was read: it would be lost. Empty otherwise.
Diagnostics source_overwritten(const std::string& source, const std::string& path);
Diagnostics source_overwritten(const std::vector<std::string>& sources, const std::string& path);

// {"schema": "cordon.diagnostics/1", "diagnostics": […]} on standard output.
std::string diagnostics_document(const Diagnostics& diagnostics);

// Keeps signals back for as long as it lives, so that none ends cordon between two steps that belong together.
// SIGXFSZ among them is swallowed if it comes meanwhile: the write that caused it fails with EFBIG.
class HeldSignals {
 public:
  explicit HeldSignals(std::initializer_list<int> signals);
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;
  ~HeldSignals();

 private:
  sigset_t held_{};
  sigset_t before_{};
  bool had_file_limit_ = false;  // it waited before, or is not held
};

// The whole of a file; "-" is standard input. At most 16 MiB, unless limits say otherwise.
struct ReadLimits {
  size_t max_bytes = 0;
  std::string cure{};  // what to do where there is more
};
Result<std::string> read_file(const std::string& path);
Result<std::string> read_file(const std::string& path, const ReadLimits& limits);
// Refuses everything but a regular file: what an include line names must not wait for a pipe or read a device.
Result<std::string> read_regular_file(const std::string& path);

// "-", /dev/stdout, /dev/fd/2 and the like.
bool is_standard_stream(const std::string& path);

// A file that is replaced in one step when its content is whole; opened before long work, so that a name that
// cannot be written to is found out first. "-" is standard output. What is not committed leaves nothing behind, and
// until then nothing is to be seen, where the filesystem has files without a name (O_TMPFILE) and /proc is mounted;
// elsewhere a file beside the target is, and stays if cordon is killed.
class OutputFile {
 public:
  static Result<OutputFile> create(const std::string& path);
  OutputFile(OutputFile&& other) noexcept = default;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();

  Result<Done> commit(std::string_view content);
  // Whether what is committed last would be all that is left of both.
  bool is_same_file(const OutputFile& other) const;

 private:
  OutputFile() = default;
  int open_beside(mode_t mode);
  int open_named(mode_t mode);
  int replace_target(std::string_view content);

  std::string path_;       // as given
  std::string target_;     // where the content goes, links followed
  std::string temporary_;  // beside the target; empty if there is none
  bool is_unnamed_ = false;
  Fd fd_;
};

// Replaces a file in one step: a reader sees the old content or the new, never a part; "-" is standard output.
Result<Done> write_file(const std::string& path, std::string_view content);

}  // namespace cordon::cli
