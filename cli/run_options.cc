#include "cli/run_options.h"

#include <linux/seccomp.h>

#include "cli/output.h"

namespace cordon::cli {

namespace {

// What compares with nothing is no number here.
Check seconds_from(double least) {
  constexpr double kLongest = 1e9;
  return [least](const std::string& word) -> std::optional<Misuse> {
    double value = 0;
    if (take_word(value, word) && value >= least && value <= kLongest) return std::nullopt;
    return Misuse{"takes a number of seconds, " + std::string(least > 0 ? "0.001" : "0") +
                      " to 1000000000 and without a unit, not '" + word + "'",
                  "such as 1.5"};
  };
}

}  // namespace

void add_run_options(CommandLine& app, RunOptions& options) {
  app.add_option("-p,--policy", options.specs, "policy source; several are stacked, the stricter answer wins")
      ->type_name("POLICY");
  app.add_flag("--exec", options.exec, "replace cordon by the command: nothing stays beside it");
  app.add_option("--via", options.via, "in the sandbox of a cordon serve, which has the policy and all that confines")
      ->type_name("SOCKET");
  app.add_option("--start", options.start,
                 "where the filter begins: before-exec (default), exec, entry (default for minijail policies)")
      ->type_name("POINT")
      ->check(one_of({"before-exec", "exec", "entry"}));
  app.add_flag("--strict", options.strict, "seccomp mode 1 from the program's entry point; no policy");
  app.add_option("--explain", options.explain, "denials (default), or all: calls answered ENOSYS on purpose too")
      ->type_name("WHAT")
      ->check(one_of({"denials", "all"}));
  app.add_flag("--explain-landlock", options.explain_landlock,
               "tell too what files and net lines refuse; cordon looks at each such call before it runs");
  app.add_option("--explain-log", options.explaining.log_path, "append explanations as JSON lines")->type_name("FILE");
  app.add_flag("--no-listener", options.no_listener,
               "leave the seccomp listener to the command; errno denials are not explained");
  app.add_flag("--log", options.log,
               "let the kernel log denials (SECCOMP_FILTER_FLAG_LOG), Landlock's too from Linux 6.15 on");
  app.add_flag("--spec-allow", options.spec_allow, "no speculation mitigation (SECCOMP_FILTER_FLAG_SPEC_ALLOW)");
  app.add_flag("--tsync", options.tsync, "synchronise threads (SECCOMP_FILTER_FLAG_TSYNC)");
  app.add_flag("--wait-killable", options.wait_killable,
               "only fatal signals interrupt notified calls (SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)");
  add_notify_options(app, options.notifying);
  add_confine_options(app, options.confining);
  add_setup_options(app, options.setup);
  add_environment_options(app, options.setup);
  add_namespace_options(app, options.namespaces);
  app.add_option("--timeout", options.timeout_s, "end the command by SIGTERM after so long, with status 124")
      ->type_name("SECONDS")
      ->check(seconds_from(0.001));
  app.add_option("--kill-after", options.kill_after_s, "and by SIGKILL so long after that (default: 10)")
      ->type_name("SECONDS")
      ->check(seconds_from(0));
  add_proof_options(app, options.proof);
  app.add_flag("--no-cache", options.no_cache, "compile and prove the policy, whether an earlier run did so or not");
  app.add_flag("--danger-new-privs", options.danger_new_privs, "do not set no_new_privs (needs CAP_SYS_ADMIN)");
  app.takes_command();
}

std::optional<TimeLimit> time_limit(const RunOptions& options) {
  if (!options.timeout_s) return std::nullopt;
  const auto in_ms = [](double seconds) { return static_cast<int64_t>(seconds * 1000); };
  return TimeLimit{.limit_ms = in_ms(*options.timeout_s), .grace_ms = in_ms(options.kill_after_s.value_or(10))};
}

uint32_t filter_flags(const RunOptions& options) {
  return (options.log ? SECCOMP_FILTER_FLAG_LOG : 0u) | (options.spec_allow ? SECCOMP_FILTER_FLAG_SPEC_ALLOW : 0u) |
         (options.tsync ? SECCOMP_FILTER_FLAG_TSYNC : 0u);
}

Diagnostics nobody_stays(const RunOptions& options) {
  if (options.exec && options.timeout_s)
    return usage_error("with --exec nothing stays that could end the command after a --timeout",
                       "leave one of them out, or run timeout(1)");
  if (options.explain_landlock) {
    const bool is_given_away = options.notifying.listener_fd || options.notifying.listener_socket;
    const char* other = options.exec          ? "--exec"
                        : options.no_listener ? "--no-listener"
                        : options.strict      ? "--strict"
                        : is_given_away       ? "a listener that is handed over"
                                              : nullptr;
    if (other != nullptr)
      return usage_error(std::string("with ") + other + " nobody is asked, as --explain-landlock has to be",
                         "leave one of them out");
  }
  if (options.kill_after_s && !options.timeout_s)
    return usage_error("--kill-after says how long after a --timeout, and there is none", "--timeout SECONDS");
  if (!options.notifying.any()) return {};
  if (options.exec)
    return usage_error("with --exec nothing stays that could do what " + options.notifying.name() + " says",
                       "leave one of them out");
  if (options.no_listener)
    return usage_error("with --no-listener nobody is asked: " + options.notifying.name() + " has nothing to do",
                       "leave one of them out");
  if (options.strict)
    return usage_error("strict mode asks nobody: " + options.notifying.name() + " has nothing to do",
                       "leave one of them out");
  return {};
}

}  // namespace cordon::cli
