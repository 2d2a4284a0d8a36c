// Every policy that the tree holds: in files of their own, in the corpus of the fuzzers, and as files of whole-tool
// cases; the builtin ones; and the profile of containers where it is installed. What is no policy is left out.
#pragma once

#include <string>
#include <vector>

#include "cordon/policy/resolved_policy.h"

namespace cordon::engines {

struct TreePolicy {
  std::string where;  // "tests/cases/run/caps.case:app.cordon"
  ResolvedPolicy resolved;
};

std::vector<TreePolicy> policies_in_tree();

}  // namespace cordon::engines
