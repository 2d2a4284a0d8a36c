#include <algorithm>
#include <iterator>
#include <string_view>

#include "cli/decompiled.h"
#include "cli/exit_status.h"
#include "cli/learned_text.h"
#include "cli/load.h"
#include "cli/verb.h"
#include "cordon/base/sarif.h"
#include "cordon/base/text.h"
#include "cordon/policy/confinement.h"
#include "cordon/policy/lint.h"

namespace cordon::cli {
namespace {

bool is_absent_call(const Diagnostic& finding) {
  return finding.severity == Severity::note && finding.code == "absent-call";
}

constexpr const char* kExamples =
    "  cordon check app.cordon                 errors, dead rules, open doors, with places and cures\n"
    "  cordon check *.policy --json            the same as JSON\n"
    "  cordon check app.cordon --sarif out.sarif    the same for code hosts and editors, as SARIF 2.1.0\n"
    "  cordon check default.json --lenient     read JSON with forgotten commas\n"
    "  cordon check builtin:docker-default --verbose    all findings, each call this architecture lacks by name";

// A policy for many architectures names calls that one of them lacks: people need to know that, not each name.
Diagnostics with_absent_calls_counted(const Diagnostics& findings) {
  constexpr size_t kNamedEach = 3;
  size_t absent = 0;
  for (const Diagnostic& finding : findings) absent += is_absent_call(finding) ? 1 : 0;
  if (absent <= kNamedEach) return findings;
  Diagnostics kept;
  const Diagnostic* first = nullptr;
  for (const Diagnostic& finding : findings) {
    if (!is_absent_call(finding))
      kept.add(finding);
    else if (first == nullptr)
      first = &finding;
  }
  Place place;
  place.file = first->place.file;
  kept.note("absent-call", std::move(place),
            std::to_string(absent) + " calls do not exist on the policy's architectures: their rules say nothing here",
            "--verbose names them");
  return kept;
}

Diagnostics weaknesses(const Loaded& loaded) {
  Diagnostics findings;
  if (const std::string mark = incomplete_mark(*loaded.policy); !mark.empty())
    findings.warning("incomplete-recording", in_file(loaded), "the policy says of itself: " + base::printable(mark),
                     "learn it again; or, if the rules are known to be enough, take the comment out");
  const std::vector<PlacedLine> lines = policy::placed_lines(*loaded.policy);
  if (const Result<Confinement> confinement = policy::confine({&lines, 1}); !confinement)
    findings.append(confinement.error());
  for (Diagnostic finding : policy::lint(*loaded.policy, *loaded.resolved)) {
    if (finding.place.file.empty()) finding.place.file = loaded.name;
    findings.add(std::move(finding));
  }
  return findings;
}

// Those of the policy a program is equal to. A program that is equal to none is admitted by the kernel all the same.
Diagnostics weaknesses_of_program(const Loaded& loaded) {
  Result<Loaded> policy = decompiled(loaded, {});
  if (policy) return weaknesses(*policy);
  Diagnostics findings;
  for (Diagnostic finding : policy.error()) {
    finding.severity = finding.code == "decompile-any-arch" ? Severity::warning : Severity::note;
    findings.add(std::move(finding));
  }
  return findings;
}

// Everything there is to say about one source.
Diagnostics check(const Result<Loaded>& loaded) {
  Diagnostics findings = loaded.diagnostics();
  if (!loaded) return findings;
  if (!loaded->policy) {  // reading it was the kernel's own check
    findings.append(weaknesses_of_program(*loaded));
    return findings;
  }
  findings.append(weaknesses(*loaded));
  Result<FilterStack> stack = compile_stack(*loaded, {}, {});
  findings.append(stack.diagnostics());
  if (stack && stack->filters.size() > 1)
    findings.note("stacked-filters", in_file(*loaded),
                  "the policy is too large for one filter: it takes " + std::to_string(stack->filters.size()) +
                      ", each of which decides some of the calls",
                  "`cordon run` installs all of them; `cordon compile --split` writes them");
  return findings;
}

constexpr std::string_view kUnread[] = {"system",          "usage",      "not-a-policy", "unsupported-source",
                                        "unknown-builtin", "no-process", "no-filters",   "not-a-process"};

// What could not be read at all is bad input; a mistake in what was read is a finding.
int status_of(const Diagnostics& findings) {
  if (has_code(findings, "process-refused")) return kRefused;
  for (const Diagnostic& finding : findings)
    if (finding.severity == Severity::error &&
        std::find(std::begin(kUnread), std::end(kUnread), finding.code) != std::end(kUnread))
      return kUsage;
  return findings.has_findings() ? kFindings : kDone;
}

// Included ones too; of sources with mistakes those that have one.
std::vector<std::string> files_read(const std::vector<Loaded>& sources, const Diagnostics& findings) {
  std::vector<std::string> files;
  for (const Loaded& source : sources) files.insert(files.end(), source.files.begin(), source.files.end());
  for (const Diagnostic& finding : findings) files.push_back(finding.place.file);
  return files;
}

std::string sarif_document(const Diagnostics& findings, int status) {
  return write_sarif(findings, {.tool = "cordon", .version = CORDON_VERSION, .was_successful = status != kUsage});
}

}  // namespace

int check_main(int argc, char** argv) {
  OutputOptions output;
  PolicyOptions options;
  std::vector<std::string> specs;
  std::string sarif;
  bool verbose = false;
  CommandLine app("check [options] POLICY...",
                  "Parses and lints policies. Ends with 1 on errors and warnings, 2 if a source cannot be read at "
                  "all, 0 if there are only notes.",
                  kExamples);
  app.add_option("POLICY", specs, "policy sources")->required();
  app.add_flag("--verbose", verbose, "tell every finding, and name each call that the policy's architectures lack");
  add_policy_options(app, options);
  add_json_option(app, output);
  app.add_option("--sarif", sarif, "also write all findings as SARIF 2.1.0; - is standard output")->type_name("FILE");
  add_quiet_option(app, output, "print errors only");
  add_output_options(app, output);
  if (auto status = parse(app, argc, argv, kUsage)) return *status;
  if (app.count("--sarif") > 0 && sarif.empty())
    return fail(usage_error("--sarif names no file", "--sarif FILE; - is standard output"), output, kUsage);
  if (output.json && sarif == "-")
    return fail(usage_error("--json and --sarif - both write to standard output", "name a file for --sarif"), output,
                kUsage);
  for (const std::string& spec : specs)
    if (const Diagnostics lost = source_overwritten(spec, sarif); !lost.empty()) return fail(lost, output, kUsage);
  options.for_check = true;
  output.all_findings = verbose;
  if (Result<formats::ReadOptions> how = read_options(options); !how) return fail(how.error(), output, kUsage);
  if (const Diagnostics twice = standard_input_twice(specs); !twice.empty()) return fail(twice, output, kUsage);

  Diagnostics findings, all;
  std::vector<Loaded> sources;
  for (const std::string& spec : specs) {
    Result<Loaded> loaded = load_one(spec, options);
    const Diagnostics found = check(loaded);
    all.append(found);
    findings.append(verbose || output.json ? found : with_absent_calls_counted(found));
    if (loaded) sources.push_back(std::move(*loaded));
  }
  if (sources.size() == specs.size()) {
    const Diagnostics unfit = unfit_options(options, sources);
    findings.append(unfit);
    all.append(unfit);
  }
  const int status = status_of(findings);
  if (!sarif.empty()) {
    if (const Diagnostics lost = source_overwritten(files_read(sources, all), sarif); !lost.empty())
      return fail(lost, output, kUsage);
    Result<Done> written = write_file(sarif, sarif_document(all, status));
    if (!written) return fail(written.error(), output, kRefused);
    if (sarif == "-") return status;
  }
  if (output.json) return finish_output(diagnostics_document(findings), status);
  print_diagnostics(findings, output);
  return status;
}

}  // namespace cordon::cli
