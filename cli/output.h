// Standard output and standard error: only the cli folder writes to them.
#pragma once

#include <string>
#include <string_view>

#include "cordon/base/diagnostic.h"
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

// {"schema": "cordon.diagnostics/1", "diagnostics": […]} on standard output.
std::string diagnostics_document(const Diagnostics& diagnostics);

// The whole of a file; "-" is standard input. At most 16 MiB.
Result<std::string> read_file(const std::string& path);
// Replaces a file in one step: a reader sees the old content or the new, never a part; "-" is standard output.
Result<Done> write_file(const std::string& path, std::string_view content);

}  // namespace cordon::cli
