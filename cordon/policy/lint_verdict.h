// What a call can get under a policy, whatever its arguments: for lint.
//
//   Verdicts verdicts(resolved);
//   verdicts.of("openat", Arch::x86_64)->can_run
//
// Holds for calls with a number of their own and for those that only a multiplexer reaches. A look-up costs two
// binary searches and a walk over the call's clauses.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/abi/arch.h"
#include "cordon/base/source.h"
#include "cordon/policy/multiplex.h"
#include "cordon/policy/policy.h"
#include "cordon/policy/resolved_policy.h"

namespace cordon::policy {

struct Verdict {
  bool is_named = false;  // by a rule
  bool can_run = false;
  bool always_runs = true;          // and nobody is asked
  bool is_restricted = false;       // by a rule that names it: denied, other than by "no such call", or asked about
  std::optional<uint32_t> rule;     // the first that names it …
  std::optional<uint32_t> denying;  // … and the first that restricts
  std::optional<Action> failing;    // the errno it can get, and whose
  std::optional<uint32_t> failing_rule;
};

class Verdicts {
 public:
  // `resolved` must outlive this.
  explicit Verdicts(const ResolvedPolicy& resolved) : resolved_(resolved) {}

  // Nothing where the ABI has no such call, or is not in the policy.
  std::optional<Verdict> of(std::string_view name, Arch arch) const;
  static Verdict of(std::span<const Clause> clauses, Arch arch);
  bool runs(std::string_view name, Arch arch) const {
    std::optional<Verdict> found = of(name, arch);
    return found && found->can_run;
  }
  // What a call behind a multiplexer can get there; nothing where the ABI has no such multiplexer.
  std::vector<Clause> through(const Multiplexer& multiplexer, uint32_t call, Arch arch) const;
  const ResolvedPolicy& resolved() const { return resolved_; }

 private:
  const ResolvedPolicy& resolved_;
};

// The call runs without anybody being asked.
bool runs_unasked(ActionKind kind);

// The errno that says "no such call" on the ABI.
uint16_t no_such_call(Arch arch);

// The part of the ABI's numbers that a number lies in; null where the policy does not have the ABI.
const Segment* find_segment(const ResolvedPolicy& resolved, uint32_t audit_arch, uint32_t number);

// Where a rule stands; no place where there is no rule.
Place place_of_rule(const Policy& policy, std::optional<uint32_t> rule);

// "mkdirat", "fchmod and fchmodat", "fchmod, fchmodat and fchmodat2"
std::string enumeration(std::span<const std::string_view> words);

}  // namespace cordon::policy
