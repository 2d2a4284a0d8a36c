// Decides the calls of a supervised command that ask: what the policy denies, and what its `notify` rules name.
//
//   Answerer answerer(plan, on_notify);
//   answerer.watch(launched);
//   supervision.calls.answer = [&](const Notification& notification) { return answerer.answer(notification); };
#pragma once

#include "cli/on_notify.h"
#include "cli/run_plan.h"
#include "cordon/sandbox/supervise.h"

namespace cordon::cli {

class Answerer {
 public:
  // `plan` must outlive it.
  Answerer(const RunPlan& plan, OnNotify on_notify) : plan_(plan), on_notify_(on_notify) {}

  // The command whose calls these are.
  void watch(const Launched& launched);

  Response answer(const Notification& notification);

  // What the call asked about last got, and the rule that says so. A `notify` rule that denied it stands with that
  // errno.
  const Decision& last() const { return last_; }
  // It was refused, by whom ever.
  bool has_denied() const { return has_denied_; }

  // A kill that we made in the kernel's place ends the run as the kernel's would.
  int exit_status(const Outcome& outcome) const;

 private:
  Response answer_notify();

  const RunPlan& plan_;
  OnNotify on_notify_;
  pid_t command_ = 0;
  bool gate_shut_ = false;
  Decision last_ = {};
  bool has_denied_ = false;
  bool has_ended_command_ = false;
};

}  // namespace cordon::cli
