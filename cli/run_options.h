// The command line of `run`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/confine_options.h"
#include "cli/explain.h"
#include "cli/namespace_options.h"
#include "cli/on_notify.h"
#include "cli/options.h"
#include "cli/proved_filter.h"
#include "cli/setup_options.h"
#include "cordon/sandbox/supervise.h"

namespace cordon::cli {

struct RunOptions {
  std::vector<std::string> specs;
  std::string start;
  std::string via;  // a server's socket
  std::string explain = "denials";
  bool no_cache = false;
  bool exec = false, strict = false, no_listener = false, danger_new_privs = false, explain_landlock = false;
  bool log = false, spec_allow = false, tsync = false, wait_killable = false;
  ConfineOptions confining;
  SetupOptions setup;
  NamespaceOptions namespaces;
  ExplainOptions explaining;
  NotifyOptions notifying;
  std::optional<double> timeout_s;
  std::optional<double> kill_after_s;
  ProofOptions proof;
};

void add_run_options(CommandLine& app, RunOptions& options);

std::optional<TimeLimit> time_limit(const RunOptions& options);

// SECCOMP_FILTER_FLAG_* that go with every filter.
uint32_t filter_flags(const RunOptions& options);

// Errors for options that need somebody beside the command, or a listener, where there is none.
Diagnostics nobody_stays(const RunOptions& options);

}  // namespace cordon::cli
