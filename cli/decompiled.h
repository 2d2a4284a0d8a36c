// Raw filters as the policy they are together, so that verbs that look at policies can look at filters.
//
//   Result<Loaded> found = decompiled(*loaded, {});     // loaded->programs are there
//
// The policy is proved equal to the filter. It has no source text: rules have no places.
#pragma once

#include "cli/load.h"

namespace cordon::cli {

struct DecompilingOptions {
  unsigned effort = 1;  // so many times the usual bounds
};

Result<Loaded> decompiled(const Loaded& loaded, const DecompilingOptions& options);

}  // namespace cordon::cli
