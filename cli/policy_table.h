// A policy as a table: which calls get which action, per architecture.
//
//   finish_output(policy_table(loaded), kDone);
//
// Of a policy, not of a raw filter, which names no calls.
#pragma once

#include <string>

#include "cli/load.h"

namespace cordon::cli {

std::string policy_table(const Loaded& loaded);
std::string policy_table_json(const Loaded& loaded);  // cordon.show/1

}  // namespace cordon::cli
