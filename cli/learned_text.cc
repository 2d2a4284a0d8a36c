#include "cli/learned_text.h"

#include <unistd.h>

#include <utility>

#include "cli/converted.h"
#include "cordon/base/text.h"
#include "cordon/formats/cordon_text.h"
#include "cordon/policy/action.h"
#include "cordon/policy/resolve.h"

namespace cordon::cli {
namespace {

constexpr Action kOtherArches{ActionKind::kill_thread, 0};  // what the other formats have

Result<std::string> text_of(Policy policy, const LearnedFile& as) {
  if (as.to == "cordon") return formats::write_cordon(policy);
  policy.bad_arch = {kOtherArches, {}};
  Loaded loaded;
  loaded.name = base::printable(as.path);
  CORDON_TRY(resolved, policy::resolve(policy, {}));
  loaded.resolved = std::move(resolved);
  loaded.policy = std::move(policy);
  return converted(loaded, {.to = as.to});
}

std::string unused_name(const std::string& path) {
  std::string name = path + ".cordon";
  for (int number = 2; ::access(name.c_str(), F_OK) == 0 && number < 1000; ++number)
    name = path + "." + std::to_string(number) + ".cordon";
  return name;
}

}  // namespace

std::string incomplete_mark(const Policy& policy) {
  for (const PolicyComment& comment : policy.comments)
    if (comment.before_rule == PolicyComment::kHead && comment.text.starts_with(kIncomplete)) return comment.text;
  return {};
}

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
    Diagnostics told = text.warnings();
    if (as.to != "cordon" && !(policy.bad_arch.action == kOtherArches))
      told.note("other-arches", {},
                "calls of other architectures get " + policy::to_string(kOtherArches, abi::native_arch()) +
                    ", which is what " + as.to + " has for them: a policy in cordon's own text says " +
                    policy::to_string(policy.bad_arch.action, abi::native_arch()));
    print_diagnostics(told, output);
    return file.commit(*text);
  }
  Diagnostics problems = text.error();
  const std::string instead = unused_name(as.path), shown = base::printable(instead);
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
