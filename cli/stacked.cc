#include "cli/stacked.h"

#include <utility>

#include "cli/process_source.h"
#include "cordon/base/text.h"

namespace cordon::cli {
namespace {

constexpr const char* kCure = "`cordon compile --filter-only` makes a filter without such lines, to be stacked instead";

// The filters of one source, under names of their own where there are several.
Result<Done> append(const Loaded& source, Loaded& stack) {
  std::vector<bpf::Program> programs = source.programs;
  if (source.policy) {
    if (Diagnostics problems = lines_no_filter_holds(source, kCure); !problems.empty()) return problems;
    Result<FilterStack> compiled = compile_stack(source, {}, {});
    if (!compiled) return compiled.error();
    for (Filter& filter : compiled->filters) programs.push_back(std::move(filter.program));
  }
  for (size_t i = 0; i < programs.size(); ++i) {
    stack.program_names.push_back(source.name + (programs.size() > 1 ? "/" + std::to_string(i) : ""));
    stack.programs.push_back(std::move(programs[i]));
  }
  return Done{};
}

Result<Loaded> stacked(const std::vector<Loaded>& sources) {
  Loaded stack;
  stack.format = formats::SourceFormat::bpf;
  for (const Loaded& source : sources) {
    stack.name += (stack.name.empty() ? "" : ", ") + source.name;
    stack.files.insert(stack.files.end(), source.files.begin(), source.files.end());
    CORDON_TRY(done, append(source, stack));
    static_cast<void>(done);
  }
  return stack;
}

}  // namespace

void add_source_options(CommandLine& app, SourceOptions& source) {
  app.add_option("POLICY", source.spec, "policy source");
  app.add_option("-p,--policy", source.stacked,
                 "the same; several are a stack, the oldest first, and the stricter answer wins")
      ->type_name("POLICY");
}

std::string SourceOptions::only() const {
  if (stacked.empty()) return spec;
  return stacked.size() == 1 && spec.empty() ? stacked.front() : std::string();
}

Result<Loaded> load(const SourceOptions& source, const PolicyOptions& options) {
  if (source.spec.empty() && source.stacked.empty())
    return usage_error("no policy was given", "POLICY, or -p A -p B for a stack");
  if (!source.spec.empty() && !source.stacked.empty())
    return usage_error("POLICY and -p were given both: '" + base::printable(source.spec) + "' and '" +
                           base::printable(source.stacked.front()) + "'",
                       "give all policies of a stack with -p");
  if (source.stacked.size() < 2) return load(source.only(), options);
  Result<std::vector<Loaded>> loaded = load_all(source.stacked, options);
  if (!loaded) return loaded.error();
  Result<Loaded> stack = stacked(*loaded);
  if (!stack) return stack.error();
  return {std::move(*stack), loaded.warnings()};
}

std::string describe_program(const Loaded& loaded, size_t index) {
  if (loaded.process) return describe_filter(*loaded.process, loaded.process->filters[index]);
  return "filter " + std::to_string(index + 1) + " of " + std::to_string(loaded.programs.size()) + ", " +
         loaded.program_names[index];
}

}  // namespace cordon::cli
