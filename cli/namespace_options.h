// Options of `run` about namespaces that no line says, and what lines and options make of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cordon/base/fd.h"
#include "cordon/base/result.h"
#include "cordon/policy/confinement.h"
#include "cordon/sandbox/process_setup.h"

namespace cordon::cli {

struct NamespaceOptions {
  std::vector<std::string> uid_maps, gid_maps;
  std::optional<std::string> hostname;
  std::optional<std::string> joined;  // PID, or PID:KINDS
};

void add_namespace_options(CommandLine& app, NamespaceOptions& options);

struct Namespaces {
  Fd joined_process;  // what setup.joined_process is
  NamespaceSetup setup;
};

// Those the lines ask for too. Errors for kinds this kernel has not, for places and processes that are not there, for
// what needs a namespace that was not asked for.
Result<Namespaces> namespaces_of(const NamespaceOptions& options, const Confinement& confinement);

}  // namespace cordon::cli
