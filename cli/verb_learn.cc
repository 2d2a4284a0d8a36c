#include "cli/command.h"
#include "cli/exit_status.h"
#include "cli/learned_text.h"
#include "cli/options.h"
#include "cli/recordings.h"
#include "cli/verb.h"
#include "cordon/abi/constants.h"
#include "cordon/base/text.h"
#include "cordon/formats/cordon_text.h"
#include "cordon/learn/synthesise.h"
#include "cordon/observe/notify_source.h"
#include "cordon/observe/recording.h"

namespace cordon::cli {
namespace {

constexpr const char* kExamples =
    "  cordon learn -o ls.cordon -- ls -l                run, record, write the tightest policy\n"
    "  cordon learn -o ls.json -- ls -l                  as a profile for docker run --security-opt seccomp=ls.json\n"
    "  cordon learn -o ls.cordon-trace -- ls -l          keep the recording itself: counts, times, values\n"
    "  cordon learn -o ls.cordon --from a.cordon-trace b.cordon-trace   one policy from several runs\n"
    "  cordon learn -o app.cordon --default log --comments full -- app\n"
    "  cordon learn --start entry -o cat.cordon -- cat f    only what is called from the program's entry point on";

struct Options {
  std::string output_path, to, via = "auto", start, default_action = "kill_process", comments = "brief",
                               arguments = "tight";
  std::vector<std::string> recordings;
  bool vdso_fallbacks = false;
};

std::string format_of(const Options& options) {
  return options.to.empty() ? format_of_file(options.output_path) : options.to;
}

bool is_trace_name(const Options& options) { return format_of(options) == "cordon-trace"; }

// The default action in the words of the policy language: its own reader judges it.
Result<NamedAction> read_default(const std::string& words) {
  Result<Policy> policy = formats::read_cordon("default " + words + "\n", "--default", {});
  if (!policy)
    return usage_error("--default cannot be '" + base::printable(words) + "'", "kill_process, 'errno EPERM', log …");
  return policy->default_action;
}

Result<Done> write(OutputFile& file, const Recording& recording, const Options& options,
                   const NamedAction& default_action, const OutputOptions& output) {
  if (is_trace_name(options)) {
    const std::string text = observe::write_recording(recording);
    if (text.size() > observe::kMaxTraceBytes) return recording_too_large(text.size());
    return file.commit(text);
  }
  SynthesiseOptions how;
  how.default_action = default_action;
  how.arguments =
      options.arguments == "none" ? SynthesiseOptions::Arguments::none : SynthesiseOptions::Arguments::tight;
  how.comments = options.comments == "none"   ? SynthesiseOptions::Comments::none
                 : options.comments == "full" ? SynthesiseOptions::Comments::full
                                              : SynthesiseOptions::Comments::brief;
  how.vdso_fallbacks = options.vdso_fallbacks;
  Policy policy = learn::synthesise(recording, how);
  policy.start = recording.start;
  if (const std::string missing = losses(recording); !missing.empty())
    policy.comments.insert(policy.comments.begin(), {PolicyComment::kHead, std::string(kIncomplete) + missing});
  return commit_learned(file, policy, {format_of(options), options.output_path}, output);
}

void print_summary(const Recording& recording, const Options& options, const OutputOptions& output) {
  if (output.quiet) return;
  uint64_t count = 0;
  size_t programs = 0;
  for (const RecordedCall& call : recording.calls) count += call.count;
  for (const RecordedProgram& program : recording.programs) programs += program.is_launch ? 0 : 1;
  const std::string missing = losses(recording);
  print_error("cordon: " + std::to_string(count) + " calls of " + std::to_string(programs) +
              (programs == 1 ? " program" : " programs") + " recorded, wrote " + base::printable(options.output_path) +
              (missing.empty() ? "" : "\ncordon: warning: the recording is not complete: " + missing) + "\n");
}

int learn_from_files(const Options& options, const NamedAction& default_action, const OutputOptions& output) {
  const Diagnostics lost = source_overwritten(options.recordings, options.output_path);
  if (!lost.empty() && !is_trace_name(options)) return fail(lost, output, kUsage);
  Result<Recording> recording = read_recordings(options.recordings);
  if (!recording) return fail(recording.error(), output, kUsage);
  Result<OutputFile> file = OutputFile::create(options.output_path);
  if (!file) return fail(file.error(), output, kRefused);
  Result<Done> written = write(*file, *recording, options, default_action, output);
  if (!written) return fail(written.error(), output, kRefused);
  print_summary(*recording, options, output);
  return recording->is_complete() ? kDone : kFindings;
}

int learn_from_command(const Options& options, std::vector<std::string> command, const NamedAction& default_action,
                       const OutputOptions& output) {
  observe::RecordOptions how;
  how.argv = std::move(command);
  how.start = start_point(options.start);
  Result<OutputFile> file = OutputFile::create(options.output_path);
  if (!file) return fail(file.error(), output, kOwnFailure);
  Result<RecordedRun> run = observe::record(how);
  if (!run) return fail(run.error(), output, launch_failure_status(run.error()));
  const HeldSignals held({SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM});  // until it is written
  print_diagnostics(run.warnings(), output);
  Result<Done> written = write(*file, run->recording, options, default_action, output);
  if (!written) return fail(written.error(), output, kOwnFailure);
  print_summary(run->recording, options, output);
  if (!output.quiet && run->recording.interrupted > 0 && run->outcome.exit_status() != 0)
    print_error("cordon: warning: the command ended with " + std::to_string(run->outcome.exit_status()) +
                ", and signals interrupted " + std::to_string(run->recording.interrupted) +
                (run->recording.interrupted == 1 ? " call" : " calls") +
                " before they could be recorded: where a handler does not restart calls they failed with EINTR\n");
  return run->recording.is_complete() ? run->outcome.exit_status() : kOwnFailure;
}

// Options that shape a policy shape no recording, and those about recording nothing that is recorded already.
Diagnostics unfit_options(const Options& options, const CommandLine& app) {
  Diagnostics problems;
  for (const char* name : {"--default", "--args", "--comments", "--vdso"})
    if (is_trace_name(options) && app.count(name) > 0)
      problems.append(usage_error(std::string(name) + " means nothing for a recording",
                                  "give it where the policy is made of it: cordon learn -o FILE.cordon --from " +
                                      base::printable(options.output_path)));
  for (const char* name : {"--via", "--start"})
    if (!options.recordings.empty() && app.count(name) > 0)
      problems.append(usage_error(std::string(name) + " means nothing with --from", "it is for recording a command"));
  return problems;
}

// Nothing may be found out to be impossible after the command has run for an hour.
Diagnostics check_usage(const Options& options, bool has_command) {
  if (has_command != options.recordings.empty())
    return has_command ? usage_error("a command and --from cannot both be given",
                                     "record the command first: cordon learn -o FILE.cordon-trace -- COMMAND")
                       : usage_error("no command was given", "cordon learn -o FILE -- COMMAND");
  if (has_command && is_standard_stream(options.output_path))
    return usage_error("standard output is the command's", "-o FILE");
  for (const char* ending : {".bpf", ".service"})
    if (options.to.empty() && options.output_path.ends_with(ending))
      return usage_error("this version of cordon does not write " + std::string(ending) + " files",
                         "-o FILE.cordon, or --to cordon");
  return {};
}

void add_options(CommandLine& app, Options& options) {
  app.add_option("-o,--output", options.output_path, "where the policy goes")->required()->type_name("FILE");
  app.add_option("--to", options.to,
                 "cordon, docker, oci, minijail, or cordon-trace for the recording itself (default: by FILE's name)")
      ->type_name("FMT")
      ->check(one_of({"cordon", "docker", "oci", "minijail", "cordon-trace"}));
  app.add_option("--from", options.recordings, "make the policy from recordings")->greedy()->type_name("FILE");
  app.add_option("--via", options.via, "how to record: auto (default), notify")
      ->type_name("HOW")
      ->check(one_of({"auto", "notify"}));
  app.add_option("--start", options.start, "record from: before-exec (default), exec, entry")
      ->type_name("POINT")
      ->check(one_of({"before-exec", "exec", "entry"}));
  app.add_option("--default", options.default_action, "what a call not seen gets (default: kill_process)")
      ->type_name("ACTION");
  app.add_option("--args", options.arguments, "tight (default): conditions on constants and flags; none: names only")
      ->type_name("HOW")
      ->check(one_of({"tight", "none"}));
  app.add_option("--comments", options.comments, "brief (default), full: with counts and first-seen times, or none")
      ->type_name("HOW")
      ->check(one_of({"brief", "full", "none"}));
  app.add_flag("--vdso", options.vdso_fallbacks, "allow the calls that the vDSO usually answers, too");
  app.takes_command();
}

}  // namespace

int learn_main(int argc, char** argv) {
  OutputOptions output;
  Options options;
  CommandLine app("learn [options] -o FILE (-- COMMAND... | --from RECORDING...)",
                  "Runs a command, records its system calls and writes the tightest policy. Ends with the "
                  "command's status, 125 if the recording has losses.",
                  kExamples);
  add_options(app, options);
  add_quiet_option(app, output, "print no summary and no warnings");
  add_output_options(app, output);
  if (auto status = parse(app, argc, argv, kOwnFailure)) return *status;
  std::vector<std::string> command = app.command();
  const int usage_status = command.empty() && !options.recordings.empty() ? kUsage : kOwnFailure;
  Diagnostics misuse = check_usage(options, !command.empty());
  misuse.append(unfit_options(options, app));
  if (!misuse.empty()) return fail(misuse, output, usage_status);
  Result<NamedAction> default_action = read_default(options.default_action);
  if (!default_action) return fail(default_action.error(), output, usage_status);
  if (!is_trace_name(options))
    if (Diagnostics problems = unfit_default(*default_action, {format_of(options), options.output_path});
        !problems.empty())
      return fail(problems, output, usage_status);
  if (command.empty()) return learn_from_files(options, *default_action, output);
  return learn_from_command(options, std::move(command), *default_action, output);
}

}  // namespace cordon::cli
