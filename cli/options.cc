#include "cli/options.h"

#include <sys/utsname.h>

#include <algorithm>

#include "cli/exit_status.h"
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

// "usage: cordon run [options] -- COMMAND…" says more than CLI11's own line.
class SynopsisFormatter : public CLI::Formatter {
 public:
  explicit SynopsisFormatter(std::string synopsis) : synopsis_(std::move(synopsis)) {}
  std::string make_usage(const CLI::App*, std::string) const override { return "usage: " + synopsis_ + "\n"; }
  // The usage line shows what is required and how often.
  std::string make_option_opts(const CLI::Option* option) const override {
    return option->get_positional() ? "" : CLI::Formatter::make_option_opts(option);
  }

 private:
  std::string synopsis_;
};

Diagnostic bad_value(const std::string& option, const std::string& value, std::string hint) {
  Diagnostics problem;
  return problem.error("usage", {}, option + " cannot be '" + base::printable(value) + "'", std::move(hint));
}

// "did you mean 'size'?", or else "attach, size or none".
std::string valid_values(std::string_view word, const std::vector<std::string_view>& values) {
  std::string hint = base::did_you_mean(word, values);
  if (!hint.empty()) return hint;
  for (size_t i = 0; i < values.size(); ++i)
    hint += (i == 0 ? "" : i + 1 == values.size() ? " or " : ", ") + std::string(values[i]);
  return hint;
}

std::string usage_of(const CLI::App& app) {
  const std::string help = app.help();
  const size_t begin = help.find("usage: ");
  return begin == std::string::npos ? "" : help.substr(begin, help.find('\n', begin) - begin);
}

Diagnostic no_such_option(const CLI::App& app, const std::string& word, std::string otherwise) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  const std::vector<std::string_view> views(names.begin(), names.end());
  std::string hint = base::did_you_mean(word.substr(0, word.find('=')), views);
  Diagnostics problem;
  return problem.error("usage", {}, "there is no option '" + base::printable(word) + "'",
                       hint.empty() ? std::move(otherwise) : std::move(hint));
}

bool looks_like_option(const std::string& word) { return word.size() > 1 && word.starts_with('-'); }

// Words nothing was found for; of an app that takes a command, only the first: the others are the command's.
std::optional<Diagnostic> unexpected_word(const CLI::App& app) {
  const std::vector<std::string> words = app.remaining();
  if (words.empty() || words.front() == "--") return std::nullopt;
  const bool takes_command = app.get_prefix_command();
  for (const std::string& word : words) {
    if (looks_like_option(word)) return no_such_option(app, word, "see " + app.get_name() + " --help");
    if (takes_command) return std::nullopt;
  }
  Diagnostics problem;
  return problem.error("usage", {}, "unexpected argument '" + base::printable(words.front()) + "'", usage_of(app));
}

Diagnostic value_missing_or_twice(const CLI::App& app, const CLI::ParseError& error) {
  const std::string text = error.what();
  const std::string name = text.substr(0, text.find(':'));
  const CLI::Option* option = app.get_option_no_throw(name);
  Diagnostics problem;
  if (option != nullptr && option->count() > 1)
    return problem.error("usage", {}, name + " is given " + (option->count() == 2 ? "twice" : "more than once"),
                         "give it once");
  const std::string type = option == nullptr ? "" : option->get_type_name();
  return problem.error("usage", {}, name + " needs a value", type.empty() ? usage_of(app) : name + " " + type);
}

bool takes_value(const CLI::App& app, const std::string& name) {
  const CLI::Option* option = app.get_option_no_throw(name);
  return option != nullptr && option->get_items_expected_max() > 0;
}

// "-p" and the last of "-qp"; "-pX" has its value.
bool takes_next_word(const CLI::App& app, const std::string& word) {
  if (word.starts_with("--")) return takes_value(app, word);
  for (size_t i = 1; i < word.size(); ++i)
    if (takes_value(app, std::string("-") + word[i])) return i + 1 == word.size();
  return false;
}

// "--arch=": CLI11 would take the next word for the value.
std::optional<Diagnostic> empty_value(const CLI::App& app, const std::vector<std::string>& words) {
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--") break;
    if (app.get_prefix_command() && !looks_like_option(word)) break;  // the command
    if (takes_next_word(app, word)) ++i;
    if (!word.starts_with("--") || !word.ends_with('=')) continue;
    const std::string name = word.substr(0, word.size() - 1);
    if (app.get_option_no_throw(name) == nullptr) continue;
    Diagnostics problem;
    return problem.error("usage", {}, name + " needs a value", "see " + app.get_name() + " --help");
  }
  return std::nullopt;
}

