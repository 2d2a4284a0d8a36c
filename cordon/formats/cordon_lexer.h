// Statements of cordon's policy language, cut into tokens.
//
//   StatementReader reader(text, source, reporter);
//   while (std::optional<Statement> statement = reader.next()) …
//
// A statement ends at a newline or `;`, unless a bracket is open or the next line is indented further than
// the line the statement began on (so an indented first line begins a statement, and a wholly indented
// text works). The first word decides how the rest is cut: into symbols, or into free words (paths).
// Token texts point into the text the reader was made for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/formats/cordon_reporter.h"

namespace cordon::formats {

struct Token {
  enum class Kind : uint8_t {
    end,     // of the statement
    word,    // identifier; in a statement of free words: anything without blanks
    number,  // begins with a digit
    at,      // @name
    string,  // quoted; text is what stands between the quotes, escapes not yet resolved
    symbol,  // == && ( .. and the like
  };
  Kind kind = Kind::end;
  std::string_view text;
  Span span;

  bool is(std::string_view symbol) const { return kind == Kind::symbol && text == symbol; }
};

// What stood behind a '#', without one leading blank.
struct CommentText {
  std::string text;
  Span span;
};

struct Statement {
  Token keyword;
  std::vector<Token> tokens;        // without the keyword; ends with Token::Kind::end
  std::vector<CommentText> above;   // comments before the statement
  std::vector<CommentText> within;  // comments inside and behind it
  bool broken = false;              // an error was reported while cutting it

  Span span() const;
};

class StatementReader {
 public:
  // The text must stay where it is, and be valid UTF-8 without NUL.
  StatementReader(std::string_view text, SourceId source, Reporter& reporter);

  // The next statement; none at the end of the text.
  std::optional<Statement> next();
  // Comments behind the last statement.
  const std::vector<CommentText>& trailing_comments() const { return above_; }

 private:
  struct Bracket {
    char open;
    size_t at;
  };

  bool skip_to_statement();
  void begin_line();
  CommentText take_comment();
  bool line_continues(Statement& statement);
  void skip_line(size_t from);
  void cut_symbols(Statement& statement);
  void cut_words(Statement& statement);
  bool end_of_line(Statement& statement, bool in_brackets);
  void cut_symbol_token(Statement& statement, std::vector<Bracket>& open);
  void cut_string(Statement& statement);
  bool bracket(Statement& statement, std::vector<Bracket>& open);
  void unclosed(Statement& statement, const Bracket& bracket, std::string_view where);
  void push(Statement& statement, Token::Kind kind, size_t begin, size_t end);
  Span span(size_t begin, size_t end) const;
  char at(size_t offset) const { return pos_ + offset < text_.size() ? text_[pos_ + offset] : '\0'; }

  std::string_view text_;
  SourceId source_;
  Reporter& reporter_;
  size_t pos_ = 0;
  size_t indent_ = 0;            // of the line pos_ stands in
  size_t statement_indent_ = 0;  // of the line the statement began on
  unsigned unclosed_ = 0;
  std::vector<CommentText> above_;
};

// The words whose statements hold free words instead of symbols: paths, versions, names of anything.
bool holds_free_words(std::string_view keyword);

// A quoted string's meaning: \" \\ \n \r \t; no value where another escape stands.
std::optional<std::string> unescape(std::string_view raw);

}  // namespace cordon::formats
