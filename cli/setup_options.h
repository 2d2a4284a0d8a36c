// Options of `run` for what a command is started with: its user, directory and environment.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cordon/base/result.h"
#include "cordon/policy/confinement.h"
#include "cordon/sandbox/process_setup.h"

namespace cordon::cli {

struct SetupOptions {
  // Names or numbers. Given empty, as by a variable nobody has set, they are mistakes.
  std::optional<std::string> uid, gid;
  std::optional<std::string> groups;
  std::optional<std::string> directory;
  std::optional<std::string> umask;
  std::optional<std::string> ptracer, cpus, personality, context;  // trait_options.h
  std::vector<std::string> environment, unset;
  bool clear_environment = false;
};

void add_setup_options(CommandLine& app, SetupOptions& options);
void add_environment_options(CommandLine& app, SetupOptions& options);

// The lines the options stand for, beside umask.
std::vector<PlacedLine> lines_of(const SetupOptions& options);

// What the lines and options of all sources ask for, as they were laid over each other. Errors for users nobody knows,
// and values that are none.
Result<ProcessSetup> setup_of(const ProcessLines& lines);
// --umask.
Result<std::optional<mode_t>> mask_of(const SetupOptions& options);

// A mistake in what somebody said, told at the policy's line, or as one of the command line with the option's name.
// `message` goes on after that name: "takes a list of CPUs".
Diagnostics misuse_of(const PlacedText& said, const char* option, const std::string& message, std::string hint);

}  // namespace cordon::cli
