// What `run` hands to the launcher: filters, and whether somebody stays beside the command.
//
// An explained run installs a filter that asks the supervisor where the policy says errno; the supervisor
// answers with that errno and tells why. Kills and traps stay the kernel's own.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "cli/load.h"
#include "cordon/base/result.h"
#include "cordon/sandbox/launch.h"

namespace cordon::cli {

struct PlanOptions {
  bool explain_errno = true;       // a supervisor answers errno denials
  bool explain_all = false;        // those with ENOSYS by a rule or by `unknown` too
  bool answers_notify = false;     // somebody answers `notify` rules: a raw filter with nothing else to ask asks too
  bool hands_over = false;         // somebody else has the listener, and is asked about what is notified only
  bool explains_landlock = false;  // asked too: calls the policy allows and Landlock may refuse
  uint32_t filter_flags = 0;
  ProofOptions proof;
};

struct RunPlan {
  std::vector<FilterSpec> filters;
  bool listener = false;
  bool notifies = false;     // some calls get `notify`
  bool has_unheard = false;  // and some of those the kernel answers, as no listener can be had for them
  bool can_kill = false;     // a call of an architecture the policy names can be killed or trapped
  // The meaning the supervisor answers by; without it (one raw filter) `program` is simulated.
  mutable std::optional<ResolvedPolicy> meaning;
  std::function<std::optional<ResolvedPolicy>()> find_meaning = {};  // where it is not known before it is needed
  std::optional<bpf::Program> program;
  ProofOptions proof;  // as the plan's filters were proved, for those made later
};

// The result's notes say what cannot be explained and why; its warnings, what was not proved.
Result<RunPlan> make_plan(const std::vector<Loaded>& policies, const PlanOptions& options);

// The one meaning of all policies; none if one of them is a raw filter or they multiply to too much.
std::optional<ResolvedPolicy> meaning_of(const std::vector<Loaded>& policies);

// Instead of the plan's filters, where a supervisor has to stand in for the kernel: it asks about every call that
// they do not allow. None where they cannot be one filter, or nobody is to be asked.
std::optional<FilterSpec> make_gate(const RunPlan& plan);

// Is a denial worth telling? An errno ENOSYS by a rule or by `unknown` is an answer programs expect.
bool is_told(const Decision& decision, bool explain_all);

// What a raw filter answers.
Action program_answer(const bpf::Program& program, const Call& call);

// The verdict on a notified call.
Decision decide(const RunPlan& plan, const Call& call);

}  // namespace cordon::cli
