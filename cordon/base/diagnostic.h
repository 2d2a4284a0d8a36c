// What cordon has to say about an input or about the system: errors, warnings, notes.
//
//   diagnostics.error("unknown-syscall", sources.locate(span), "no system call is called 'opne'",
//                     "did you mean 'open'?");
//
// Messages are lower case, without a full stop, and name the thing, the numbers and what was
// expected; the hint says how to cure it. Rendering stands in render.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/base/source.h"

namespace cordon {

enum class Severity : uint8_t { note, warning, error };

struct DiagnosticNote {
  Place place;
  std::string message;
};

struct Diagnostic {
  Severity severity = Severity::error;
  std::string code;  // stable, kebab-case, for machines: "json-syntax"
  Place place;
  std::string message;
  std::string hint;  // shown at the caret; empty where there is no cure to name
  std::vector<DiagnosticNote> notes;
};

// In the order in which they were found.
class Diagnostics {
 public:
  Diagnostic& error(std::string code, Place place, std::string message, std::string hint = {});
  Diagnostic& warning(std::string code, Place place, std::string message, std::string hint = {});
  Diagnostic& note(std::string code, Place place, std::string message, std::string hint = {});
  void add(Diagnostic diagnostic) { items_.push_back(std::move(diagnostic)); }
  void append(const Diagnostics& other);

  bool has_errors() const;
  bool has_findings() const;  // errors or warnings; notes alone are none
  bool empty() const { return items_.empty(); }
  size_t size() const { return items_.size(); }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }

 private:
  std::vector<Diagnostic> items_;
};

// The system refused an operation: "cannot OPERATION: Permission denied (EACCES)", with the cure.
Diagnostic system_error(std::string_view operation, int error_number, std::string cure = {});

// Names the symbol of an errno of the machine cordon runs on ("EACCES"); "errno 4000" if there is none.
std::string errno_name(int error_number);

}  // namespace cordon
