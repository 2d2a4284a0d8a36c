// Options of `run` for what is a process's own and neither a right nor a limit: who may trace it, its CPUs, its
// personality, the context a security module gives its program.
#pragma once

#include "cli/setup_options.h"
#include "cordon/base/result.h"
#include "cordon/sandbox/process_setup.h"

namespace cordon::cli {

void add_trait_options(CommandLine& app, SetupOptions& options);

// Errors for values that are none, and for what this kernel has not; a warning where Yama lacks and may.
Result<Done> set_traits(const ProcessLines& lines, bool may_lack_ptracer, ProcessSetup& setup);

// Whether one process is named, by its number here.
bool names_ptracer(const ProcessSetup& setup);

}  // namespace cordon::cli
