// Collects what a reader has to say about a text, with places, and keeps hostile texts from filling memory.
//
//   ProfileReporter report(sources);
//   report.error("unknown-op", span, "unknown operator 'SCMP_CMP_EQUAL'", "did you mean 'SCMP_CMP_EQ'?");
//   report.beside(other_span, "first written here");
//   if (report.has_errors()) return std::move(report).take();
//
// Only the first few of each severity are kept: nobody reads more, and each place costs a copy of its line.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "cordon/base/diagnostic.h"
#include "cordon/base/source.h"

namespace cordon::formats {

class ProfileReporter {
 public:
  static constexpr size_t kMaxErrors = 20;
  static constexpr size_t kMaxOthers = 50;  // warnings, and as many notes

  explicit ProfileReporter(const Sources& sources) : sources_(&sources) {}

  void error(std::string code, Span span, std::string message, std::string hint = {}) {
    add(Severity::error, std::move(code), span, std::move(message), std::move(hint));
  }
  void warning(std::string code, Span span, std::string message, std::string hint = {}) {
    add(Severity::warning, std::move(code), span, std::move(message), std::move(hint));
  }
  void note(std::string code, Span span, std::string message, std::string hint = {}) {
    add(Severity::note, std::move(code), span, std::move(message), std::move(hint));
  }
  void add(Severity severity, std::string code, Span span, std::string message, std::string hint);
  // A second place for the diagnostic reported last.
  void beside(Span span, std::string message);

  bool has_errors() const { return has_errors_; }
  // All that were reported, kept or not.
  size_t errors() const { return counts_[static_cast<size_t>(Severity::error)]; }
  // Nothing more would be shown: a reader may stop.
  bool is_full() const { return counts_[static_cast<size_t>(Severity::error)] >= kMaxErrors; }
  // Adds what another reporter found wrong, without its warnings and notes.
  void add_errors_of(const ProfileReporter& other);
  Diagnostics take() &&;

 private:
  const Sources* sources_;
  std::vector<Diagnostic> items_;
  std::array<size_t, 3> counts_{};
  bool has_errors_ = false;
  bool last_was_kept_ = false;
};

}  // namespace cordon::formats
