// What the command lines of several verbs have in common.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/output.h"
#include "cordon/formats/read.h"

namespace cordon::cli {

class SourceCopies;

// What to read policies with, as the command line says it.
struct PolicyOptions {
  std::string format;
  std::string arch;
  bool sub_arches = false;
  std::vector<std::string> capabilities;
  bool capabilities_given = false;
  std::string kernel;
  std::string dialect;
  bool lenient = false;
  std::string like;
  bool allow_unknown = false;
  bool for_check = false;          // also what is no concern of a verb that uses the policy
  SourceCopies* copies = nullptr;  // through which files are read, where they have to stay what they were
};

// What --arch says; empty is the native one.
Result<Arch> find_arch(const std::string& name);
void add_output_options(CommandLine& app, OutputOptions& options);
void add_json_option(CommandLine& app, OutputOptions& options);
void add_quiet_option(CommandLine& app, OutputOptions& options, const char* description);
void add_policy_options(CommandLine& app, PolicyOptions& options);

// Parses; a value is the status to end with at once: 0 after --help, `usage_status` after a mistake.
std::optional<int> parse(CommandLine& app, int argc, char** argv, int usage_status);

// Errors for options that say nothing about any source of these formats. `what` is what was read: "'app.cordon'".
Diagnostics unfit_options(const PolicyOptions& options, const std::vector<formats::SourceFormat>& formats,
                          const std::string& what);

// Errors for values that name no format, arch, kernel or dialect.
Result<formats::ReadOptions> read_options(const PolicyOptions& options);

}  // namespace cordon::cli
