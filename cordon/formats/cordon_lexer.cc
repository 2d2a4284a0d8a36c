// Cuts text into statements in one pass from left to right. Only an unclosed bracket makes it go back: to
// the next line that is indented no further, so that one forgotten ')' does not hide every mistake below it.
#include "cordon/formats/cordon_lexer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "cordon/base/text.h"

namespace cordon::formats {
namespace {

constexpr unsigned kMaxUnclosed = 16;  // each costs a second look at the rest of the text

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_word_char(char c) { return is_word_start(c) || is_digit(c); }
bool is_name_char(char c) { return is_word_char(c) || c == '-'; }  // of groups and architectures

constexpr std::array<std::string_view, 9> kPairs = {"==", "!=", "<=", ">=", "&&", "||", "..", "<<", ">>"};
constexpr std::string_view kSingles = "(){},&|!~-<>*=";

char closing(char open) { return open == '(' ? ')' : '}'; }

}  // namespace

bool holds_free_words(std::string_view keyword) {
  constexpr std::array<std::string_view, 23> kFree = {
      "policy", "arch",    "since", "include", "files",      "net",         "scope",       "caps",
      "limit",  "unshare", "mount", "umask",   "securebits", "cgroup",      "uid",         "gid",
      "groups", "env",     "chdir", "ptracer", "affinity",   "personality", "exec_context"};
  return std::find(kFree.begin(), kFree.end(), keyword) != kFree.end();
}

// "\xff": names of files are bytes, and a text is UTF-8.
std::optional<char> escaped_byte(std::string_view raw, size_t at) {
  const std::string_view digits = raw.substr(std::min(at, raw.size()), 2);
  unsigned value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (digits.size() != 2 || error != std::errc() || end != digits.data() + 2 || value == 0) return std::nullopt;
  return static_cast<char>(value);
}

std::optional<std::string> unescape(std::string_view raw) {
  std::string text;
  for (size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\\') {
      text += raw[i];
      continue;
    }
    switch (++i < raw.size() ? raw[i] : '\0') {
      case '"': text += '"'; break;
      case '\\': text += '\\'; break;
      case 'n': text += '\n'; break;
      case 'r': text += '\r'; break;
      case 't': text += '\t'; break;
      case 'x': {
        const std::optional<char> byte = escaped_byte(raw, i + 1);
        if (!byte) return std::nullopt;
        text += *byte;
        i += 2;
        break;
      }
      default: return std::nullopt;
    }
  }
  return text;
}

Span Statement::span() const {
  Span whole = keyword.span;
  if (tokens.size() > 1) whole.end = tokens[tokens.size() - 2].span.end;
  return whole;
}

StatementReader::StatementReader(std::string_view text, SourceId source, Reporter& reporter)
    : text_(text), source_(source), reporter_(reporter) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text_.starts_with(kByteOrderMark)) pos_ = kByteOrderMark.size();
  begin_line();
}

Span StatementReader::span(size_t begin, size_t end) const {
  return {source_, static_cast<uint32_t>(begin), static_cast<uint32_t>(end)};
}

void StatementReader::push(Statement& statement, Token::Kind kind, size_t begin, size_t end) {
  statement.tokens.push_back({kind, text_.substr(begin, end - begin), span(begin, end)});
}

void StatementReader::begin_line() {
  size_t begin = pos_;
  while (is_blank(at(0))) ++pos_;
  indent_ = pos_ - begin;
}

CommentText StatementReader::take_comment() {
  size_t begin = pos_;
  pos_ = std::min(text_.find('\n', pos_), text_.size());
  size_t first = begin + 1 < pos_ && text_[begin + 1] == ' ' ? begin + 2 : begin + 1;
  size_t last = pos_;
  while (last > first && is_blank(text_[last - 1])) --last;
  return {std::string(text_.substr(first, last - first)), span(begin, last)};
}

bool StatementReader::skip_to_statement() {
  while (pos_ < text_.size()) {
    char c = at(0);
    if (c == '\n') {
      ++pos_;
      begin_line();
    } else if (is_blank(c) || c == ';') {
      ++pos_;
    } else if (c == '#') {
      above_.push_back(take_comment());
    } else {
      return true;
    }
  }
  return false;
}

std::optional<Statement> StatementReader::next() {
  if (!skip_to_statement()) return std::nullopt;
  Statement statement;
  statement.above = std::move(above_);
  above_.clear();
  statement_indent_ = indent_;
  size_t begin = pos_;
  while (is_word_char(at(0))) ++pos_;
  statement.keyword = {Token::Kind::word, text_.substr(begin, pos_ - begin), span(begin, pos_)};
  if (holds_free_words(statement.keyword.text))
    cut_words(statement);
  else
    cut_symbols(statement);
  push(statement, Token::Kind::end, pos_, pos_);
  return statement;
}

// At a newline: goes to the content of the following line that is indented further than the statement;
// blank lines and comments between do not count. Stays where it is if the statement ends here.
bool StatementReader::line_continues(Statement& statement) {
  size_t newline = pos_, indent = indent_;
  std::vector<CommentText> comments;
  while (at(0) == '\n') {
    ++pos_;
    begin_line();
    if (at(0) == '#') comments.push_back(take_comment());
  }
  if (pos_ < text_.size() && indent_ > statement_indent_) {
    for (CommentText& comment : comments) statement.within.push_back(std::move(comment));
    return true;
  }
  pos_ = newline;
  indent_ = indent;
  return false;
}

