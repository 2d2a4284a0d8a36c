// The words and signs of assembly text, line by line.
//
//   AssemblyLexer lexer("ld [4] ; arch\nret allow\n");
//   lexer.next_line();
//   lexer.next();   // "ld", then "[", "4", "]", and then the end of the line
//
// It keeps nothing but its place, however long a line is. A byte that begins neither a word nor a sign is a token of
// its own, which no rule takes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cordon::bpf {

struct Token {
  enum class Kind : uint8_t { end, word, other };
  Kind kind = Kind::end;
  std::string_view text;  // empty at the end of a line
  uint32_t begin = 0;     // in the whole text

  uint32_t end() const { return begin + static_cast<uint32_t>(text.size()); }
  bool is_end() const { return kind == Kind::end; }
  bool is_word() const { return kind == Kind::word; }  // letters, digits, '_' and '.'
  bool is(char sign) const { return kind == Kind::other && text[0] == sign; }
};

class AssemblyLexer {
 public:
  explicit AssemblyLexer(std::string_view text) : text_(text) {}

  bool next_line();  // false: there is none
  Token next();      // what is left of the line is passed over by next_line
  Token peek() const;

 private:
  std::string_view text_;
  size_t at_ = 0;
  size_t line_end_ = 0;  // of what is no comment
  size_t next_line_ = 0;
};

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Decimal without leading zeros, or hexadecimal with 0x; none for what is no number or has more than 64 bits.
std::optional<uint64_t> parse_number(std::string_view word);

// "'word'", for messages: printable, of a very long word the beginning.
std::string quoted(std::string_view word);

}  // namespace cordon::bpf
