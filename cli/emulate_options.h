// Options of `run` for calls of `notify` rules that cordon makes in the command's place: --emulate-read and its like.
#pragma once

#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/confined.h"
#include "cordon/base/result.h"
#include "cordon/sandbox/emulation.h"

namespace cordon::cli {

struct EmulateOptions {
  std::vector<std::string> read, write, create;
  std::vector<std::string> connect, bind;
  std::vector<std::string> mknod;

  bool any() const {
    return !read.empty() || !write.empty() || !create.empty() || !connect.empty() || !bind.empty() || !mknod.empty();
  }
};

void add_emulate_options(CommandLine& app, EmulateOptions& options);

// Paths as they are now, without links. Errors for those that are not there, and for addresses that are none.
Result<Emulation> emulation_of(const EmulateOptions& options);

// An error where cordon would open what the policy's own lines keep from the command, or is not in the command's tree.
Diagnostics check_emulation(const Emulation& emulation, const Confined& confined);

}  // namespace cordon::cli
