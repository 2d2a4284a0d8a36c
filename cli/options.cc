#include "cli/options.h"

#include <sys/utsname.h>

#include <algorithm>

#include "cli/exit_status.h"
#include "cli/source_copies.h"
#include "cordon/abi/arch.h"
#include "cordon/base/text.h"
#include "cordon/formats/oci_words.h"

namespace cordon::cli {
namespace {

std::optional<KernelVersion> running_kernel() {
  utsname names{};
  if (::uname(&names) != 0) return std::nullopt;
  return abi::parse_kernel_version(names.release);
}

Diagnostic bad_value(const std::string& option, const std::string& value, std::string hint) {
  Diagnostics problem;
  return problem.error("usage", {}, option + " cannot be '" + base::printable(value) + "'", std::move(hint));
}

// "CAP_CHOWN, CAP_KILL"
std::vector<std::string> words_of_list(const std::string& list) {
  constexpr const char* kBetween = ", \t";
  std::vector<std::string> words;
  for (size_t at = list.find_first_not_of(kBetween); at < list.size(); at = list.find_first_not_of(kBetween, at)) {
    const size_t end = std::min(list.find_first_of(kBetween, at), list.size());
    words.push_back(list.substr(at, end - at));
    at = end;
  }
  return words;
}

Diagnostics unknown_capabilities(const std::vector<std::string>& names) {
  Diagnostics problems;
  for (const std::string& written : names) {
    const std::string name = formats::capability_name(written);
    if (name == "CAP_ALL" || formats::is_capability(name)) continue;
    problems.error("usage", {}, "--cap: no capability is called '" + base::printable(written) + "'",
                   formats::valid_words_hint(formats::OciVocabulary::capability, name));
  }
  return problems;
}

}  // namespace

Result<Arch> find_arch(const std::string& name) {
  if (name.empty()) return abi::native_arch();
  if (std::optional<Arch> arch = abi::find_arch(name)) return *arch;
  std::vector<std::string_view> names;
  for (const abi::ArchInfo& info : abi::arches()) names.push_back(info.name);
  std::string hint = base::did_you_mean(name, names);
  return bad_value("--arch", name, hint.empty() ? "`cordon list arches` names them" : hint);
}

void add_output_options(CommandLine& app, OutputOptions& options) {
  app.add_option_function(
         "--color",
         [&options](const std::string& when) {
           options.color = when == "always" ? Color::always : when == "never" ? Color::never : Color::automatic;
         },
         "color of messages: auto, always or never (NO_COLOR is obeyed)")
      ->check(one_of({"auto", "always", "never"}))
      ->type_name("WHEN");
}

void add_json_option(CommandLine& app, OutputOptions& options) {
  app.add_flag("--json", options.json, "report as JSON with stable keys");
}

void add_quiet_option(CommandLine& app, OutputOptions& options, const char* description) {
  app.add_flag("-q,--quiet", options.quiet, description);
}

void add_policy_options(CommandLine& app, PolicyOptions& options) {
  const char* group = "Reading policies";
  app.add_option("--format", options.format,
                 "what POLICY is: cordon, minijail, docker, oci, bpf (default: by name and content)")
      ->type_name("FMT")
      ->group(group);
  app.add_option("--arch", options.arch,
                 "the architecture a Docker profile or a minijail policy is read for (default: native)")
      ->type_name("ARCH")
      ->group(group);
  app.add_flag("--sub-arches", options.sub_arches, "a Docker profile's sub-architectures too")->group(group);
  app.add_option_function(
         "--cap",
         [&options](const std::string& list) {
           options.capabilities_given = true;
           for (const std::string& name : words_of_list(list)) options.capabilities.push_back(name);
         },
         "capabilities a Docker profile is read for, as CAP_SYS_ADMIN,CAP_NET_RAW (default: Docker's)")
      ->type_name("LIST")
      ->group(group);
  app.add_option("--kernel", options.kernel, "the kernel a Docker profile is read for (default: the running one)")
      ->type_name("VERSION")
      ->group(group);
  app.add_option("--dialect", options.dialect, "minijail-c: only what minijail's C parser takes")
      ->type_name("NAME")
      ->group(group);
  app.add_flag("--lenient", options.lenient, "read JSON with missing or trailing commas and comments, with warnings")
      ->group(group);
  app.add_option("--like", options.like, "runc: resolve a profile as runc does, its holes included")
      ->type_name("NAME")
      ->group(group);
  app.add_flag("--allow-unknown", options.allow_unknown,
               "rules for calls newer than cordon's tables are dropped with a warning")
      ->group(group);
}

std::optional<int> parse(CommandLine& app, int argc, char** argv, int usage_status) {
  const Result<Done> parsed = app.parse(argc, argv);
  if (!parsed) return fail(parsed.error(), {}, usage_status);
  if (app.wants_help()) return finish_output(app.help(), kDone);
  return std::nullopt;
}

Diagnostics unfit_options(const PolicyOptions& options, const std::vector<formats::SourceFormat>& formats,
                          const std::string& what) {
  using formats::SourceFormat;
  struct Use {
    const char* option;
    bool is_given;
    std::vector<SourceFormat> formats;
    const char* formats_text;
  };
  const char* profiles = "it is for Docker and OCI profiles";
  const Use uses[] = {
      {"--arch",
       !options.arch.empty(),
       {SourceFormat::oci, SourceFormat::minijail},
       "it is for Docker and OCI profiles and minijail policies; cordon's own text has a line 'arch'"},
      {"--sub-arches", options.sub_arches, {SourceFormat::oci}, profiles},
      {"--cap", options.capabilities_given, {SourceFormat::oci}, profiles},
      {"--kernel", !options.kernel.empty(), {SourceFormat::oci}, profiles},
      {"--dialect", !options.dialect.empty(), {SourceFormat::minijail}, "it is for minijail policies"},
      {"--lenient", options.lenient, {SourceFormat::oci}, "it is for JSON: Docker and OCI profiles"},
      {"--like", !options.like.empty(), {SourceFormat::oci}, profiles},
      {"--allow-unknown",
       options.allow_unknown,
       {SourceFormat::cordon, SourceFormat::minijail, SourceFormat::oci},
       "it is for policies; a raw filter has no names"},
  };
  Diagnostics problems;
  for (const Use& use : uses) {
    const bool is_used =
        std::find_first_of(formats.begin(), formats.end(), use.formats.begin(), use.formats.end()) != formats.end();
    if (use.is_given && !is_used)
      problems.append(usage_error(std::string(use.option) + " means nothing for " + what, use.formats_text));
  }
  return problems;
}

Result<formats::ReadOptions> read_options(const PolicyOptions& options) {
  formats::ReadOptions result;
  if (!options.format.empty()) {
    result.format = formats::find_format(options.format);
    if (!result.format)
      return bad_value("--format", options.format,
                       nearest_or_all(options.format, {"cordon", "minijail", "docker", "oci", "bpf"}));
  }
  CORDON_TRY(arch, find_arch(options.arch));
  result.arch = arch;
  if (!options.kernel.empty()) {
    result.kernel = abi::parse_kernel_version(options.kernel);
    if (!result.kernel) return bad_value("--kernel", options.kernel, "a version such as 6.1");
  } else {
    result.kernel = running_kernel();
  }
  if (!options.dialect.empty() && options.dialect != "minijail-c")
    return bad_value("--dialect", options.dialect, "the only dialect with a name is minijail-c");
  if (!options.like.empty() && options.like != "runc") return bad_value("--like", options.like, "runc");
  result.sub_arches = options.sub_arches;
  if (Diagnostics unknown = unknown_capabilities(options.capabilities); !unknown.empty()) return unknown;
  if (options.capabilities_given) result.capabilities = options.capabilities;
  result.minijail_c_dialect = options.dialect == "minijail-c";
  result.lenient = options.lenient;
  result.like_runc = options.like == "runc";
  SourceCopies* copies = options.copies;
  result.read_file = [copies](const std::string& path) { return copies ? copies->read(path, false) : read_file(path); };
  result.read_include = [copies](const std::string& path) {
    return copies ? copies->read(path, true) : read_regular_file(path);
  };
  return result;
}

}  // namespace cordon::cli
