// The lines and tokens of minijail policies.
//
//   MinijailScanner scanner(text, id, {.c_dialect = false}, report);
//   while (std::optional<MinijailLine> line = scanner.next()) …
//
// A line is what one statement stands on: physical lines joined by backslashes. Blank lines and comments
// make none.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "cordon/formats/profile_reporter.h"

namespace cordon::formats {

struct MinijailToken {
  enum class Kind : uint8_t { word, argument, number, sign, end };
  enum class Gap : uint8_t { none, spaces, other };  // what stands before it; other: tabs or a continuation

  Kind kind = Kind::end;
  std::string_view text;  // into the scanned text
  Gap gap = Gap::none;
  Span span;

  bool is(std::string_view sign) const { return kind != Kind::end && text == sign; }
};

struct MinijailLine {
  std::vector<MinijailToken> tokens;  // ends with an `end` token
  std::string_view directive;         // "@include", and nothing in tokens; else empty
  std::string_view rest;              // of a directive: up to the end of the line, blanks trimmed
  Span span;                          // a directive's, or the whole line's
  Span rest_span;
};

class MinijailScanner {
 public:
  struct Options {
    bool c_dialect = false;
  };
  // `text` must outlive the tokens.
  MinijailScanner(std::string_view text, SourceId id, Options options, ProfileReporter& report)
      : text_(text), id_(id), options_(options), report_(report) {}

  std::optional<MinijailLine> next();

 private:
  void skip_comment_line();
  void scan_directive(MinijailLine& line);
  bool scan_tokens(MinijailLine& line);
  bool skip_gap(MinijailToken::Gap& gap);
  void skip_line();
  MinijailToken scan_token();
  size_t line_end(size_t from) const;
  Span span(size_t begin, size_t end) const { return {id_, static_cast<uint32_t>(begin), static_cast<uint32_t>(end)}; }

  std::string_view text_;
  SourceId id_;
  Options options_;
  ProfileReporter& report_;
  size_t at_ = 0;
};

}  // namespace cordon::formats
