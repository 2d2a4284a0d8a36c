#include "cli/exit_status.h"
#include "cli/load.h"
#include "cli/verb.h"
#include "cordon/bpf/disassemble.h"
#include "cordon/policy/lint.h"

namespace cordon::cli {
namespace {

constexpr const char* kExamples =
    "  cordon check app.cordon                 errors, dead rules, open doors, with places and cures\n"
    "  cordon check *.policy --json            the same as JSON\n"
    "  cordon check default.json --lenient     read JSON with forgotten commas";

// Everything there is to say about one source.
Diagnostics check(const std::string& spec, const PolicyOptions& options, bool& readable) {
  Result<Loaded> loaded = load(spec, options);
  Diagnostics findings = loaded.diagnostics();
  if (!loaded) {
    readable = false;
    return findings;
  }
  if (loaded->program) return findings;  // reading a program is the kernel's own check
  findings.append(policy::lint(*loaded->policy, *loaded->resolved));
  Result<Filter> filter = compile(*loaded, {});
  if (!filter) {
    readable = false;
    findings.append(filter.error());
  }
  return findings;
}

}  // namespace

int check_main(int argc, char** argv) {
  OutputOptions output;
  PolicyOptions options;
  std::vector<std::string> specs;
  auto app = make_app("check", "Parses and lints policies. Ends with 1 on errors of meaning or warnings, 2 on unreadable input; notes alone end with 0.", kExamples);
  app->add_option("POLICY", specs, "policy sources")->required();
  add_policy_options(*app, options);
  add_json_option(*app, output);
  add_output_options(*app, output);
  if (auto status = parse(*app, argc, argv, kUsage)) return *status;
  options.keep_notes = true;

  Diagnostics findings;
  bool readable = true;
  for (const std::string& spec : specs) findings.append(check(spec, options, readable));
  const int status = !readable ? kUsage : findings.has_findings() ? kFindings : kDone;
  if (output.json) return finish_output(diagnostics_document(findings), status);
  print_diagnostics(findings, output);
  return status;
}

}  // namespace cordon::cli
