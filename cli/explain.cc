#include "cli/explain.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <fstream>

#include "cordon/abi/syscalls.h"
#include "cordon/base/json_writer.h"
#include "cordon/base/text.h"
#include "cordon/formats/suggest.h"
#include "cordon/policy/describe.h"
#include "cordon/policy/evaluate.h"

namespace cordon::cli {
namespace {

// The first line of a file in /proc; empty if it is gone.
std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string command_of(pid_t tid) {
  return tid > 0 ? base::printable(first_line("/proc/" + std::to_string(tid) + "/comm")) : std::string();
}

// The mapping that holds an address, as "libc.so.6+0x10e2f8": an offset into the file, so that it is the
// same in every run. Empty if the process is gone.
std::string site_of(pid_t tid, uint64_t address) {
  if (tid <= 0 || address == 0) return {};
  std::ifstream maps("/proc/" + std::to_string(tid) + "/maps");
  std::string line;
  while (std::getline(maps, line)) {
    uint64_t begin = 0, end = 0, offset = 0;
    int path_at = 0;
    if (std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64 " %*s %*s %n", &begin, &end, &offset, &path_at) < 3)
      continue;
    if (address < begin || address >= end) continue;
    std::string path = path_at > 0 ? line.substr(static_cast<size_t>(path_at)) : std::string();
    if (path.empty()) return base::hex(address) + " (no file)";
    return base::printable(path.substr(path.rfind('/') + 1)) + "+" + base::hex(address - begin + offset);
  }
  return {};
}

std::string compact(std::string json) {
  std::string line;
  bool at_line_start = false;
  for (char c : json) {
    if (c == '\n') at_line_start = true;
    else if (c != ' ' || !at_line_start) {
      at_line_start = false;
      line += c;
    }
  }
  return line + "\n";
}

std::string outcome_text(const Action& action) {
  return policy::to_string(action, abi::native_arch());
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

bool Explainer::is_told(const Decision& decision) const {
  if (options_.all || decision.action.kind != ActionKind::errno_) return true;
  if (decision.origin.kind == Origin::Kind::unknown) return false;
  const bool is_explicit = decision.origin.kind == Origin::Kind::rule || decision.origin.kind == Origin::Kind::multiplexed;
  return !(is_explicit && decision.action.data == ENOSYS);
}

void Explainer::denied(pid_t tid, const Call& call, const Decision& decision) {
  if (!is_told(decision)) return;
  Story story;
  story.command = command_of(tid);
  story.pid = tid;
  story.call = policy::describe_call(call);
  story.outcome = outcome_text(decision.action);
  story.site = site_of(tid, call.instruction_pointer);
  const Loaded& loaded = policies_[decision.origin.policy < policies_.size() ? decision.origin.policy : 0];
  if (loaded.policy) {
    story.policy = describe_origin(loaded, decision, call);
    const formats::Suggestion suggestion = formats::suggest_allow(call, loaded.policy->format);
    story.allow = suggestion.line;
    story.warning = suggestion.warning;
  } else {
    story.policy = loaded.name + ": a raw filter, which names no rules";
  }
  story.key = story.command + "\n" + policy::describe_syscall(call) + "\n" + story.allow + "\n" + story.outcome + "\n" + story.policy;
  tell(story);
}

void Explainer::denied(const KernelVerdict& verdict) {
  Story story;
  story.command = verdict.command.empty() ? command_of(verdict.pid) : base::printable(verdict.command);
  story.pid = verdict.tid > 0 ? verdict.tid : verdict.pid;
  if (!verdict.call_known) {
    story.call = "a system call that could not be found out";
    story.outcome = "SIGSYS";
    story.policy = "the process could not be traced, and no audit record was readable: only the signal is known";
    story.key = story.command + "\n" + story.call;
    tell(story);
    return;
  }
  Decision decision{{ActionKind::kill_process, 0}, {}};
  const Loaded* loaded = nullptr;
  for (size_t i = 0; i < policies_.size(); ++i) {
    if (!policies_[i].resolved) continue;
    Decision answer = policy::evaluate(*policies_[i].resolved, verdict.call);
    if (loaded != nullptr && answer.action.kind > decision.action.kind) continue;
    decision = answer;
    loaded = &policies_[i];
  }
  story.call = verdict.args_known ? policy::describe_call(verdict.call)
                                  : policy::describe_syscall(verdict.call) + "(arguments not known)";
  story.outcome = loaded == nullptr ? (verdict.is_trap ? "trap" : "kill") : outcome_text(decision.action);
  story.site = site_of(story.pid, verdict.call.instruction_pointer);
  if (loaded == nullptr) {
    story.policy = policies_.empty() ? "" : policies_.front().name + ": a raw filter, which names no rules";
  } else {
    story.policy = describe_origin(*loaded, decision, verdict.call);
    const formats::Suggestion suggestion = formats::suggest_allow(verdict.call, loaded->policy->format);
    story.allow = suggestion.line;
    story.warning = suggestion.warning;
  }
  story.key = story.command + "\n" + policy::describe_syscall(verdict.call) + "\n" + story.allow + "\n" + story.outcome + "\n" + story.policy;
  tell(story);
}

void Explainer::denied_by_strict_mode(const KernelVerdict& verdict) {
  Story story;
  story.command = verdict.command.empty() ? command_of(verdict.pid) : base::printable(verdict.command);
  story.pid = verdict.pid;
  story.outcome = "SIGKILL";
  story.policy = "strict mode: only read, write, exit and rt_sigreturn";
  story.call = !verdict.call_known   ? "a system call that could not be found out"
               : verdict.args_known ? policy::describe_call(verdict.call)
                                    : policy::describe_syscall(verdict.call) + "(arguments not known)";
  story.site = verdict.call_known ? site_of(verdict.pid, verdict.call.instruction_pointer) : std::string();
  if (verdict.call_known && policy::describe_syscall(verdict.call) == "exit_group")
    story.warning = "a program that ends by exit_group cannot end in strict mode; -p builtin:strict is the filter that lets it";
  story.key = story.call;
  tell(story);
}

void Explainer::tell(const Story& story) {
  if (!told_.insert(story.key).second) return;
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
  json.begin_object().key("schema").value("cordon.denial/1").key("command").value(story.command).key("pid").value(int64_t{story.pid});
  json.key("call").value(story.call).key("action").value(story.outcome).key("policy").value(story.policy);
  json.key("at").value(story.site).key("allow").value(story.allow).key("note").value(story.warning).end_object();
  const std::string text = compact(std::move(json).take());
  // One write per line: lines of several runs appended to one file do not mix.
  if (::write(log_.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    print_error("cordon: warning: the explain log could not be written: " + errno_name(errno) + "\n");
}

}  // namespace cordon::cli
