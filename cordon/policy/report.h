// Collects what resolving has to say, once per rule and place although a rule is resolved for each ABI.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

#include "cordon/base/diagnostic.h"
#include "cordon/policy/policy.h"

namespace cordon::policy {

class Report {
 public:
  explicit Report(const Policy& policy) : policy_(policy) {}

  // `span` without a source stands for the rule's own place. Null if that was said before.
  Diagnostic* say(Severity severity, std::string_view code, uint32_t rule, Span span, std::string message,
                  std::string hint = {});
  // About the policy as a whole.
  void say(Severity severity, std::string_view code, std::string message, std::string hint = {});

  // Looking for near names costs; after many typos it is not worth it.
  bool may_suggest() { return suggestions_++ < kMaxSuggestions; }

  Place place_of(uint32_t rule) const { return policy_.sources.locate(policy_.rules[rule].span); }
  const Policy& policy() const { return policy_; }
  const Diagnostics& diagnostics() const { return diagnostics_; }

 private:
  static constexpr int kMaxSuggestions = 20;

  const Policy& policy_;
  Diagnostics diagnostics_;
  std::set<std::tuple<uint32_t, std::string_view, SourceId, uint32_t>> said_;  // codes are literals
  int suggestions_ = 0;
};

}  // namespace cordon::policy
