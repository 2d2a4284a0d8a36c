#include "cli/explain.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "cli/run_plan.h"
#include "cordon/abi/constants.h"
#include "cordon/base/json_writer.h"
#include "cordon/base/text.h"
#include "cordon/formats/suggest.h"
#include "cordon/policy/describe.h"
#include "cordon/policy/evaluate.h"
#include "cordon/sandbox/process_info.h"

namespace cordon::cli {
namespace {

// A document on one line. Newlines stand between values only: within strings they are escaped.
std::string one_line(const std::string& json) {
  std::string line;
  for (size_t i = 0; i < json.size(); ++i) {
    if (json[i] != '\n') {
      line += json[i];
      continue;
    }
    while (i + 1 < json.size() && json[i + 1] == ' ') ++i;
    if (line.ends_with(',')) line += ' ';
  }
  return line + "\n";
}

// Denials that differ, before cordon stops telling: a command may make as many as it likes.
constexpr size_t kMaxTold = 2000;

std::string command_of(pid_t tid) { return tid > 0 ? base::printable(sandbox::thread_name(tid)) : std::string(); }

// What lets the call pass, as an edit: a line to add where no rule denies it, else what becomes of the rule.
std::string cure(const Loaded& loaded, const Decision& decision, const Call& call,
                 const formats::Suggestion& suggestion) {
  if (decision.origin.kind != Origin::Kind::rule && decision.origin.kind != Origin::Kind::multiplexed)
    return suggestion.line;
  const Place place = place_of(loaded, decision.origin);
  const std::string where = place.file + ":" + std::to_string(place.line);
  const bool has_condition = suggestion.line.find_first_of("(=") != std::string::npos;
  if (loaded.policy->format == PolicyFormat::oci || !has_condition) {
    // Without the rule the default answers: only where that allows is it enough to take the call out.
    const std::string taken_out = "take " + policy::describe_syscall(call) + " out of " + where;
    return policy::may_run(loaded.policy->default_action.action.kind) ? taken_out
                                                                      : taken_out + " and add: " + suggestion.line;
  }
  if (loaded.policy->format == PolicyFormat::cordon) return "before " + where + ": " + suggestion.line;
  const bool is_errno = decision.action.kind == ActionKind::errno_;
  return "instead of " + where + ": " + suggestion.line +
         (is_errno ? "; return " + std::string(abi::errno_symbol(decision.action.data, abi::native_arch())) : "");
}

}  // namespace

Explainer::Explainer(const std::vector<Loaded>& policies, ExplainOptions options)
    : policies_(policies), options_(std::move(options)) {}

Result<Done> Explainer::open_log() {
  if (options_.log_path.empty()) return Done{};
  log_.reset(::open(options_.log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (!log_) return system_error("open '" + options_.log_path + "'", errno);
  return Done{};
}

void Explainer::denied(pid_t tid, const Call& call, const Decision& decision) {
  if ((options_.quiet && !log_) || !is_told(decision, options_.all)) return;
  const Loaded& loaded = policies_[decision.origin.policy < policies_.size() ? decision.origin.policy : 0];
  Story story;
  story.pid = tid;
  fill(story, &loaded, decision, call);
  // A denial that is made a thousand times is told once: the rest must cost little.
  if (told_.contains(story.key)) return;
  story.command = command_of(tid);
  story.call = policy::describe_call(call);
  story.site = sandbox::code_site(tid, call.instruction_pointer);
  tell(story);
}

void Explainer::fill(Story& story, const Loaded* loaded, const Decision& decision, const Call& call) const {
  story.outcome = policy::to_string(decision.action, abi::native_arch());
  if (loaded != nullptr && loaded->policy) {
    const formats::Suggestion suggestion = formats::suggest_allow(call, loaded->policy->format);
    story.policy = describe_origin(*loaded, decision, call);
    story.allow = cure(*loaded, decision, call, suggestion);
    story.warning = suggestion.warning;
  } else {
    story.policy = (loaded != nullptr ? loaded->name : std::string()) + ": a raw filter, which names no rules";
  }
  // The name of a thread is its own to change, so it makes no denial a new one.
  story.key = sandbox::executable(story.pid) + "\n" + policy::describe_syscall(call) + "\n" + story.allow + "\n" +
              story.outcome + "\n" + story.policy;
}

Decision Explainer::strictest(const Call& call, const Loaded*& decider) const {
  Decision decision{{ActionKind::allow, 0}, {}};
  for (const Loaded& loaded : policies_) {
    Decision answer = loaded.resolved ? policy::evaluate(*loaded.resolved, call)
                                      : Decision{program_answer(*loaded.program, call), {}};
    if (decider != nullptr && answer.action.kind > decision.action.kind) continue;
    decision = answer;
    decider = &loaded;
  }
  return decision;
}

void Explainer::denied(const KernelVerdict& verdict) {
  Story story;
  story.command = verdict.command.empty() ? command_of(verdict.pid) : base::printable(verdict.command);
  story.pid = verdict.tid > 0 ? verdict.tid : verdict.pid;
  story.site = verdict.site;
  if (verdict.call_known) {
    const Loaded* decider = nullptr;
    const Decision decision = strictest(verdict.call, decider);
    fill(story, decider, decision, verdict.call);
    story.call = verdict.args_known ? policy::describe_call(verdict.call)
                                    : policy::describe_syscall(verdict.call) + "(arguments not known)";
  } else {
    story.call = "a system call that could not be found out";
    story.outcome = "SIGSYS";
    story.policy = verdict.trace_refused
                       ? "the process could not be traced, and no audit record was readable: only the signal is known"
                       : "only the signal is known: a call of an architecture the policy does not name, or a signal "
                         "sent by a process";
    story.key = story.command + "\n" + story.call;
  }
  tell(story);
}

void Explainer::denied_by_strict_mode(const KernelVerdict& verdict) {
  Story story;
  story.command = verdict.command.empty() ? command_of(verdict.pid) : base::printable(verdict.command);
  story.pid = verdict.pid;
  story.outcome = "SIGKILL";
  story.policy = "strict mode: only read, write, exit and rt_sigreturn";
  story.call = !verdict.call_known  ? "a system call that could not be found out"
               : verdict.args_known ? policy::describe_call(verdict.call)
                                    : policy::describe_syscall(verdict.call) + "(arguments not known)";
  story.site = verdict.site;
  if (verdict.call_known && policy::describe_syscall(verdict.call) == "exit_group")
    story.warning =
        "a program that ends by exit_group cannot end in strict mode; -p builtin:strict is the filter that lets it";
  story.key = story.call;
  tell(story);
}

void Explainer::tell(const Story& story) {
  if (told_.size() > kMaxTold || !told_.insert(story.key).second) return;
  if (told_.size() > kMaxTold) {
    if (!options_.quiet)
      print_error("cordon: " + std::to_string(kMaxTold) + " distinct denials were explained; the rest is not\n");
    return;
  }
  const std::string who = (story.command.empty() ? "?" : story.command) + "[" + std::to_string(story.pid) + "]";
  if (!options_.quiet) {
    std::string text = "cordon: " + who + " " + story.call + " -> " + story.outcome + "\n";
    auto line = [&](const char* head, const std::string& value) {
      if (!value.empty()) text += std::string("  ") + head + value + "\n";
    };
    line("policy  ", story.policy);
    line("at      ", story.site);
    line("allow   ", story.allow);
    line("note    ", story.warning);
    print_error(text);
  }
  if (!log_) return;
  JsonWriter json;
  json.begin_object()
      .key("schema")
      .value("cordon.denial/1")
      .key("command")
      .value(story.command)
      .key("pid")
      .value(int64_t{story.pid});
  json.key("call").value(story.call).key("action").value(story.outcome).key("policy").value(story.policy);
  json.key("at").value(story.site).key("allow").value(story.allow).key("note").value(story.warning).end_object();
  const std::string text = one_line(std::move(json).take());
  // One write per line: lines of several runs appended to one file do not mix.
  if (::write(log_.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    print_error("cordon: warning: the explain log could not be written: " + errno_name(errno) + "\n");
}

}  // namespace cordon::cli
