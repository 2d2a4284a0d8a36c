#include "cli/verb.h"
#include "cli/call_outcomes.h"
#include "cli/call_text.h"
#include "cli/exit_status.h"
#include "cli/load.h"
#include "cordon/abi/constants.h"
#include "cordon/base/json_writer.h"
#include "cordon/base/text.h"

namespace cordon::cli {
namespace {

constexpr const char* kExamples =
    "  cordon test app.cordon 'openat(flags=O_WRONLY)'             the action, and the rule that decides\n"
    "  cordon test app.cordon 'socket()'                           arguments left open: every outcome with its "
    "condition\n"
    "  cordon test app.cordon 'mkdir' 'mkdir@i386' --expect 'errno EPERM'   for scripts: 1 if any differs\n"
    "  cordon test filter.bpf 'ioctl()'                            a raw filter: the same, and the instructions\n"
    "  cordon test pid:1234 'ptrace'                               what a running process would get";

// "errno EPERM", "kill_process", "errno 1"; no value for anything else.
std::optional<Action> parse_action(const std::string& text) {
  const size_t blank = text.find(' ');
  auto kind = policy::find_action_kind(text.substr(0, blank));
  if (!kind) return std::nullopt;
  Action action{*kind, 0};
  const bool takes_data = *kind == ActionKind::errno_ || *kind == ActionKind::trap || *kind == ActionKind::trace;
  if (blank == std::string::npos) return *kind == ActionKind::errno_ ? std::nullopt : std::optional(action);
  if (!takes_data) return std::nullopt;
  const std::string data = text.substr(blank + 1);
  if (*kind == ActionKind::errno_)
    if (auto number = abi::errno_number(data, abi::native_arch())) return Action{*kind, *number};
  uint32_t number = 0;
  if (data.empty() || data.size() > 5) return std::nullopt;
  for (char c : data) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + static_cast<uint32_t>(c - '0');
  }
  if (number > (*kind == ActionKind::errno_ ? 4095u : 65535u)) return std::nullopt;
  action.data = static_cast<uint16_t>(number);
  return action;
}

}  // namespace

int test_main(int argc, char** argv) {
  OutputOptions output;
  PolicyOptions reading;
  std::string spec, expectation;
  std::vector<std::string> texts;
  CommandLine app("test [options] POLICY CALL...", "Tells what would happen to calls, and by which rule.", kExamples);
  app.add_option("POLICY", spec, "policy source, or a raw filter")->required();
  app.add_option("CALL", texts, "calls, as 'openat(flags=O_WRONLY)' or 'mkdir@i386'")->required();
  app.add_option("--expect", expectation, "end with 1 unless every call certainly gets this action")
      ->type_name("ACTION");
  add_policy_options(app, reading);
  add_json_option(app, output);
  add_quiet_option(app, output, "print no warnings");
  add_output_options(app, output);
  if (auto status = parse(app, argc, argv, kUsage)) return *status;

  Diagnostics problems;
  std::optional<Action> expected;
  if (!expectation.empty()) {
    expected = parse_action(expectation);
    if (!expected)
      problems.error("usage", {}, "--expect cannot be '" + base::printable(expectation) + "'",
                     "allow, log, notify, trace N, errno NAME, trap N, kill_thread or kill_process");
  }
  Result<Loaded> loaded = load_one(spec, reading);
  problems.append(loaded.diagnostics());
  PolicyOptions without_arch = reading;  // which always means something: the calls are of it
  without_arch.arch.clear();
  if (loaded) problems.append(unfit_options(without_arch, {loaded->format}, "'" + loaded->name + "'"));
  const Arch arch =
      reading.arch.empty() ? abi::native_arch() : abi::find_arch(reading.arch).value_or(abi::native_arch());
  std::vector<PartialCall> calls;
  for (const std::string& text : texts) {
    Result<PartialCall> call = parse_call(text, arch);
    if (call) calls.push_back(*call);
    problems.append(call.diagnostics());
  }
  print_diagnostics(problems, output);
  if (problems.has_errors()) return status_of_unread(problems);

  JsonWriter json;
  json.begin_object().key("schema").value("cordon.test/1").key("calls").begin_array();
  std::string text;
  bool as_expected = true;
  for (const PartialCall& call : calls) {
    const Result<std::vector<CallOutcome>> answers = answers_to(call, *loaded);
    if (!answers) return fail(answers.error(), output, kUndecided);
    for (const CallOutcome& answer : *answers) as_expected &= !expected || answer.action == *expected;
    text += answers_text(describe_partial_call(call), *answers);
    write_answers(json, describe_partial_call(call), *answers);
  }
  json.end_array().key("as_expected").value(as_expected).end_object();
  return finish_output(output.json ? std::move(json).take() : text, as_expected ? kDone : kFindings);
}

}  // namespace cordon::cli
