#include "cordon/formats/profile_reporter.h"

#include <utility>

namespace cordon::formats {

void ProfileReporter::add(Severity severity, std::string code, Span span, std::string message, std::string hint) {
  if (severity == Severity::error) has_errors_ = true;
  size_t limit = severity == Severity::error ? kMaxErrors : kMaxOthers;
  last_was_kept_ = counts_[static_cast<size_t>(severity)]++ < limit;
  if (!last_was_kept_) return;
  items_.push_back({severity, std::move(code), sources_->locate(span), std::move(message), std::move(hint), {}});
}

void ProfileReporter::beside(Span span, std::string message) {
  if (last_was_kept_) items_.back().notes.push_back({sources_->locate(span), std::move(message)});
}

void ProfileReporter::add_errors_of(const ProfileReporter& other) {
  size_t& count = counts_[static_cast<size_t>(Severity::error)];
  for (const Diagnostic& item : other.items_)
    if (item.severity == Severity::error && count++ < kMaxErrors) items_.push_back(item);
  has_errors_ |= other.has_errors_;
}

Diagnostics ProfileReporter::take() && {
  Diagnostics all;
  for (Diagnostic& item : items_) all.add(std::move(item));
  for (Severity severity : {Severity::note, Severity::warning}) {
    size_t count = counts_[static_cast<size_t>(severity)];
    if (count <= kMaxOthers) continue;
    all.note("more", {},
             std::to_string(count - kMaxOthers) + " more " + (severity == Severity::warning ? "warnings" : "notes") +
                 " are not shown");
  }
  return all;
}

}  // namespace cordon::formats
