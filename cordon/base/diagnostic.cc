#include "cordon/base/diagnostic.h"

#include <cstring>
#include <utility>

namespace cordon {
namespace {

Diagnostic make(Severity severity, std::string code, Place place, std::string message, std::string hint) {
  return {severity, std::move(code), std::move(place), std::move(message), std::move(hint), {}};
}

}  // namespace

Diagnostic& Diagnostics::error(std::string code, Place place, std::string message, std::string hint) {
  return items_.emplace_back(
      make(Severity::error, std::move(code), std::move(place), std::move(message), std::move(hint)));
}

Diagnostic& Diagnostics::warning(std::string code, Place place, std::string message, std::string hint) {
  return items_.emplace_back(
      make(Severity::warning, std::move(code), std::move(place), std::move(message), std::move(hint)));
}

Diagnostic& Diagnostics::note(std::string code, Place place, std::string message, std::string hint) {
  return items_.emplace_back(
      make(Severity::note, std::move(code), std::move(place), std::move(message), std::move(hint)));
}

void Diagnostics::append(const Diagnostics& other) {
  items_.insert(items_.end(), other.items_.begin(), other.items_.end());
}

bool Diagnostics::has_errors() const {
  for (const Diagnostic& item : items_)
    if (item.severity == Severity::error) return true;
  return false;
}

bool Diagnostics::has_findings() const {
  for (const Diagnostic& item : items_)
    if (item.severity != Severity::note) return true;
  return false;
}

std::string errno_name(int error_number) {
  const char* name = strerrorname_np(error_number);
  return name != nullptr ? name : "errno " + std::to_string(error_number);
}

Diagnostic system_error(std::string_view operation, int error_number, std::string cure) {
  std::string message = "cannot " + std::string(operation) + ": ";
  const char* text = strerrordesc_np(error_number);
  message += text != nullptr ? text : "unknown error";
  message += " (" + errno_name(error_number) + ")";
  return make(Severity::error, "system", {}, std::move(message), std::move(cure));
}

}  // namespace cordon
