// Tells people why a call was denied, each distinct denial once.
//
//   cordon: ls[4312] ioctl(fd=1, cmd=TCGETS, arg=0x7ffd3c10) -> kill_thread
//     policy  cat.policy: default (no rule names ioctl)
//     at      libc.so.6+0x10e2f8
//     allow   ioctl: arg1 == TCGETS
#pragma once

#include <sys/types.h>

#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "cli/cure.h"
#include "cli/line_writer.h"
#include "cli/load.h"
#include "cli/policies.h"
#include "cordon/base/fd.h"
#include "cordon/formats/suggest.h"
#include "cordon/sandbox/landlock_forecast.h"
#include "cordon/sandbox/supervise.h"

namespace cordon::cli {

struct ExplainOptions {
  bool quiet = false;
  bool all = false;      // errno ENOSYS by a rule or by `unknown` too
  std::string log_path;  // JSON lines
};

// Nothing here waits for whoever reads the explanations: LineWriter. It is called by one thread.
class Explainer {
 public:
  // `policies` in the order of stacking; they must outlive the explainer.
  Explainer(const Policies& policies, ExplainOptions options);

  // Opens the log, if one is asked for.
  Result<Done> open_log();
  // -1 without a log.
  int log_fd() const { return log_.get(); }
  bool tells() const { return !options_.quiet || log_; }

  // A call that a supervisor is about to answer. False: denials of that kind are not told, whoever makes them.
  bool may_be_new(const Decision& decision);
  // The same, knowing who makes it. True: denied() will tell it, and wants to know where it was made.
  bool is_new(const Notification& notification, const std::string& executable, const Decision& decision);
  // The same of a call that Landlock is about to refuse.
  bool is_new(const Notification& notification, const std::string& executable, const sandbox::LandlockRefusal& refusal);
  // The call asked about last was answered; tells it if it was new.
  void denied(const sandbox::Notifier& who);
  // A call that the kernel answered by a kill or a trap.
  void denied(const KernelVerdict& verdict);
  // Mode 1: anything but read, write, exit and rt_sigreturn.
  void denied_by_strict_mode(const KernelVerdict& verdict);

  // A line beside the explanations, with its newline, quiet or not: standard error is not waited for.
  void tell_line(std::string line);

  // In the process that answers for what outlives the command: it tells the log only, which is `log_fd` there.
  void continue_in_holder(int log_fd);
  // Everything told is written, where somebody reads it.
  void finish();

 private:
  struct Story {
    std::string command;
    pid_t pid = 0;
    std::string call;
    std::string outcome;
    std::string policy;
    std::string site;
    std::string allow;
    std::string warning;
    std::string key;
  };
  // A denial by a policy, as the story of it begins.
  struct Denial {
    const Loaded* loaded = nullptr;
    Decision decision;
    Call call;
    formats::Suggestion suggestion;
    Story story;
  };
  // What tells it from others: told_ says whether it was told before.
  static Denial begin(const Loaded* loaded, const Decision& decision, const Call& call, const std::string& executable);
  // What would allow it.
  void add_cure(Denial& denial);
  // What the whole stack answers, and which source of it.
  Decision strictest(const Call& call, const Loaded*& decider) const;
  // So much was told that nothing more will be: whatever comes now must cost nothing.
  bool has_enough() const;
  void tell(const Story& story);
  void tell_log(const Story& story);
  void warn_of_log(int error);

  const Policies& policies_;
  ExplainOptions options_;
  Fd log_;
  std::optional<LineWriter> error_lines_;
  std::optional<LineWriter> log_lines_;
  Cures cures_;
  std::set<std::string> told_;
  std::unordered_set<std::string> repeated_;  // programs with calls as they were made, told before
  std::optional<Denial> waiting_;             // is not answered yet
};

}  // namespace cordon::cli
