#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "cli/converted.h"
#include "cli/cordon_text.h"
#include "cli/decompiled.h"
#include "cli/exit_status.h"
#include "cli/stacked.h"
#include "cli/verb.h"
#include "cordon/base/text.h"
#include "cordon/policy/resolve.h"

namespace cordon::cli {
namespace {

constexpr const char* kExamples =
    "  cordon convert profile.json --to cordon -o app.cordon   a container profile in cordon's own text\n"
    "  cordon convert cat.policy --to cordon -o -              minijail's, to standard output\n"
    "  cordon convert app.cordon --to docker -o sc.json        for docker run --security-opt seccomp=sc.json\n"
    "  cordon convert app.cordon --to minijail --lossy -o app.policy   stricter where the format cannot say it\n"
    "  cordon convert app.bpf --to cordon -o app.cordon        a filter any program made, decompiled\n"
    "  cordon convert -p one.bpf -p two.bpf --to cordon -o app.cordon   a stack of filters as one policy\n"
    "  cordon convert app.bpf --to cordon --width 100 -o -     with lines of at most 100 columns";

struct Options {
  SourceOptions source;
  std::string output_path, bad_arch;
  ConvertOptions how;
  std::optional<size_t> width;
};

Result<std::string> cordon_text_of(const Loaded& loaded, const Options& options) {
  formats::WriteOptions writing;
  if (!loaded.policy) writing.line_length = 0;
  if (options.width) writing.line_length = *options.width;
  return cordon_text(loaded, writing, options.how.effort);
}

// In the words of the policy language, whose reader judges it.
Result<Done> set_bad_arch(Loaded& loaded, const std::string& words, const PolicyOptions& reading) {
  Result<Policy> line = formats::read_cordon("badarch " + words + "\n", "--badarch", {});
  if (!line)
    return usage_error("--badarch cannot be '" + base::printable(words) + "'", "kill_thread, 'errno EPERM' ...");
  loaded.policy->bad_arch = line->bad_arch;
  Result<ResolvedPolicy> resolved =
      policy::resolve(*loaded.policy, {.allow_unknown = reading.allow_unknown || reading.like == "runc"});
  if (!resolved) return resolved.error();
  loaded.resolved = std::move(*resolved);
  return Done{};
}

Result<std::string> profile_text(const Loaded& source, const Options& options, const PolicyOptions& reading) {
  Loaded loaded;
  if (!source.policy) {
    Result<Loaded> found = decompiled(source, {options.how.effort});
    if (!found) return found.error();
    loaded = std::move(*found);
  } else {
    loaded = source;
  }
  if (!options.bad_arch.empty()) {
    CORDON_TRY(done, set_bad_arch(loaded, options.bad_arch, reading));
    static_cast<void>(done);
  }
  return converted(loaded, options.how);
}

Diagnostics unfit_options(const Options& options) {
  Diagnostics problems;
  const bool is_cordon = options.how.to == "cordon";
  const std::pair<const char*, bool> uses[] = {{"--lossy", options.how.is_lossy},
                                               {"--filter-only", options.how.filter_only},
                                               {"--badarch", !options.bad_arch.empty()}};
  for (const auto& [name, is_given] : uses)
    if (is_cordon && is_given)
      problems.append(usage_error(std::string(name) + " means nothing with --to cordon", "cordon's text says it all"));
  if (!is_cordon && options.width)
    problems.append(
        usage_error("--width means nothing with --to " + options.how.to, "it folds lines of cordon's text"));
  return problems;
}

// A dialect may be that of what is written.
Result<Loaded> load_source(const Options& options, PolicyOptions reading) {
  const std::string only = options.source.only();
  if (options.how.to != "minijail" || only.empty()) return load(options.source, reading);
  Result<Loaded> loaded = load_one(only, reading);
  reading.dialect.clear();
  if (!loaded) return loaded;
  if (Diagnostics unfit = cli::unfit_options(reading, {*loaded}); !unfit.empty()) return unfit;
  return loaded;
}

// No proof, and nothing to prove, are another thing than a format that cannot say it.
int status_of(const Diagnostics& problems) {
  const bool is_out_of_reach = std::any_of(problems.begin(), problems.end(), [](const Diagnostic& one) {
    return one.code.starts_with("decompile-") || one.code.ends_with("not-proved") || one.code == "proof-failed";
  });
  return is_out_of_reach ? kUndecided : kUsage;
}

int convert(const Options& options, const PolicyOptions& reading, const OutputOptions& output) {
  if (Diagnostics misuse = unfit_options(options); !misuse.empty()) return fail(misuse, output, kUsage);
  Result<Loaded> loaded = load_source(options, reading);
  print_diagnostics(loaded.diagnostics(), output);
  if (!loaded) return status_of_unread(loaded.error());
  if (const Diagnostics lost = source_overwritten(loaded->files, options.output_path); !lost.empty())
    return fail(lost, output, kUsage);
  const bool is_cordon = options.how.to == "cordon";
  Result<std::string> text = is_cordon ? cordon_text_of(*loaded, options) : profile_text(*loaded, options, reading);
  if (!text) return fail(text.error(), output, status_of(text.error()));
  print_diagnostics(text.warnings(), output);
  Result<Done> done = write_file(options.output_path, *text);
  return done ? kDone : fail(done.error(), output, kRefused);
}

}  // namespace

int convert_main(int argc, char** argv) {
  OutputOptions output;
  PolicyOptions reading;
  Options options;
  CommandLine app("convert [options] POLICY --to FMT -o FILE",
                  "Writes any policy in another format, proved equal to what was read. A raw filter is decompiled; "
                  "ends with 4 where no policy that equals it is in reach. What a format cannot say is an error.",
                  kExamples);
  add_source_options(app, options.source);
  app.add_option("--to", options.how.to, "cordon, docker, oci or minijail")
      ->required()
      ->type_name("FMT")
      ->check(one_of({"cordon", "docker", "oci", "minijail"}));
  app.add_option("-o,--output", options.output_path, "where the policy goes; - is standard output")
      ->required()
      ->type_name("FILE");
  app.add_option("--width", options.width,
                 "fold lines that only name calls at N columns, 0 for never; 100, but of a raw filter 0")
      ->type_name("N")
      ->check(in_range(0, 1000));
  app.add_flag("--lossy", options.how.is_lossy,
               "where the format cannot say it, write what is stricter, with a warning for each rule");
  app.add_option("--badarch", options.bad_arch,
                 "what calls of other architectures get, instead of what POLICY says: most formats know one answer")
      ->type_name("ACTION");
  app.add_flag("--filter-only", options.how.filter_only,
               "leave out lines the format cannot hold (files, net, scope, caps, limit)");
  app.add_option("--effort", options.how.effort, "let decompiling take so many times its usual bound, 1 to 1000")
      ->type_name("N")
      ->check(in_range(1, 1000));
  add_policy_options(app, reading);
  add_quiet_option(app, output, "print no warnings");
  add_output_options(app, output);
  if (auto status = parse(app, argc, argv, kUsage)) return *status;
  options.how.c_dialect = options.how.to == "minijail" && reading.dialect == "minijail-c";
  return convert(options, reading, output);
}

}  // namespace cordon::cli
