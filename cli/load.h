// A policy source, read and resolved, ready for any verb.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/options.h"
#include "cli/proved_filter.h"
#include "cordon/base/result.h"
#include "cordon/bpf/program.h"
#include "cordon/compile/compile.h"
#include "cordon/observe/process_filters.h"
#include "cordon/policy/call.h"
#include "cordon/policy/policy.h"
#include "cordon/policy/resolved_policy.h"

namespace cordon::cli {

// Either a policy with its meaning, or raw programs.
struct Loaded {
  std::string name;  // as given on the command line, printable
  formats::SourceFormat format = formats::SourceFormat::cordon;
  std::optional<Policy> policy;
  std::optional<ResolvedPolicy> resolved;  // with policy
  std::vector<bpf::Program> programs;      // without: one, or all of a process or a stack, the oldest first
  std::optional<ProcessFilters> process;   // whose programs they are
  std::vector<std::string> files;          // that were read for it, included ones too; "-" is standard input
  std::vector<std::string> program_names;  // of a stack: the source of each
};

// The result's warnings are those of reading and resolving. An option that says nothing about any source is an error.
Result<Loaded> load(const std::string& spec, const PolicyOptions& options);
Result<std::vector<Loaded>> load_all(const std::vector<std::string>& specs, const PolicyOptions& options);
// The same for one source of several: whether the options fit is to be judged of all.
Result<Loaded> load_one(const std::string& spec, const PolicyOptions& options);
Diagnostics unfit_options(const PolicyOptions& options, const std::vector<Loaded>& sources);
// An error where "-" stands among the sources more than once: the second would find nothing.
Diagnostics standard_input_twice(const std::vector<std::string>& specs);

// What a verb ends with that could not read its sources: kUsage, or kRefused where the system did not let it.
int status_of_unread(const Diagnostics& problems);
// The same sources, each with one program at the most: the filters of a process one by one.
std::vector<Loaded> one_filter_each(const std::vector<Loaded>& sources);

// An error where the policy has lines that only a sandbox holds; `cure` says what to do.
Diagnostics lines_no_filter_holds(const Loaded& loaded, const std::string& cure);

// Compiles and proves; errors that name rules by index are told with the rules' places.
Result<Filter> compile(const Loaded& loaded, const compiler::CompileOptions& options, const ProofOptions& proof);
// As several filters where one is too small.
Result<FilterStack> compile_stack(const Loaded& loaded, const compiler::CompileOptions& options,
                                  const ProofOptions& proof);

// "cat.policy:7: errno EINVAL openat", "cat.policy: default (no rule names ioctl)"
std::string describe_origin(const Loaded& loaded, const Decision& decision, const Call& call);

// The source as a whole.
Place in_file(const Loaded& loaded);
// "app.cordon:7", or the policy's name if the origin is no rule.
Place place_of(const Loaded& loaded, const Origin& origin);

}  // namespace cordon::cli
