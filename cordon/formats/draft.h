// What a source with mistakes still says, so that one run finds the mistakes in what could be read, too.
//
//   PolicyReading reading = read_cordon_draft(text, "app.cordon", options);
//   if (reading.draft) more = mistakes_in(*reading.draft, {});
//
// A draft is never turned into a filter. What could not be read leaves doubts, and nothing that a doubt
// touches is called a mistake: a name may have been defined in the statement that is missing.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>

#include "cordon/base/result.h"
#include "cordon/policy/policy.h"
#include "cordon/policy/resolve.h"

namespace cordon::formats {

struct PolicyDraft {
  Policy policy;
  size_t firm_rules = SIZE_MAX;      // rules from this index on may stand behind rules that are missing
  bool are_arches_firm = true;       // false: the list of architectures is not what the writer meant
  bool may_lack_any_name = false;    // a definition is missing, and not even its name is known
  std::set<std::string> lost_names;  // names whose definitions are missing
};

// Either a policy, or the reasons why there is none and what could be made of it all the same.
struct PolicyReading {
  Result<Policy> policy;
  std::optional<PolicyDraft> draft;
};

// Errors that no missing statement could explain; those of reading are not among them.
Diagnostics mistakes_in(const PolicyDraft& draft, const policy::ResolveOptions& options);

// Sorted by file, in the order in which the policy was read from them, then by line and column.
Diagnostics in_order_of_place(const Diagnostics& found, const Sources& sources);

}  // namespace cordon::formats
