// Decides the calls of a supervised command that ask: what the policy denies, and what its `notify` rules name.
//
//   Answerer answerer(plan, policies, on_notify);
//   answerer.watch(launched);
//   supervision.calls.answer = [&](const Notification& notification) { return answerer.answer(notification); };
#pragma once

#include <optional>

#include "cli/on_notify.h"
#include "cli/policies.h"
#include "cli/run_plan.h"
#include "cordon/sandbox/landlock_forecast.h"
#include "cordon/sandbox/supervise.h"

namespace cordon::cli {

class Answerer {
 public:
  // All of it must outlive this.
  Answerer(const RunPlan& plan, const Policies& policies, const OnNotify& on_notify)
      : plan_(plan), policies_(policies), on_notify_(on_notify) {}

  // The command whose calls these are.
  void watch(const Launched& launched);

  Response answer(const Notification& notification);

  // Calls that the policy allows are looked at before they run; it must outlive this.
  void foresee(const sandbox::LandlockForecast& forecast) { forecast_ = &forecast; }
  // What Landlock is about to refuse of the call asked about last.
  const std::optional<sandbox::LandlockRefusal>& refusal() const { return refusal_; }

  // Who answers for OnNotify::Kind::program; it must outlive this.
  void ask(NotifyHandler& handler) { handler_ = &handler; }
  // For Answering::take_over.
  Response take_over(const Notification& notification, Listener& listener);

  // What the call asked about last got, and the rule that says so. A `notify` rule that denied it stands with that
  // errno.
  const Decision& last() const { return last_; }
  // It was refused, and not by a handler.
  bool has_denied() const { return has_denied_; }

  // A kill that we made in the kernel's place ends the run as the kernel's would.
  int exit_status(const Outcome& outcome) const;

 private:
  Response answer_notify(const Call& call);

  const RunPlan& plan_;
  const Policies& policies_;
  const OnNotify& on_notify_;
  NotifyHandler* handler_ = nullptr;
  const sandbox::LandlockForecast* forecast_ = nullptr;
  std::optional<sandbox::LandlockRefusal> refusal_;
  pid_t command_ = 0;
  bool gate_shut_ = false;
  Decision last_ = {};
  bool has_denied_ = false;
  bool has_ended_command_ = false;
};

}  // namespace cordon::cli
