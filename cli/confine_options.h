// Options of `run` that say what a policy's sandbox lines say, in the same words.
//
//   --files-read /usr --net-none       is   files read /usr   and   net none
//
// They make the same lines, read by the same reader, and are a layer of their own: what they grant beside a policy that
// restricts the same, the policy still refuses.
#pragma once

#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cordon/base/result.h"
#include "cordon/policy/confinement.h"

namespace cordon::cli {

struct ConfineOptions {
  // One for each option given: its name with the value, and the line it stands for.
  struct Line {
    std::string option;
    std::string text;
  };
  std::vector<Line> lines;
  std::vector<std::string> best_effort;  // what may be left out where it cannot be had

  bool may_lack(const std::string& what) const;
};

void add_confine_options(CommandLine& app, ConfineOptions& options);

// Mistakes are told at the option.
Result<std::vector<PlacedLine>> lines_of(const ConfineOptions& options);

// A path as a line takes it, quoted where it has to be.
std::string path_word(const std::string& path);

}  // namespace cordon::cli
