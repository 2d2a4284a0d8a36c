#include "cli/explain.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <type_traits>

#include "cli/landlock_text.h"
#include "cli/run_plan.h"
#include "cordon/abi/constants.h"
#include "cordon/base/json_writer.h"
#include "cordon/base/text.h"
#include "cordon/policy/describe.h"
#include "cordon/policy/evaluate.h"
#include "cordon/sandbox/process_info.h"

namespace cordon::cli {
namespace {

// Denials that differ, before cordon stops telling: a command may make as many as it likes.
constexpr size_t kMaxTold = 2000;
constexpr size_t kMaxRepeated = 4096;

static_assert(std::has_unique_object_representations_v<Call>, "calls are compared by their bytes");

std::string command_of(pid_t tid) { return tid > 0 ? base::printable(sandbox::thread_name(tid)) : std::string(); }

std::string dropped_line(size_t count) {
  return "cordon: warning: " + std::to_string(count) + " explanations are missing here: they were not read in time\n";
}

std::string dropped_record(size_t count) {
  return R"({"schema": "cordon.dropped/1", "count": )" + std::to_string(count) + "}\n";
}

bool may_run_in_strict_mode(const Call& call) {
  const std::string name = policy::describe_syscall(call);
  return name == "read" || name == "write" || name == "exit" || name == "rt_sigreturn";
}

bool ends_by_signal(ActionKind kind) {
  return kind == ActionKind::kill_process || kind == ActionKind::kill_thread || kind == ActionKind::trap;
}

}  // namespace

Explainer::Explainer(const Policies& policies, ExplainOptions options)
    : policies_(policies), options_(std::move(options)) {
  error_lines_.emplace(STDERR_FILENO, dropped_line);
}

Result<Done> Explainer::open_log() {
  if (options_.log_path.empty()) return Done{};
  // A pipe without a reader would hold us here for ever, before the command.
  constexpr int kFlags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  log_.reset(::open(options_.log_path.c_str(), kFlags, 0666));
  if (!log_) {
    const int error = errno;
    struct stat status {};
    const bool is_pipe = error == ENXIO && ::stat(options_.log_path.c_str(), &status) == 0 && S_ISFIFO(status.st_mode);
    return system_error("open '" + options_.log_path + "'", error,
                        is_pipe ? "it is a pipe that nobody reads: start its reader first" : "");
  }
  ::fcntl(log_.get(), F_SETFL, O_APPEND);
  log_lines_.emplace(log_.get(), dropped_record);
  return Done{};
}

void Explainer::continue_in_holder(int log_fd) {
  options_.quiet = true;
  if (error_lines_) error_lines_->abandon();
  if (log_lines_) log_lines_->abandon();
  (void)log_.release();  // closed here already
  log_lines_.reset();
  if (log_fd < 0) return;
  log_.reset(log_fd);
  log_lines_.emplace(log_fd, dropped_record);
}

void Explainer::finish() {
  if (log_lines_) warn_of_log(log_lines_->finish());
  if (error_lines_) error_lines_->finish();
}

bool Explainer::may_be_new(const Decision& decision) {
  waiting_.reset();
  return !has_enough() && tells() && is_told(decision, options_.all);
}

// A denial that is made a thousand times is told once: the rest must cost little.
bool Explainer::is_new(const Notification& notification, const std::string& executable, const Decision& decision) {
  waiting_.reset();
  // The very same call again needs no words to be known.
  std::string exact = executable;
  exact.append(reinterpret_cast<const char*>(&notification.call), sizeof notification.call);
  if (repeated_.contains(exact)) return false;
  const std::vector<Loaded>& policies = policies_.all();
  const Loaded& loaded = policies[decision.origin.policy < policies.size() ? decision.origin.policy : 0];
  Denial denial = begin(&loaded, decision, notification.call, executable);
  if (told_.contains(denial.story.key)) {
    if (repeated_.size() < kMaxRepeated) repeated_.insert(std::move(exact));
    return false;
  }
  denial.story.pid = notification.tid;
  waiting_ = std::move(denial);
  return true;
}

bool Explainer::is_new(const Notification& notification, const std::string& executable,
                       const sandbox::LandlockRefusal& refusal) {
  waiting_.reset();
  if (has_enough()) return false;
  const RefusalText text = describe_refusal(refusal);
  Denial denial{.loaded = nullptr, .decision = {}, .call = notification.call, .suggestion = {}, .story = {}};
  Story& story = denial.story;
  story.pid = notification.tid;
  story.outcome = "errno " + errno_name(refusal.error);
  story.policy = text.policy;
  story.allow = text.allow;
  story.key = executable + "\n" + policy::describe_syscall(notification.call) + "\n" + text.policy;
  if (told_.contains(story.key)) return false;
  waiting_ = std::move(denial);
  return true;
}

void Explainer::denied(const sandbox::Notifier& who) {
  if (!waiting_) return;
  add_cure(*waiting_);
  Story& story = waiting_->story;
  story.command = base::printable(who.command);
  story.call = policy::describe_call(waiting_->call);
  story.site = who.site;
  tell(story);
  waiting_.reset();
}

Explainer::Denial Explainer::begin(const Loaded* loaded, const Decision& decision, const Call& call,
                                   const std::string& executable) {
  const bool has_rules = loaded != nullptr && loaded->policy;
  Denial denial{.loaded = loaded, .decision = decision, .call = call, .suggestion = {}, .story = {}};
  if (has_rules) denial.suggestion = formats::suggest_allow(call, loaded->policy->format);
  Story& story = denial.story;
  story.outcome = policy::to_string(decision.action, abi::native_arch());
  story.policy = has_rules
                     ? describe_origin(*loaded, decision, call)
                     : (loaded != nullptr ? loaded->name : std::string()) + ": a raw filter, which names no rules";
  // The name of a thread is its own to change, so it makes no denial a new one.
  story.key = executable + "\n" + policy::describe_syscall(call) + "\n" + denial.suggestion.line + "\n" +
              story.outcome + "\n" + story.policy;
  return denial;
}

void Explainer::add_cure(Denial& denial) {
  if (denial.loaded != nullptr && denial.loaded->policy)
    denial.story.allow = cures_.tell(*denial.loaded, denial.decision, denial.call, denial.suggestion);
  denial.story.warning = denial.suggestion.warning;
}

Decision Explainer::strictest(const Call& call, const Loaded*& decider) const {
  Decision decision{{ActionKind::allow, 0}, {}};
  for (const Loaded& loaded : policies_.all()) {
    Decision answer = loaded.resolved ? policy::evaluate(*loaded.resolved, call)
                                      : Decision{program_answer(loaded.programs.front(), call), {}};
    if (decider != nullptr && answer.action.kind > decision.action.kind) continue;
    decision = answer;
    decider = &loaded;
  }
  return decision;
}

void Explainer::denied(const KernelVerdict& verdict) {
  if (has_enough()) return;
  Story story;
  if (verdict.call_known) {
    const Loaded* decider = nullptr;
    const Decision decision = strictest(verdict.call, decider);
    // It died beside the one that was killed, with this call in its registers.
    if (!verdict.is_certain && !ends_by_signal(decision.action.kind)) return;
    const pid_t tid = verdict.tid > 0 ? verdict.tid : verdict.pid;
    Denial denial = begin(decider, decision, verdict.call, sandbox::executable(tid));
    if (told_.contains(denial.story.key)) return;
    add_cure(denial);
    story = std::move(denial.story);
    story.call = verdict.args_known ? policy::describe_call(verdict.call)
                                    : policy::describe_syscall(verdict.call) + "(arguments not known)";
  } else {
    story.call = "a system call that could not be found out";
    story.outcome = "SIGSYS";
    story.policy = verdict.trace_refused
                       ? "the process could not be traced, and no audit record was readable: only the signal is known"
                       : "only the signal is known: a call of an architecture the policy does not name, or a signal "
                         "sent by a process";
  }
  story.command = verdict.command.empty() ? command_of(verdict.pid) : base::printable(verdict.command);
  story.pid = verdict.tid > 0 ? verdict.tid : verdict.pid;
  story.site = verdict.site;
  if (!verdict.call_known) story.key = story.command + "\n" + story.call;
  tell(story);
}

void Explainer::denied_by_strict_mode(const KernelVerdict& verdict) {
  if (has_enough()) return;
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
  const bool is_allowed = verdict.call_known && may_run_in_strict_mode(verdict.call);
  if (!is_allowed || verdict.is_certain) tell(story);
}

void Explainer::tell_line(std::string line) {
  if (error_lines_) error_lines_->put(std::move(line));
}

bool Explainer::has_enough() const { return told_.size() > kMaxTold; }

void Explainer::tell(const Story& story) {
  if (!told_.insert(story.key).second) return;
  if (has_enough()) {
    if (!options_.quiet)
      error_lines_->put("cordon: " + std::to_string(kMaxTold) + " distinct denials were explained; the rest is not\n");
    return;
  }
  if (!options_.quiet) {
    const std::string who = (story.command.empty() ? "?" : story.command) + "[" + std::to_string(story.pid) + "]";
    std::string text = "cordon: " + who + " " + story.call + " -> " + story.outcome + "\n";
    auto line = [&](const char* head, const std::string& value) {
      if (!value.empty()) text += std::string("  ") + head + value + "\n";
    };
    line("policy  ", story.policy);
    line("at      ", story.site);
    line("allow   ", story.allow);
    line("note    ", story.warning);
    error_lines_->put(std::move(text));
  }
  if (log_lines_) tell_log(story);
}

void Explainer::tell_log(const Story& story) {
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
  log_lines_->put(one_line(std::move(json).take()));
  warn_of_log(log_lines_->take_error());
}

void Explainer::warn_of_log(int error) {
  if (error != 0 && error_lines_)
    error_lines_->put("cordon: warning: the explain log could not be written: " + errno_name(error) + "\n");
}

}  // namespace cordon::cli
