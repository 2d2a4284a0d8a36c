// POLICY, or several of them as a stack: -p A -p B, the way the kernel asks all filters of a process.
//
//   SourceOptions source;
//   add_source_options(*app, source);
//   Result<Loaded> loaded = load(source, reading);
//
// A stack is one source of raw programs: of its policies the filters, which are proved, and the raw filters as they
// are. What the policies' rules were is not known of it.
#pragma once

#include <string>
#include <vector>

#include "cli/load.h"
#include "cli/options.h"
#include "cordon/base/result.h"

namespace cordon::cli {

struct SourceOptions {
  std::string spec;                  // POLICY
  std::vector<std::string> stacked;  // -p, the oldest first

  std::string only() const;  // empty unless there is exactly one
};

void add_source_options(CommandLine& app, SourceOptions& source);

// Errors beside those of load: no source, both POLICY and -p, a policy with lines that no filter holds, and all that
// compiling can fail with.
Result<Loaded> load(const SourceOptions& source, const PolicyOptions& options);

// What a listing says above one of several programs of a process or a stack.
std::string describe_program(const Loaded& loaded, size_t index);

}  // namespace cordon::cli
