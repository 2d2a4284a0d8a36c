// Collects the mistakes a reader finds, with their places, up to a bound.
//
//   reporter.error("unknown-keyword", token.span, "no statement begins with 'alow'", "did you mean 'allow'?");
//
// Beyond kMaxErrors nothing more is kept, and full() tells the reader to stop. It keeps errors alone, so that
// nothing can fill the place of one.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "cordon/base/diagnostic.h"
#include "cordon/base/source.h"

namespace cordon::formats {

class Reporter {
 public:
  static constexpr size_t kMaxErrors = 200;

  explicit Reporter(Sources& sources) : sources_(sources) {}

  void error(std::string code, Span span, std::string message, std::string hint = {}) {
    if (!full()) diagnostics_.error(std::move(code), sources_.locate(span), std::move(message), std::move(hint));
  }
  // With the place of something that was there before.
  void error_because(std::string code, Span span, std::string message, Span earlier, std::string note) {
    if (full()) return;
    Diagnostic& made = diagnostics_.error(std::move(code), sources_.locate(span), std::move(message));
    made.notes.push_back({sources_.locate(earlier), std::move(note)});
  }

  // Takes back the errors of a code from the index-th error on: they follow from a worse one.
  void forget(std::string_view code, size_t index) {
    Diagnostics kept;
    size_t at = 0;
    for (const Diagnostic& found : diagnostics_)
      if (at++ < index || found.code != code) kept.add(found);
    diagnostics_ = std::move(kept);
  }

  bool full() const { return diagnostics_.size() >= kMaxErrors; }
  bool has_errors() const { return !diagnostics_.empty(); }
  const Diagnostics& diagnostics() const { return diagnostics_; }
  Sources& sources() { return sources_; }

 private:
  Sources& sources_;
  Diagnostics diagnostics_;
};

}  // namespace cordon::formats
