// Compiled and proved filters of earlier runs, so that the same policy need not be compiled again.
//
//   PlanCache cache(request);                                  // what is asked for besides the policies' text
//   if (std::optional<CachedPlan> kept = cache.find(copies)) install(*kept);
//   else cache.keep(compiled, copies);
//
// An entry holds all that its filters were made of, word for word: the policies with all they include, the options,
// the kernel's release and the build of cordon. It is taken only if all of that is the same now.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/options.h"
#include "cli/policies.h"
#include "cli/run_plan.h"
#include "cli/source_copies.h"

namespace cordon::cli {

struct CachedPlan {
  StartPoint start = StartPoint::before_exec;
  bool listener = false, notifies = false, can_kill = false;  // as of RunPlan
  bool has_other_lines = false;                               // a policy says more than a filter can
  std::vector<FilterSpec> filters;
};

struct PlanRequest {
  const std::vector<std::string>& specs;
  const PolicyOptions& reading;
  const PlanOptions& planning;
  const std::string& start;
  bool may_be_kept = true;
};

class PlanCache {
 public:
  explicit PlanCache(const PlanRequest& request);

  // Reads the sources; what was read is in `copies`, whether an entry was found or not.
  std::optional<CachedPlan> find(SourceCopies& copies);
  void keep(const CachedPlan& plan, const SourceCopies& copies) const;

 private:
  std::string name_of(const SourceCopies& copies) const;

  std::string request_;  // empty: nothing is looked for and nothing kept
  std::vector<std::string> files_;
  std::string name_;
};

// The same plan again. `policies` must outlive it.
RunPlan plan_of(const CachedPlan& kept, const Policies& policies, const ProofOptions& proof);
// For plans of which no word was to be told. Raw filters cost nothing to read again, and are not kept.
void keep(const RunPlan& plan, StartPoint start, const std::vector<Loaded>& policies, const PlanCache& cache,
          const SourceCopies& copies);

}  // namespace cordon::cli
