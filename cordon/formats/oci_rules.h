// The meaning of OCI entries as libseccomp gives it, turned into rules of which the first match decides.
//
//   policy.rules = make_oci_rules(entries, {.default_action = policy.default_action.action}, report);
#pragma once

#include <vector>

#include "cordon/formats/oci_profile.h"
#include "cordon/policy/rule.h"

namespace cordon::formats {

struct OciRuleOptions {
  Action default_action;
  bool drop_unknown_names = false;  // as runc does, with a note; otherwise they are left to policy::resolve
};

std::vector<Rule> make_oci_rules(const std::vector<const OciEntry*>& entries, const OciRuleOptions& options,
                                 ProfileReporter& report);

struct OciStubOptions {
  Action default_action;
  std::vector<Arch> arches;
  Span span;  // what the rules are said to come from
};

// The rules runc puts before a profile: numbers above every number the profile names fail with ENOSYS.
std::vector<Rule> make_runc_stub(const std::vector<const OciEntry*>& entries, const OciStubOptions& options);

}  // namespace cordon::formats
