#include <algorithm>

#include "cli/decompiled.h"
#include "cli/exit_status.h"
#include "cli/load.h"
#include "cli/profile.h"
#include "cli/stack_output.h"
#include "cli/stacked.h"
#include "cli/verb.h"

namespace cordon::cli {
namespace {

constexpr const char* kExamples =
    "  cordon compile app.cordon -o app.bpf            a filter as bubblewrap --seccomp and crun take it\n"
    "  cordon compile app.cordon -o app.bpf --report   and what it costs\n"
    "  cordon compile profile.json --to asm -o -       look at the instructions\n"
    "  cordon compile app.cordon --to pfc -o -         the filter as pseudo code\n"
    "  cordon compile app.cordon --to json -o app.json    instructions, their meaning and their rules, for programs\n"
    "  cordon compile pid:1234 -o one.bpf    one filter for all those of a running process\n"
    "  cordon compile -p base.cordon -p app.cordon -o one.bpf    one filter for two policies that are stacked\n"
    "  cordon compile huge.cordon -o huge.bpf --split  huge.bpf and huge.2.bpf, if one filter is too small\n"
    "  cordon compile app.cordon -o app.bpf --profile app.cordon-trace    calls that `learn` saw often first\n"
    "  cordon compile app.cordon -o - --dump=dag --to asm   each stage's result";

// In the order of the compiler's dump.
constexpr const char* kStages[] = {"resolved", "split", "tree", "dag", "program"};

struct Options {
  SourceOptions source;
  std::string output_path, to, optimize = "attach";
  std::vector<std::string> profile;
  std::vector<std::string> dump;  // of kStages
  bool report = false, filter_only = false, split = false;
  ProofOptions proof;
};

std::optional<compiler::Optimize> find_optimize(const std::string& name) {
  if (name == "none") return compiler::Optimize::none;
  if (name == "attach") return compiler::Optimize::attach;
  if (name == "size") return compiler::Optimize::size;
  if (name == "max") return compiler::Optimize::max;
  return std::nullopt;
}

// The texts of the stages asked for, to standard error; those of several filters one after another.
void print_stages(const std::vector<std::string>& stages, const std::vector<std::string>& wanted) {
  const size_t filters = stages.size() / std::size(kStages);
  for (size_t i = 0; i < stages.size(); ++i) {
    const std::string name = kStages[i % std::size(kStages)];
    if (std::find(wanted.begin(), wanted.end(), name) == wanted.end()) continue;
    print_error("== " + name + (filters > 1 ? " of filter " + std::to_string(i / std::size(kStages) + 1) : "") + "\n" +
                stages[i]);
  }
}

int compile_to_file(const Options& options, const PolicyOptions& reading, const OutputOptions& output) {
  Result<Loaded> loaded = load(options.source, reading);
  print_diagnostics(loaded.diagnostics(), output);
  if (!loaded) return status_of_unread(loaded.error());
  std::vector<std::string> read = loaded->files;
  read.insert(read.end(), options.profile.begin(), options.profile.end());
  if (const Diagnostics lost = source_overwritten(read, options.output_path); !lost.empty())
    return fail(lost, output, kUsage);
  if (loaded->process || loaded->programs.size() > 1) {
    loaded = decompiled(*loaded, {options.proof.effort});
    if (!loaded) return fail(loaded.error(), output, kUndecided);
  }
  if (!loaded->policy)
    return fail(usage_error("'" + loaded->name + "' is a filter already", "`cordon disasm` shows it"), output, kUsage);
  if (Diagnostics problems = lines_no_filter_holds(*loaded, "--filter-only leaves such lines out");
      !problems.empty() && !options.filter_only)
    return fail(problems, output, kUsage);
  const Result<CallProfile> profile = read_profile(options.profile, *loaded);
  print_diagnostics(profile.diagnostics(), output);
  if (!profile) return kUsage;
  auto optimize = find_optimize(options.optimize);
  std::vector<std::string> stages;
  Result<FilterStack> stack = compile_stack(
      *loaded, {.optimize = *optimize, .dump = options.dump.empty() ? nullptr : &stages, .weights = profile->weights},
      options.proof);
  print_stages(stages, options.dump);
  if (!stack) return fail(stack.error(), output, status_of_failure(stack.error(), kUsage));
  print_diagnostics(stack.warnings(), output);
  const StackFile file{.path = options.output_path,
                       .format = options.to,
                       .proof = has_code(stack.warnings(), "not-proved") ? Proof::unproved : Proof::proved,
                       .may_split = options.split,
                       .sources = std::move(read)};
  const int status = write_stack(*stack, *loaded, file, output);
  if (status != kDone || !options.report) return status;
  std::optional<ProfiledCost> profiled;
  if (!options.profile.empty()) profiled = cost_of(programs_of(*stack), profile->recording);
  const std::string report =
      output.json ? stack_report_json(*stack, file, profiled) : stack_report(*stack, file, profiled);
  if (options.output_path != "-") return finish_output(report, kDone);
  print_error(report);
  return kDone;
}

}  // namespace

int compile_main(int argc, char** argv) {
  OutputOptions output;
  PolicyOptions reading;
  Options options;
  CommandLine app(
      "compile [options] POLICY -o FILE",
      "Compiles a policy to a BPF filter and proves the filter equal to the policy. Ends with 4 if the proof is not "
      "decided.",
      kExamples);
  add_source_options(app, options.source);
  app.add_option("-o,--output", options.output_path, "where the filter goes; - is standard output")
      ->required()
      ->type_name("FILE");
  app.add_option("--to", options.to, "bpf (default), hex, c, asm, json, dot or pfc (pseudo code)")
      ->type_name("FMT")
      ->check(one_of(compiled_formats()));
  app.add_option("--optimize", options.optimize,
                 "attach (default: cheapest to attach), size (small), max (smallest; searches for seconds) or none")
      ->type_name("GOAL")
      ->check(one_of({"attach", "size", "max", "none"}));
  add_profile_option(app, options.profile);
  add_proof_options(app, options.proof);
  app.add_flag("--split", options.split,
               "write a policy too large for one filter as several: FILE, then FILE with .2, .3 before its extension");
  app.add_flag("--report", options.report, "print what the filter costs");
  app.add_flag("--filter-only", options.filter_only,
               "leave out lines a filter cannot hold (files, net, scope, caps, limit)");
  app.add_option("--dump", options.dump, "print stages: resolved,split,tree,dag,program")
      ->type_name("STAGES")
      ->delimiter(',')
      ->check(one_of({std::begin(kStages), std::end(kStages)}));
  add_policy_options(app, reading);
  add_json_option(app, output);
  add_quiet_option(app, output, "print no warnings");
  add_output_options(app, output);
  if (auto status = parse(app, argc, argv, kUsage)) return *status;
  if (output.json && !options.report)
    return fail(usage_error("--json means nothing without --report", "it is the report's form"), output, kUsage);
  return compile_to_file(options, reading, output);
}

}  // namespace cordon::cli
