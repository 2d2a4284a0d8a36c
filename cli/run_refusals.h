// What is wrong with policies for the run that is asked for, told before anything starts.
#pragma once

#include <string>
#include <vector>

#include "cli/load.h"
#include "cli/on_notify.h"
#include "cli/run_plan.h"

namespace cordon::cli {

// Errors where a run would be pointless or less confined than asked: execve denied although the filter begins before
// it, a policy for another architecture.
Diagnostics refuse(const std::vector<Loaded>& policies, StartPoint start, const OnNotify& on_notify);

// Warnings where a call is handed to somebody who is not there.
Diagnostics unanswered(const std::vector<Loaded>& policies, const OnNotify& on_notify);

// An error where calls of `notify` rules could not be asked about, although somebody is to answer them. Else a note of
// what is left to chance, and a warning where no rule says notify.
Diagnostics check_notify(const RunPlan& plan, const OnNotify& on_notify);

// Somebody was to answer `notify` rules, and no listener can be had because of that.
Diagnostic unheard(std::string why);

}  // namespace cordon::cli
