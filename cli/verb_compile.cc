#include <algorithm>

#include "cli/decompiled.h"
#include "cli/exit_status.h"
#include "cli/filter_document.h"
#include "cli/load.h"
#include "cli/program_file.h"
#include "cli/verb.h"
#include "cordon/base/json_writer.h"
#include "cordon/bpf/cost.h"

namespace cordon::cli {
namespace {

constexpr const char* kExamples =
    "  cordon compile app.cordon -o app.bpf            a filter as bubblewrap --seccomp and crun take it\n"
    "  cordon compile app.cordon -o app.bpf --report   and what it costs\n"
    "  cordon compile profile.json --to asm -o -       look at the instructions\n"
    "  cordon compile app.cordon --to pfc -o -         the filter as pseudo code\n"
    "  cordon compile app.cordon --to json -o app.json    instructions, their meaning and their rules, for programs\n"
    "  cordon compile pid:1234 -o one.bpf    one filter for all those of a running process\n"
    "  cordon compile app.cordon -o - --dump=dag --to asm   each stage's result";

// In the order of the compiler's dump.
constexpr const char* kStages[] = {"resolved", "split", "tree", "dag", "program"};

struct Options {
  std::string spec, output_path, to, optimize = "attach";
  std::vector<std::string> dump;  // of kStages
  bool report = false, filter_only = false;
  ProofOptions proof;
};

constexpr std::string_view kUnproved = "not proved equal to its policy";

std::string report_text(const Filter& filter, bool is_proved, bool json) {
  const bpf::Cost cost = bpf::cost(filter.program);
  if (json) {
    JsonWriter writer;
    writer.begin_object().key("schema").value("cordon.compile/1");
    writer.key("instructions").value(cost.insn_count).key("converted_instructions").value(cost.converted_count);
    writer.key("longest_path").value(cost.longest_path).key("dispatch_tests").value(filter.report.dispatch_tests);
    writer.key("proved").value(is_proved).end_object();
    return std::move(writer).take();
  }
  return "instructions            " + std::to_string(cost.insn_count) + "\n" + "converted by the kernel " +
         std::to_string(cost.converted_count) + "\n" + "longest path            " + std::to_string(cost.longest_path) +
         "\n" + "tests of number, arch   " + std::to_string(filter.report.dispatch_tests) + "\n" +
         "proved                  " + (is_proved ? "equal to the policy" : "no") + "\n";
}

std::optional<compiler::Optimize> find_optimize(const std::string& name) {
  if (name == "none") return compiler::Optimize::none;
  if (name == "attach") return compiler::Optimize::attach;
  if (name == "size") return compiler::Optimize::size;
  return std::nullopt;
}

// The texts of the stages asked for, to standard error.
void print_stages(const std::vector<std::string>& stages, const std::vector<std::string>& wanted) {
  for (size_t i = 0; i < stages.size() && i < std::size(kStages); ++i)
    if (std::find(wanted.begin(), wanted.end(), kStages[i]) != wanted.end())
      print_error("== " + std::string(kStages[i]) + "\n" + stages[i]);
}

// What `asm` cannot write, as it has no policy.
constexpr const char* kDocuments[] = {"json", "dot", "pfc"};

std::vector<std::string> formats() {
  std::vector<std::string> names = program_formats();
  names.insert(names.end(), std::begin(kDocuments), std::end(kDocuments));
  return names;
}

int write_filter(const Result<Filter>& filter, const Loaded& loaded, const Options& options,
                 const OutputOptions& output) {
  const Proof proof = has_code(filter.warnings(), "not-proved") ? Proof::unproved : Proof::proved;
  if (std::find(std::begin(kDocuments), std::end(kDocuments), options.to) == std::end(kDocuments))
    return write_program(filter->program,
                         {.path = options.output_path,
                          .format = options.to,
                          .endian = filter->endian,
                          .remark = proof == Proof::proved ? "" : std::string(kUnproved)},
                         output);
  const std::string text = options.to == "json"  ? filter_json(*filter, loaded, proof)
                           : options.to == "dot" ? filter_dot(*filter, loaded, proof)
                                                 : filter_pseudo_code(*filter, loaded, proof);
  Result<Done> written = write_file(options.output_path, text);
  return written ? kDone : fail(written.error(), output, kRefused);
}

int compile_to_file(const Options& options, const PolicyOptions& reading, const OutputOptions& output) {
  Result<Loaded> loaded = load(options.spec, reading);
  print_diagnostics(loaded.diagnostics(), output);
  if (!loaded) return status_of_unread(loaded.error());
  if (loaded->process) {
    loaded = decompiled(*loaded, {options.proof.effort});
    if (!loaded) return fail(loaded.error(), output, kUndecided);
  }
  if (!loaded->policy)
    return fail(usage_error("'" + options.spec + "' is a filter already", "`cordon disasm` shows it"), output, kUsage);
  if (!loaded->policy->sandbox.empty() && !options.filter_only) {
    const SandboxLine& line = loaded->policy->sandbox.lines.front();
    Diagnostics problem;
    problem.error("sandbox-line", loaded->policy->sources.locate(line.span),
                  "a filter cannot hold the line '" + line.subject + "'", "--filter-only leaves such lines out");
    return fail(problem, output, kUsage);
  }
  auto optimize = find_optimize(options.optimize);
  std::vector<std::string> stages;
  Result<Filter> filter =
      compile(*loaded, {.optimize = *optimize, .dump = options.dump.empty() ? nullptr : &stages}, options.proof);
  print_stages(stages, options.dump);
  if (!filter) return fail(filter.error(), output, status_of_failure(filter.error(), kUsage));
  print_diagnostics(filter.warnings(), output);
  const bool is_proved = !has_code(filter.warnings(), "not-proved");
  const int status = write_filter(filter, *loaded, options, output);
  if (status != kDone || !options.report) return status;
  if (options.output_path == "-") {
    print_error(report_text(*filter, is_proved, output.json));
    return kDone;
  }
  return finish_output(report_text(*filter, is_proved, output.json), kDone);
}

}  // namespace

int compile_main(int argc, char** argv) {
  OutputOptions output;
  PolicyOptions reading;
  Options options;
  auto app = make_app(
      "compile [options] POLICY -o FILE",
      "Compiles a policy to a BPF filter and proves the filter equal to the policy. Ends with 4 if the proof is not "
      "decided.",
      kExamples);
  app->add_option("POLICY", options.spec, "policy source")->required();
  app->add_option("-o,--output", options.output_path, "where the filter goes; - is standard output")
      ->required()
      ->type_name("FILE");
  app->add_option("--to", options.to, "bpf (default), hex, c, asm, json, dot or pfc (pseudo code)")
      ->type_name("FMT")
      ->check(one_of(formats()));
  app->add_option("--optimize", options.optimize, "attach (default: cheapest to attach), size or none")
      ->type_name("GOAL")
      ->check(one_of({"attach", "size", "none"}));
  add_proof_options(*app, options.proof);
  app->add_flag("--report", options.report, "print what the filter costs");
  app->add_flag("--filter-only", options.filter_only, "leave out lines a filter cannot hold (files, net, caps, limit)");
  app->add_option("--dump", options.dump, "print stages: resolved,split,tree,dag,program")
      ->type_name("STAGES")
      ->delimiter(',')
      ->check(one_of({std::begin(kStages), std::end(kStages)}));
  add_policy_options(*app, reading);
  add_json_option(*app, output);
  add_quiet_option(*app, output, "print no warnings");
  add_output_options(*app, output);
  if (auto status = parse(*app, argc, argv, kUsage)) return *status;
  if (output.json && !options.report)
    return fail(usage_error("--json means nothing without --report", "it is the report's form"), output, kUsage);
  return compile_to_file(options, reading, output);
}

}  // namespace cordon::cli
