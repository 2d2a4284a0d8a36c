// cordon's own policy language.
//
//   Result<Policy> policy = formats::read_cordon("default errno EPERM; allow read write", "app", options);
//   std::string text = formats::write_cordon(*policy);
//
// Written text holds what the language can say: what a format implied beside its rules (Policy::start,
// filter_flags) is not in it; names given by `let` stand expanded, and an included file's rules in place.
#pragma once

#include "cordon/base/result.h"
#include "cordon/formats/draft.h"
#include "cordon/formats/read.h"
#include "cordon/policy/policy.h"

namespace cordon::formats {

Result<Policy> read_cordon(std::string_view text, std::string name, const ReadOptions& options);
PolicyReading read_cordon_draft(std::string_view text, std::string name, const ReadOptions& options);

struct WriteOptions {
  // Rules that only name calls share a line up to so many columns; 0: however long it gets.
  size_t line_length = 100;
};

// Canonical text with comments; read_cordon gives an equal policy back.
std::string write_cordon(const Policy& policy);
std::string write_cordon(const Policy& policy, const WriteOptions& options);

// A condition as the language writes it: "flags & O_ACCMODE == O_RDONLY, fd in 0..2"; empty for always.
std::string write_condition(const Condition& condition);

}  // namespace cordon::formats
