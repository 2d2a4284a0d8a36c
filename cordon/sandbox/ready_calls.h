// The system calls that a ready sandbox makes itself once its filters judge it.
//
//   std::vector<std::string_view> missing = calls_refused_by(filters);
//   plan.attaches_late = !missing.empty();
#pragma once

#include <string_view>
#include <vector>

#include "cordon/sandbox/launch.h"

namespace cordon::sandbox {

// Those that these filters do not simply allow, by name; the exec of what it starts is not among them.
std::vector<std::string_view> calls_refused_by(const std::vector<FilterSpec>& filters, int clone_flags);

}  // namespace cordon::sandbox
