#include "cli/learned_text.h"

#include <utility>

#include "cli/converted.h"
#include "cordon/base/text.h"
#include "cordon/formats/cordon_text.h"
#include "cordon/policy/resolve.h"

namespace cordon::cli {
namespace {

Result<std::string> text_of(Policy policy, const LearnedFile& as) {
  if (as.to == "cordon") return formats::write_cordon(policy);
  policy.bad_arch = {{ActionKind::kill_thread, 0}, {}};
  Loaded loaded;
  loaded.name = base::printable(as.path);
  CORDON_TRY(resolved, policy::resolve(policy, {}));
  loaded.resolved = std::move(resolved);
  loaded.policy = std::move(policy);
  return converted(loaded, {.to = as.to});
}

}  // namespace

std::string format_of_file(const std::string& path) {
  if (path.ends_with(".cordon-trace")) return "cordon-trace";
  if (path.ends_with(".json")) return "docker";
  if (path.ends_with(".policy")) return "minijail";
  return "cordon";
}

Result<Done> commit_learned(OutputFile& file, const Policy& policy, const LearnedFile& as,
                            const OutputOptions& output) {
  Result<std::string> text = text_of(policy, as);
  if (text) {
    print_diagnostics(text.warnings(), output);
    return file.commit(*text);
  }
  Diagnostics problems = text.error();
  const std::string instead = as.path + ".cordon", shown = base::printable(instead);
  if (write_file(instead, formats::write_cordon(policy)))
    problems.note("learned", {}, "what was learned is in " + shown,
                  "cordon convert " + shown + " --to " + as.to + " --badarch kill_thread --lossy");
  return problems;
}

Diagnostics unfit_default(const NamedAction& default_action, const LearnedFile& as) {
  Policy nothing;
  nothing.default_action = default_action;
  const Result<std::string> text = text_of(std::move(nothing), as);
  if (text) return {};
  Diagnostics problems;
  for (Diagnostic problem : text.error()) {
    if (problem.severity != Severity::error) continue;
    problem.hint = "--default names another, or -o FILE.cordon keeps it";
    problem.place = {};
    problems.add(std::move(problem));
  }
  return problems;
}

}  // namespace cordon::cli