// At a blank, a comment or a newline. False: the statement ends.
bool StatementReader::end_of_line(Statement& statement, bool in_brackets) {
  if (at(0) == '#') {
    statement.within.push_back(take_comment());
    return true;
  }
  if (at(0) != '\n') {
    ++pos_;
    return true;
  }
  if (!in_brackets) return line_continues(statement);
  ++pos_;
  begin_line();
  return true;
}

void StatementReader::unclosed(Statement& statement, const Bracket& open, std::string_view where) {
  statement.broken = true;
  reporter_.error("unclosed-bracket", span(open.at, open.at + 1),
                  std::string("this '") + open.open + "' is not closed before " + std::string(where),
                  std::string("add a '") + closing(open.open) + "'");
}

void StatementReader::cut_symbols(Statement& statement) {
  std::vector<Bracket> open;
  while (pos_ < text_.size()) {
    char c = at(0);
    if (c == '#' || c == '\n' || is_blank(c)) {
      if (!end_of_line(statement, !open.empty())) return;
    } else if (c == ';') {
      if (!open.empty()) unclosed(statement, open.front(), "';'");
      return;
    } else {
      cut_symbol_token(statement, open);
    }
  }
  if (open.empty()) return;
  unclosed(statement, open.front(), "the end of the file");
  if (++unclosed_ > kMaxUnclosed) return;
  skip_line(open.front().at);
  while (at(0) == '\n' && line_continues(statement)) skip_line(pos_);
}

void StatementReader::skip_line(size_t from) { pos_ = std::min(text_.find('\n', from), text_.size()); }

// False: the character is no bracket.
bool StatementReader::bracket(Statement& statement, std::vector<Bracket>& open) {
  char c = at(0);
  if (c == '(' || c == '{') {
    open.push_back({c, pos_});
    return true;
  }
  if (c != ')' && c != '}') return false;
  if (open.empty()) {
    statement.broken = true;
    reporter_.error("stray-bracket", span(pos_, pos_ + 1), std::string("this '") + c + "' closes nothing", "remove it");
  } else if (closing(open.back().open) != c) {
    statement.broken = true;
    reporter_.error("stray-bracket", span(pos_, pos_ + 1),
                    std::string("expected '") + closing(open.back().open) + "', found '" + c + "'");
    open.pop_back();
  } else {
    open.pop_back();
  }
  return true;
}

void StatementReader::cut_symbol_token(Statement& statement, std::vector<Bracket>& open) {
  size_t begin = pos_;
  char c = at(0);
  if (is_word_char(c)) {
    while (is_word_char(at(0))) ++pos_;
    push(statement, is_digit(c) ? Token::Kind::number : Token::Kind::word, begin, pos_);
  } else if (c == '@') {
    ++pos_;
    while (is_name_char(at(0))) ++pos_;
    push(statement, Token::Kind::at, begin, pos_);
  } else if (c == '"') {
    cut_string(statement);
  } else if (std::find(kPairs.begin(), kPairs.end(), text_.substr(pos_, 2)) != kPairs.end()) {
    pos_ += 2;
    push(statement, Token::Kind::symbol, begin, pos_);
  } else if (bracket(statement, open) || kSingles.find(c) != std::string_view::npos) {
    ++pos_;
    push(statement, Token::Kind::symbol, begin, pos_);
  } else {
    pos_ += std::max<size_t>(1, base::utf8_length(text_.substr(pos_)));
    statement.broken = true;
    reporter_.error("unexpected-character", span(begin, pos_),
                    "unexpected character '" + base::printable(text_.substr(begin, pos_ - begin)) + "'");
  }
}

void StatementReader::cut_string(Statement& statement) {
  size_t begin = pos_++;
  while (pos_ < text_.size() && at(0) != '"' && at(0) != '\n') pos_ += at(0) == '\\' && at(1) != '\n' ? 2 : 1;
  pos_ = std::min(pos_, text_.size());
  if (at(0) != '"') {
    statement.broken = true;
    reporter_.error("unclosed-string", span(begin, begin + 1), "this quoted text is not closed on its line",
                    "add a '\"'");
    return;
  }
  push(statement, Token::Kind::string, begin + 1, pos_);
  ++pos_;
}

void StatementReader::cut_words(Statement& statement) {
  while (pos_ < text_.size()) {
    char c = at(0);
    if (c == '#' || c == '\n' || is_blank(c)) {
      if (!end_of_line(statement, false)) return;
      continue;
    }
    if (c == ';') return;
    if (c == '"') {
      size_t quote = pos_;
      cut_string(statement);
      bool ends = pos_ >= text_.size() || is_blank(at(0)) || at(0) == '\n' || at(0) == ';' || at(0) == '#';
      if (ends || statement.broken) continue;
      statement.broken = true;
      reporter_.error("unquoted", span(quote, pos_ + 1), "a quoted text goes on without a blank",
                      "quote the whole word");
      continue;
    }
    size_t begin = pos_;
    while (pos_ < text_.size() && !is_blank(at(0)) && at(0) != '\n' && at(0) != ';' && at(0) != '"' && at(0) != '#')
      ++pos_;
    push(statement, Token::Kind::word, begin, pos_);
    if (at(0) != '#' && at(0) != '"') continue;
    // Taking "/etc/a#b" for "/etc/a" would confine something else than what was written.
    statement.broken = true;
    reporter_.error("unquoted", span(begin, pos_ + 1), std::string("a '") + at(0) + "' inside a word",
                    at(0) == '#' ? "quote the word, or put a blank before the comment" : "quote the whole word");
    while (pos_ < text_.size() && !is_blank(at(0)) && at(0) != '\n') ++pos_;
  }
}

}  // namespace cordon::formats
