// include "file": its rules stand in place of the line.
#include "cordon/base/text.h"
#include "cordon/formats/cordon_parser.h"

namespace cordon::formats {
namespace {

// The length of the character at the front, 0 where there is none: RFC 3629, without surrogates.
size_t character_length(std::string_view text) {
  auto byte = [text](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  auto follows = [&](size_t i, unsigned low, unsigned high) { return byte(i) >= low && byte(i) <= high; };
  unsigned lead = byte(0);
  if (lead < 0x80) return lead == 0 ? 0 : 1;
  if (lead >= 0xc2 && lead <= 0xdf) return follows(1, 0x80, 0xbf) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    unsigned low = lead == 0xe0 ? 0xa0 : 0x80, high = lead == 0xed ? 0x9f : 0xbf;
    return follows(1, low, high) && follows(2, 0x80, 0xbf) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    unsigned low = lead == 0xf0 ? 0x90 : 0x80, high = lead == 0xf4 ? 0x8f : 0xbf;
    return follows(1, low, high) && follows(2, 0x80, 0xbf) && follows(3, 0x80, 0xbf) ? 4 : 0;
  }
  return 0;
}

}  // namespace

bool check_text(std::string_view text, SourceId source, Reporter& reporter) {
  for (size_t i = 0; i < text.size();) {
    size_t length = character_length(text.substr(i));
    if (length > 0) {
      i += length;
      continue;
    }
    Span span{source, static_cast<uint32_t>(i), static_cast<uint32_t>(i + 1)};
    if (text[i] == '\0')
      reporter.error("not-text", span, "a NUL byte: this is no text", "a compiled filter is read with the format 'bpf'");
    else
      reporter.error("not-text", span, "invalid UTF-8: byte " + base::hex(static_cast<unsigned char>(text[i])), "save the file as UTF-8");
    return false;
  }
  return true;
}

void CordonParser::include(const Statement& statement, Cursor& cursor) {
  if (cursor.at_end()) {
    reporter_.error("syntax", statement.keyword.span, "'include' needs a file", "write 'include \"common.cordon\"'");
    return;
  }
  const Token& token = cursor.take();
  std::optional<std::string> path = word_text(token, reporter_);
  if (!path || !nothing_follows(cursor, "include")) return;
  if (path->empty()) {
    reporter_.error("syntax", token.span, "'include' needs a file, found an empty name");
    return;
  }
  // "-" is no file beside this one, wherever this one stands.
  read_included(*path == "-" ? *path : path_beside(walk_.current(), *path), token);
}

void CordonParser::read_included(const std::string& path, const Token& where) {
  Result<std::string> content = walk_.enter(path);
  if (!content) {
    const Diagnostic& reason = *content.error().begin();
    reporter_.error(reason.code, where.span, reason.message, reason.hint);
    return;
  }
  SourceId source = reporter_.sources().add(path, *content);
  if (check_text(*content, source, reporter_)) read_statements(*content, source);
  walk_.leave();
}

}  // namespace cordon::formats
