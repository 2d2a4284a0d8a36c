// The new process from outside: watched until it has left for its program, ended.
#pragma once

#include <memory>

#include "cordon/base/result.h"
#include "cordon/sandbox/launch.h"
#include "cordon/sandbox/launch_errors.h"
#include "cordon/sandbox/preparation.h"

namespace cordon::sandbox {

// A child prepared with plan.gated waits until this.
void open_gate(LaunchReport& report);

// Returns when the child has left for its program (by exec or by death), or when execve itself waits for
// an answer of the listener (launched.exec_pending). A tracer in `launched` is kept at work.
// The errno of a tracer that cannot wait for its tracees, or 0.
int await_exec(Launched& launched);

// Lets the exec pass that a gate's filter asks about, and only that: who asks before the child has left is
// cordon's own code. An errno, or 0.
int pass_exec(Launched& launched);

// It has ended and was not reaped.
bool has_died(const Launched& launched);

// False: it may not be sent a signal, and nobody here traces it.
bool kill_command(const Launched& launched);
// Ends a child that must not go on, and reaps it. False: it could not be ended, and goes on.
bool destroy(const Launched& launched);
// The same, with what went wrong: it tells what is left.
Diagnostic destroyed(const Launched& launched, Diagnostic failure);
// What a command is that goes on: "; process 4312 could not be ended and goes on".
std::string left_running(const Launched& launched);
// Ends what is left in the pid namespace that was made for it, after the command was reaped.
void end_namespace(const Launched& launched);
int reap(const Launched& launched);  // its wait status; -1 if somebody else has taken it

FailedStep failed_step(const Preparation& preparation);

}  // namespace cordon::sandbox