// What people can do something with, for each kind of mistake CLI11 finds.
Diagnostic misuse(const CLI::App& app, const CLI::ParseError& error) {
  if (std::optional<Diagnostic> unexpected = unexpected_word(app)) return std::move(*unexpected);
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) return value_missing_or_twice(app, error);
  Diagnostics problem;
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr)
    for (const CLI::Option* option : app.get_options())
      if (option->get_required() && option->count() == 0)
        return problem.error("usage", {}, option->get_name() + " is missing", usage_of(app));
  const std::string text = error.what();
  const size_t hint = text.find(kHintFollows), colon = text.find(": ");
  if (hint == std::string::npos || colon > hint)
    return problem.error("usage", {}, base::printable(text), "see " + app.get_name() + " --help");
  return problem.error("usage", {},
                       text.substr(0, colon) + " " + base::printable(text.substr(colon + 2, hint - colon - 2)),
                       text.substr(hint + 1));
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

std::unique_ptr<CLI::App> make_app(const std::string& synopsis, const std::string& description,
                                   const std::string& examples) {
  auto app = std::make_unique<CLI::App>(description, "cordon " + synopsis.substr(0, synopsis.find(' ')));
  app->footer("examples:\n" + examples);
  app->formatter(std::make_shared<SynopsisFormatter>("cordon " + synopsis));
  app->get_formatter()->column_width(34);
  return app;
}

CLI::Validator one_of(const std::vector<std::string>& values) {
  return CLI::Validator(
      [values](const std::string& word) -> std::string {
        if (std::find(values.begin(), values.end(), word) != values.end()) return {};
        return "cannot be '" + word + "'" + kHintFollows + valid_values(word, {values.begin(), values.end()});
      },
      "");
}

Result<Arch> find_arch(const std::string& name) {
  if (name.empty()) return abi::native_arch();
  if (std::optional<Arch> arch = abi::find_arch(name)) return *arch;
  std::vector<std::string_view> names;
  for (const abi::ArchInfo& info : abi::arches()) names.push_back(info.name);
  std::string hint = base::did_you_mean(name, names);
  return bad_value("--arch", name, hint.empty() ? "`cordon list arches` names them" : hint);
}

Result<std::vector<std::string>> command_of(const CLI::App& app) {
  std::vector<std::string> command = app.remaining();
  if (!command.empty() && command.front() == "--") {
    command.erase(command.begin());
    return command;
  }
  if (!command.empty() && looks_like_option(command.front()))
    return no_such_option(app, command.front(), "`--` goes before a command whose name begins with '-'");
  return command;
}

void add_output_options(CLI::App& app, OutputOptions& options) {
  app.add_option_function<std::string>(
         "--color",
         [&options](const std::string& when) {
           options.color = when == "always" ? Color::always : when == "never" ? Color::never : Color::automatic;
         },
         "color of messages: auto, always or never (NO_COLOR is obeyed)")
      ->check(one_of({"auto", "always", "never"}))
      ->type_name("WHEN");
}

void add_json_option(CLI::App& app, OutputOptions& options) {
  app.add_flag("--json", options.json, "report as JSON with stable keys");
}

void add_quiet_option(CLI::App& app, OutputOptions& options, const std::string& description) {
  app.add_flag("-q,--quiet", options.quiet, description);
}

void add_policy_options(CLI::App& app, PolicyOptions& options) {
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
  app.add_option_function<std::string>(
         "--cap",
         [&options](const std::string& list) {
           options.capabilities_given = true;
           for (const std::string& name : CLI::detail::split(list, ','))
             if (!name.empty()) options.capabilities.push_back(CLI::detail::trim_copy(name));
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

std::optional<int> parse(CLI::App& app, int argc, char** argv, int usage_status) {
  if (std::optional<Diagnostic> problem = empty_value(app, {argv + 1, argv + argc})) {
    Diagnostics problems;
    problems.add(*std::move(problem));
    return fail(problems, {}, usage_status);
  }
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::CallForHelp&) {
    return finish_output(app.help(), kDone);
  } catch (const CLI::ParseError& error) {
    Diagnostics problem;
    problem.add(misuse(app, error));
    print_diagnostics(problem, {});
    return usage_status;
  }
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
                       valid_values(options.format, {"cordon", "minijail", "docker", "oci", "bpf"}));
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
  result.read_file = [](const std::string& path) { return read_file(path); };
  result.read_include = [](const std::string& path) { return read_regular_file(path); };
  return result;
}

}  // namespace cordon::cli
