#include "cordon/policy/report.h"

#include <utility>

namespace cordon::policy {

Diagnostic* Report::say(Severity severity, std::string_view code, uint32_t rule, Span span, std::string message,
                        std::string hint) {
  if (span.source == kNoSource) span = policy_.rules[rule].span;
  if (!said_.emplace(rule, code, span.source, span.begin).second) return nullptr;
  Place place = policy_.sources.locate(span);
  std::string id(code);
  switch (severity) {
    case Severity::note: return &diagnostics_.note(id, std::move(place), std::move(message), std::move(hint));
    case Severity::warning: return &diagnostics_.warning(id, std::move(place), std::move(message), std::move(hint));
    case Severity::error: break;
  }
  return &diagnostics_.error(id, std::move(place), std::move(message), std::move(hint));
}

void Report::say(Severity severity, std::string_view code, std::string message, std::string hint) {
  diagnostics_.add({severity, std::string(code), {}, std::move(message), std::move(hint), {}});
}

}  // namespace cordon::policy
