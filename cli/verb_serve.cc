#include <linux/seccomp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/confined.h"
#include "cli/exit_status.h"
#include "cli/load.h"
#include "cli/on_notify.h"
#include "cli/options.h"
#include "cli/run_plan.h"
#include "cli/run_refusals.h"
#include "cli/server.h"
#include "cli/verb.h"
#include "cordon/base/text.h"

namespace cordon::cli {
namespace {

constexpr const char* kExamples =
    "  cordon serve -p app.cordon /run/user/1000/app    a sandbox that only forks, for cordon run --via\n"
    "  cordon run --via /run/user/1000/app -- ls -l     in that sandbox, with this directory and environment\n"
    "  cordon serve -p builtin:docker-default --unshare user,mount,pid,net --mount-root read --mount-proc ready.sock";

struct ServeOptions {
  std::vector<std::string> specs;
  std::string socket, start;
  std::vector<std::string> users;
  ConfineOptions confining;
  SetupOptions setup;
  NamespaceOptions namespaces;
  ProofOptions proof;
  bool log = false, spec_allow = false, danger_new_privs = false, early_only = false;
};

void add_serve_options(CommandLine& app, ServeOptions& options) {
  app.add_option("-p,--policy", options.specs, "policy source; several are stacked, the stricter answer wins")
      ->type_name("POLICY");
  app.add_option("--allow-uid", options.users, "this user may ask too, whose commands run as the server's user")
      ->type_name("UID");
  app.add_flag("--no-late-filter", options.early_only,
               "refuse a policy without the calls the sandbox needs, instead of attaching it to each command");
  app.add_option("--start", options.start, "before-exec: for policies that begin elsewhere by themselves")
      ->type_name("POINT")
      ->check(one_of({"before-exec"}));
  app.add_flag("--log", options.log, "let the kernel log denials (SECCOMP_FILTER_FLAG_LOG)");
  app.add_flag("--spec-allow", options.spec_allow, "no speculation mitigation (SECCOMP_FILTER_FLAG_SPEC_ALLOW)");
  add_confine_options(app, options.confining);
  add_setup_options(app, options.setup);
  add_namespace_options(app, options.namespaces);
  add_proof_options(app, options.proof);
  app.add_flag("--danger-new-privs", options.danger_new_privs, "do not set no_new_privs (needs CAP_SYS_ADMIN)");
  app.add_option("SOCKET", options.socket, "where to be asked: a path of at most 107 bytes")->required();
}

Diagnostics misuse(const ServeOptions& options) {
  if (options.specs.empty())
    return usage_error("no policy was given", "-p POLICY; -p builtin:unconfined allows everything");
  return {};
}

Result<std::vector<uid_t>> users_of(const ServeOptions& options) {
  std::vector<uid_t> users;
  for (const std::string& word : options.users) {
    unsigned uid = 0;
    if (!take_word(uid, word) || uid == static_cast<uid_t>(-1))
      return usage_error("--allow-uid cannot be '" + base::printable(word) + "'", "a user's number");
    users.push_back(uid);
  }
  return users;
}

Diagnostics late_starts(const std::vector<Loaded>& policies, const ServeOptions& options) {
  Diagnostics problems;
  if (!options.start.empty()) return problems;
  for (const Loaded& loaded : policies)
    if (loaded.policy && loaded.policy->start.value_or(StartPoint::before_exec) != StartPoint::before_exec)
      return usage_error("a ready sandbox is confined before anything is executed, and a policy begins later",
                         "--start before-exec, if it allows execve and what the dynamic linker needs");
  return problems;
}

std::string names(const std::vector<std::string_view>& calls) {
  std::string text;
  for (std::string_view call : calls) text += (text.empty() ? "" : ", ") + std::string(call);
  return text;
}

// What the user is told once the sandbox is there; an error where it is not to be like that.
Diagnostics told(const Server& server, const ServeOptions& options) {
  Diagnostics problems;
  const auto& refused = server.sandbox().refused_calls();
  if (refused.empty()) return problems;
  const std::string message = "the sandbox itself needs calls that the policy does not allow: " + names(refused);
  if (options.early_only) return usage_error(message, "leave --no-late-filter out, or allow them");
  problems.note("late-filter", {}, message + "; each command gets the filter as it starts, which takes longer");
  return problems;
}

int serve(const ServeOptions& options, const PolicyOptions& reading, const OutputOptions& output) {
  if (const Diagnostics wrong = misuse(options); wrong.has_errors()) return fail(wrong, output, kUsage);
  Result<std::vector<uid_t>> users = users_of(options);
  if (!users) return fail(users.error(), output, kUsage);
  Result<std::vector<Loaded>> loaded = load_all(options.specs, reading);
  if (!loaded) return fail(loaded.error(), output, kUsage);
  const std::vector<Loaded> policies = one_filter_each(*loaded);
  Diagnostics problems = loaded.warnings();
  const OnNotify nobody;
  problems.append(late_starts(policies, options));
  problems.append(refuse(policies, StartPoint::before_exec, nobody));
  problems.append(unanswered(policies, nobody));
  print_diagnostics(problems, output);
  if (problems.has_errors()) return kUsage;
  Result<Confined> confined = confine(policies, {.confining = options.confining,
                                                 .setup = options.setup,
                                                 .namespaces = options.namespaces,
                                                 .command = {},
                                                 .leaves_cgroup = "serve"});
  if (confined && confined->setup.environment)
    return fail(usage_error("each command has the environment of who asks for it, and a policy has 'env' lines",
                            "env -i NAME=VALUE cordon run --via …"),
                output, kUsage);
  print_diagnostics(confined.diagnostics(), output);
  if (!confined) return kUsage;
  const uint32_t flags =
      (options.log ? SECCOMP_FILTER_FLAG_LOG : 0u) | (options.spec_allow ? SECCOMP_FILTER_FLAG_SPEC_ALLOW : 0u);
  Result<RunPlan> plan = make_plan(policies, {.explain_errno = false, .filter_flags = flags, .proof = options.proof});
  print_diagnostics(plan.diagnostics(), output);
  if (!plan) return kUndecided;
  LaunchSpec spec;
  spec.no_new_privs = !options.danger_new_privs;
  confined->apply(spec);
  spec.logs_landlock = options.log;
  spec.filters = plan->filters;
  Result<Fd> listening = listen_at(options.socket, !users->empty());
  if (!listening) return fail(listening.error(), output, kRefused);
  struct stat made {};  // another server's may be there at the end
  (void)lstat(options.socket.c_str(), &made);
  Result<Server> server =
      Server::make({.listening = std::move(*listening), .spec = std::move(spec), .users = std::move(*users)});
  const Diagnostics said = server ? told(*server, options) : server.error();
  print_diagnostics(said, output);
  const int status = said.has_errors() ? kRefused : server->serve(output);
  if (struct stat now{};
      lstat(options.socket.c_str(), &now) == 0 && now.st_dev == made.st_dev && now.st_ino == made.st_ino)
    unlink(options.socket.c_str());
  return status;
}

}  // namespace

int serve_main(int argc, char** argv) {
  OutputOptions output;
  PolicyOptions reading;
  ServeOptions options;
  CommandLine app(
      "serve [options] -p POLICY... SOCKET",
      "Makes a sandbox ready that only forks, and starts in it what cordon run --via SOCKET asks for. Ends at "
      "SIGTERM, SIGINT or SIGHUP, and ends what it has started.",
      kExamples);
  add_serve_options(app, options);
  add_quiet_option(app, output, "print no warnings");
  add_policy_options(app, reading);
  add_output_options(app, output);
  if (auto status = parse(app, argc, argv, kUsage)) return *status;
  return serve(options, reading, output);
}

}  // namespace cordon::cli
