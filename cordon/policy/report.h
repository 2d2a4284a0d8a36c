// Collects what resolving has to say, once per rule and place although a rule is resolved for each ABI and
// each call it names: what it says of the others joins the first as notes.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "cordon/base/diagnostic.h"
#include "cordon/policy/policy.h"

namespace cordon::policy {

class Report {
 public:
  explicit Report(const Policy& policy) : policy_(policy) {}

  // `span` without a source stands for the rule's own place. Null if that was said before, and where so much
  // was said already that more is only counted. The pointer holds until the next call.
  Diagnostic* say(Severity severity, std::string_view code, uint32_t rule, Span span, std::string message,
                  std::string hint = {});
  // About the policy as a whole.
  void say(Severity severity, std::string_view code, std::string message, std::string hint = {});

  // Looking for near names costs; after many typos it is not worth it.
  bool may_suggest() { return suggestions_++ < kMaxSuggestions; }

  Place place_of(uint32_t rule) const { return policy_.sources.locate(policy_.rules[rule].span); }
  const Policy& policy() const { return policy_; }
  bool has_error_in(uint32_t rule) const;
  bool has_errors() const { return counts_[static_cast<size_t>(Severity::error)] > 0; }
  // Everything, with a note of what was only counted.
  Diagnostics finish();

 private:
  // Every diagnostic has a copy of its line, and a policy of a few kilobytes can give reason for thousands.
  static constexpr std::array<size_t, 3> kMaxSaid = {1000, 1000, 200};  // notes, warnings, errors
  static constexpr size_t kMaxLineBytes = size_t{16} << 20;
  static constexpr size_t kMaxLikewise = 3;
  static constexpr size_t kOnlyCounted = SIZE_MAX;
  static constexpr int kMaxSuggestions = 20;

  void add_likewise(Diagnostic& said, std::string message);

  const Policy& policy_;
  std::vector<Diagnostic> said_;
  // Where in said_ it stands; codes are literals.
  std::map<std::tuple<uint32_t, std::string_view, SourceId, uint32_t>, size_t> index_;
  std::array<size_t, 3> counts_{};
  size_t unsaid_ = 0;
  size_t line_bytes_ = 0;
  int suggestions_ = 0;
};

}  // namespace cordon::policy
