// What resolve tells whoever hears it about a policy, beside the parts of the policy themselves.
//
// A hearer has one function for each finding, named after it: unknown_call(rule, name), contradiction(rule, use), …
// Report (report.h) makes texts for people of them, ConstantReport (constant_policy.h) stops a compiler at the errors.
#pragma once

#include <cstdint>
#include <string_view>

namespace cordon::policy {

// Where an errno is written: in a line of the header, or in a rule.
struct ErrnoPlace {
  std::string_view line;  // "default"; empty: in the rule
  uint32_t rule = 0;
};

// What came of one test.
struct TestOutcome {
  unsigned width = 64;
  uint64_t mask = 0;
  bool is_always = false;
  bool is_never = false;
};

}  // namespace cordon::policy
