// A running process as a policy source.
//
//   pid:1234      all filters of the process's first thread, or of the thread with this number
//   pid:1234/0    one of them, the oldest
#pragma once

#include <string>
#include <string_view>

#include "cordon/base/result.h"
#include "cordon/observe/process_filters.h"

namespace cordon::cli {

bool is_process_source(std::string_view spec);
// Beside the errors of observe::read_process_filters: a number that is none, and a filter that is not there.
Result<ProcessFilters> read_process_source(const std::string& spec);

// "filter 1 of 2 of process 1234 (worker), logged": what a listing of it says above it.
std::string describe_filter(const ProcessFilters& process, const AttachedFilter& filter);

}  // namespace cordon::cli
