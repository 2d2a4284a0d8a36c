// include "file": its rules stand in place of the line.
#include "cordon/base/text.h"
#include "cordon/formats/cordon_parser.h"

namespace cordon::formats {
bool check_text(std::string_view text, SourceId source, Reporter& reporter) {
  for (size_t i = 0; i < text.size();) {
    size_t length = text[i] == '\0' ? 0 : base::utf8_length(text.substr(i));
    if (length > 0) {
      i += length;
      continue;
    }
    Span span{source, static_cast<uint32_t>(i), static_cast<uint32_t>(i + 1)};
    if (text[i] == '\0')
      reporter.error("not-text", span, "a NUL byte: this is no text",
                     "a compiled filter is read with the format 'bpf'");
    else
      reporter.error("not-text", span, "invalid UTF-8: byte " + base::hex(static_cast<unsigned char>(text[i])),
                     "save the file as UTF-8");
    return false;
  }
  return true;
}

void CordonParser::include(const Statement& statement, Cursor& cursor) {
  if (cursor.at_end()) {
    reporter_.error("syntax", statement.keyword.span, "'include' needs a file", "write 'include \"common.cordon\"'");
    return lose("include", statement);
  }
  const Token& token = cursor.take();
  std::optional<std::string> path = word_text(token, reporter_);
  if (!path || !nothing_follows(cursor, "include")) return lose("include", statement);
  if (path->empty()) {
    reporter_.error("syntax", token.span, "'include' needs a file, found an empty name");
    return lose("include", statement);
  }
  // "-" is no file beside this one, wherever this one stands.
  if (!read_included(*path == "-" ? *path : path_beside(walk_.current(), *path), token)) lose("include", statement);
}

bool CordonParser::read_included(const std::string& path, const Token& where) {
  Result<std::string> content = walk_.enter(path);
  if (!content) {
    const Diagnostic& reason = *content.error().begin();
    reporter_.error(reason.code, where.span, reason.message, reason.hint);
    return false;
  }
  SourceId source = reporter_.sources().add(path, *content);
  const bool is_text = check_text(*content, source, reporter_);
  if (is_text) read_statements(*content, source);
  walk_.leave();
  return is_text;
}

}  // namespace cordon::formats
