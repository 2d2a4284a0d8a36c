#include "cordon/policy/report.h"

#include <algorithm>
#include <utility>

#include "cordon/base/text.h"

namespace cordon::policy {
namespace {

constexpr std::string_view kLikewise = "likewise: ";
constexpr std::string_view kMore = "likewise for others";

}  // namespace

void Report::add_likewise(Diagnostic& said, std::string message) {
  if (said.message == message) return;
  std::string text = std::string(kLikewise) + message;
  size_t others = 0;
  for (const DiagnosticNote& note : said.notes) {
    if (note.message == text || note.message == kMore) return;
    others += note.message.starts_with(kLikewise) ? 1 : 0;
  }
  said.notes.push_back({{}, others < kMaxLikewise ? std::move(text) : std::string(kMore)});
}

Diagnostic* Report::say(Severity severity, std::string_view code, uint32_t rule, Span span, std::string message,
                        std::string hint) {
  if (span.source == kNoSource) span = policy_.rules[rule].span;
  auto [known, is_new] = index_.try_emplace({rule, code, span.source, span.begin}, kOnlyCounted);
  if (!is_new) {
    if (known->second != kOnlyCounted) add_likewise(said_[known->second], std::move(message));
    return nullptr;
  }
  size_t& count = counts_[static_cast<size_t>(severity)];
  bool is_first_error = severity == Severity::error && count == 0;
  if (!is_first_error && (count >= kMaxSaid[static_cast<size_t>(severity)] || line_bytes_ > kMaxLineBytes)) {
    ++unsaid_;
    return nullptr;
  }
  ++count;
  known->second = said_.size();
  Place place = policy_.sources.locate(span);
  line_bytes_ += place.line_text.size();
  return &said_.emplace_back(
      Diagnostic{severity, std::string(code), std::move(place), std::move(message), std::move(hint), {}});
}

void Report::say(Severity severity, std::string_view code, std::string message, std::string hint) {
  ++counts_[static_cast<size_t>(severity)];
  said_.push_back({severity, std::string(code), {}, std::move(message), std::move(hint), {}});
}

void Report::say_of_errno(Severity severity, std::string_view code, const ErrnoPlace& place, std::string message,
                          std::string hint) {
  if (place.line.empty()) {
    say(severity, code, place.rule, {}, std::move(message), std::move(hint));
  } else {
    say(severity, code, std::string(place.line) + ": " + message, std::move(hint));
  }
}

std::string Report::suggestion(std::string_view name, std::span<const std::string_view> names) {
  return suggestions_++ < kMaxSuggestions ? base::did_you_mean(name, names) : std::string();
}

bool Report::has_error_in(uint32_t rule) const {
  for (auto it = index_.lower_bound({rule, {}, {}, 0}); it != index_.end() && std::get<0>(it->first) == rule; ++it)
    if (it->second != kOnlyCounted && said_[it->second].severity == Severity::error) return true;
  return false;
}

Diagnostics Report::finish() {
  Diagnostics result;
  for (Diagnostic& one : said_) result.add(std::move(one));
  if (unsaid_ > 0)
    result.note("more-findings", {}, std::to_string(unsaid_) + " more findings are not shown",
                "cure those shown, then check again");
  said_.clear();
  return result;
}

}  // namespace cordon::policy
