// Command lines: every verb parses its own with CLI11, the same way.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/output.h"
#include "cordon/formats/read.h"

namespace cordon::cli {

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
  bool for_check = false;  // also what is no concern of a verb that uses the policy
};

// An app for `cordon SYNOPSIS` (its first word is the verb) with --help, the examples below it, and --color; --json if
// the verb reports.
std::unique_ptr<CLI::App> make_app(const std::string& synopsis, const std::string& description,
                                   const std::string& examples);
// The values an option takes; another one is answered with the nearest, or with all of them.
// CLI11 has one text for what went wrong; between message and hint of ours stands this.
inline constexpr char kHintFollows = '\n';

CLI::Validator one_of(const std::vector<std::string>& values);
// What --arch says; empty is the native one.
Result<Arch> find_arch(const std::string& name);
void add_output_options(CLI::App& app, OutputOptions& options);
void add_json_option(CLI::App& app, OutputOptions& options);
void add_quiet_option(CLI::App& app, OutputOptions& options, const std::string& description);
void add_policy_options(CLI::App& app, PolicyOptions& options);

// Parses; a value is the status to end with at once: 0 after --help, `usage_status` after a mistake.
std::optional<int> parse(CLI::App& app, int argc, char** argv, int usage_status);

// The command after the options; an error where a word that looks like an option would be run as one.
Result<std::vector<std::string>> command_of(const CLI::App& app);

// Errors for options that say nothing about any source of these formats. `what` is what was read: "'app.cordon'".
Diagnostics unfit_options(const PolicyOptions& options, const std::vector<formats::SourceFormat>& formats,
                          const std::string& what);

// Errors for values that name no format, arch, kernel or dialect.
Result<formats::ReadOptions> read_options(const PolicyOptions& options);

}  // namespace cordon::cli
