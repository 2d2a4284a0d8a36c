#include "cli/options.h"

#include <sys/utsname.h>

#include "cli/exit_status.h"
#include "cordon/abi/arch.h"
#include "cordon/base/text.h"

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

 private:
  std::string synopsis_;
};

Diagnostic bad_value(const std::string& option, const std::string& value, std::string hint) {
  Diagnostics problem;
  return problem.error("usage", {}, option + " cannot be '" + base::printable(value) + "'", std::move(hint));
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
  CLI::Validator validator = CLI::IsMember(values);
  validator.description("");
  return validator;
}

Result<std::vector<std::string>> command_of(const CLI::App& app) {
  std::vector<std::string> command = app.remaining();
  if (!command.empty() && command.front() == "--") {
    command.erase(command.begin());
    return command;
  }
  if (!command.empty() && command.front().starts_with('-') && command.front().size() > 1) {
    std::vector<std::string> names;
    for (const CLI::Option* option : app.get_options())
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    const std::vector<std::string_view> views(names.begin(), names.end());
    std::string hint = base::did_you_mean(command.front(), views);
    if (hint.empty()) hint = "`--` goes before a command whose name begins with '-'";
    Diagnostics problem;
    problem.error("usage", {}, "there is no option '" + base::printable(command.front()) + "'", std::move(hint));
    return problem;
  }
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

void add_policy_options(CLI::App& app, PolicyOptions& options) {
  const char* group = "Reading policies";
  app.add_option("--format", options.format,
                 "what POLICY is: cordon, minijail, docker, oci, bpf (default: by name and content)")
      ->type_name("FMT")
      ->group(group);
  app.add_option("--arch", options.arch, "the architecture a Docker profile is read for (default: native)")
      ->type_name("ARCH")
      ->group(group);
  app.add_flag("--sub-arches", options.sub_arches, "a Docker profile's sub-architectures too")->group(group);
  app.add_option_function<std::string>(
         "--cap",
         [&options](const std::string& list) {
           options.capabilities_given = true;
           for (const std::string& name : CLI::detail::split(list, ','))
             if (!name.empty()) options.capabilities.push_back(name);
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
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::CallForHelp&) {
    return finish_output(app.help(), kDone);
  } catch (const CLI::ParseError& error) {
    Diagnostics problem;
    std::string message = error.what();
    problem.error("usage", {}, base::printable(message), "see " + app.get_name() + " --help");
    print_diagnostics(problem, {});
    return usage_status;
  }
}

Result<formats::ReadOptions> read_options(const PolicyOptions& options) {
  formats::ReadOptions result;
  if (!options.format.empty()) {
    result.format = formats::find_format(options.format);
    if (!result.format) return bad_value("--format", options.format, "cordon, minijail, docker, oci or bpf");
  }
  if (!options.arch.empty()) {
    auto arch = abi::find_arch(options.arch);
    if (!arch) return bad_value("--arch", options.arch, "`cordon list arches` names them");
    result.arch = *arch;
  }
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
  if (options.capabilities_given) result.capabilities = options.capabilities;
  result.minijail_c_dialect = options.dialect == "minijail-c";
  result.lenient = options.lenient;
  result.like_runc = options.like == "runc";
  result.read_file = [](const std::string& path) { return read_file(path); };
  return result;
}

}  // namespace cordon::cli
