// What is wrong with policies for the run that is asked for, told before anything starts.
#pragma once

#include <vector>

#include "cli/load.h"

namespace cordon::cli {

// Errors where a run would be pointless or less confined than asked: execve denied although the filter begins before
// it, a policy for another architecture.
Diagnostics refuse(const std::vector<Loaded>& policies, StartPoint start);

// Warnings where a call is handed to somebody who is not there.
Diagnostics unanswered(const std::vector<Loaded>& policies);

}  // namespace cordon::cli
