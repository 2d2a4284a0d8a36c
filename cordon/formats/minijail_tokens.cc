#include "cordon/formats/minijail_tokens.h"

#include <algorithm>
#include <string>

#include "cordon/base/assert.h"
#include "cordon/base/text.h"

namespace cordon::formats {
namespace {

using Kind = MinijailToken::Kind;
using Gap = MinijailToken::Gap;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool begins_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_word(char c) { return begins_word(c) || is_digit(c) || c == '-' || c == '@'; }

bool is_argument(std::string_view word) {
  return word.size() > 3 && word.starts_with("arg") && std::all_of(word.begin() + 3, word.end(), is_digit);
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// Longer ones first.
constexpr std::string_view kSigns[] = {"||", "&&", "==", "!=", "<=", ">=", ":", ";", ",", "~", "(",
                                       ")",  "{",  "}",  "[",  "]",  "|",  "&", "<", ">", "="};

}  // namespace

size_t MinijailScanner::line_end(size_t from) const { return std::min(text_.find('\n', from), text_.size()); }

void MinijailScanner::skip_line() { at_ = std::min(line_end(at_) + 1, text_.size()); }

// minijail's C parser joins continued lines before it looks for comments, the Python one after: a backslash
// at the end of a comment line makes the next line part of the comment in C alone.
void MinijailScanner::skip_comment_line() {
  size_t begin = at_;
  bool continues = true;
  for (bool is_first = true; continues; is_first = false) {
    size_t end = line_end(at_);
    continues = end > at_ && text_[end - 1] == '\\' && end < text_.size();
    if (continues && is_first && !options_.c_dialect)
      report_.warning("minijail-dialects-differ", span(end - 1, end),
                      "the comment goes on in the next line: minijail's C parser skips that line, its Python parser "
                      "reads it",
                      "remove the backslash");
    skip_line();
  }
  CORDON_ASSERT(at_ > begin, "a comment line holds at least its sign");
}

std::optional<MinijailLine> MinijailScanner::next() {
  while (at_ < text_.size()) {
    while (at_ < text_.size() && (is_blank(text_[at_]) || text_[at_] == '\n')) ++at_;
    if (at_ == text_.size()) break;
    if (text_[at_] == '#') {
      skip_comment_line();
      continue;
    }
    MinijailLine line;
    if (text_[at_] == '@') {
      scan_directive(line);
      return line;
    }
    if (scan_tokens(line)) return line;
  }
  return std::nullopt;
}

void MinijailScanner::scan_directive(MinijailLine& line) {
  size_t begin = at_;
  size_t end = line_end(at_);
  std::string_view whole = trimmed(text_.substr(begin, end - begin));
  size_t word_end = 1;
  while (word_end < whole.size() && is_word(whole[word_end])) ++word_end;
  line.directive = whole.substr(0, word_end);
  line.span = span(begin, begin + word_end);
  std::string_view rest = whole.substr(word_end);
  if (size_t comment = rest.find('#'); !options_.c_dialect && comment != std::string_view::npos)
    rest = rest.substr(0, comment);
  line.rest = trimmed(rest);
  size_t rest_begin = line.rest.empty() ? begin + word_end : static_cast<size_t>(line.rest.data() - text_.data());
  line.rest_span = span(rest_begin, rest_begin + line.rest.size());
  skip_line();
}

// Moves to the next token of the line; false at its end.
bool MinijailScanner::skip_gap(Gap& gap) {
  gap = Gap::none;
  while (at_ < text_.size()) {
    char c = text_[at_];
    bool is_continuation = c == '\\' && (line_end(at_) == at_ + 1 || text_.substr(at_ + 1).starts_with("\r\n"));
    if (is_continuation) {
      skip_line();
      gap = Gap::other;
    } else if (c == '\n') {
      return false;
    } else if (is_blank(c)) {
      gap = c == ' ' && gap != Gap::other ? Gap::spaces : Gap::other;
      ++at_;
    } else {
      return true;
    }
  }
  return false;
}

bool MinijailScanner::scan_tokens(MinijailLine& line) {
  size_t begin = at_;
  size_t end = at_;
  Gap gap = Gap::none;
  bool is_good = true;
  while (is_good && skip_gap(gap)) {
    if (text_[at_] == '#') {
      if (options_.c_dialect) {
        report_.error("minijail-c-dialect", span(at_, at_ + 1),
                      "minijail's C parser takes comments only on lines of their own", "move the comment up a line");
        is_good = false;
      }
      break;
    }
    MinijailToken token = scan_token();
    token.gap = gap;
    end = at_;
    is_good = token.kind != Kind::end;
    line.tokens.push_back(token);
  }
  line.span = span(begin, end);
  while (!is_good && line_end(at_) > at_ && line_end(at_) < text_.size() && text_[line_end(at_) - 1] == '\\')
    skip_line();
  skip_line();
  MinijailToken last;
  last.span = span(end, end);
  line.tokens.push_back(last);
  return is_good;
}

MinijailToken MinijailScanner::scan_token() {
  MinijailToken token;
  std::string_view rest = text_.substr(at_);
  size_t length = 0;
  bool is_number = is_digit(rest[0]) || (rest[0] == '-' && rest.size() > 1 && is_digit(rest[1]));
  if (is_number || begins_word(rest[0])) {
    length = 1;
    while (length < rest.size() &&
           (is_number ? is_digit(rest[length]) || begins_word(rest[length]) : is_word(rest[length])))
      ++length;
    token.kind = is_number ? Kind::number : is_argument(rest.substr(0, length)) ? Kind::argument : Kind::word;
    if (rest.substr(0, length) == "in") token.kind = Kind::sign;
  } else {
    for (std::string_view sign : kSigns)
      if (length == 0 && rest.starts_with(sign)) length = sign.size();
    token.kind = Kind::sign;
  }
  if (length == 0) {
    bool is_backslash = rest[0] == '\\';
    report_.error("minijail-syntax", span(at_, at_ + 1),
                  is_backslash ? "the backslash does not continue the line: it is not the last character"
                               : "unexpected '" + base::printable(rest.substr(0, 1)) + "'",
                  is_backslash ? "remove what follows it" : "");
    token.kind = Kind::end;
    length = 1;
  }
  token.text = rest.substr(0, length);
  token.span = span(at_, at_ + length);
  at_ += length;
  return token;
}

}  // namespace cordon::formats
