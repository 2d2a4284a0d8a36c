#include "cordon/bpf/assembly_lexer.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "cordon/base/text.h"

namespace cordon::bpf {
namespace {

bool is_word_char(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.';
}

}  // namespace

bool AssemblyLexer::next_line() {
  at_ = next_line_;
  if (at_ >= text_.size()) return false;
  const size_t newline = std::min(text_.find('\n', at_), text_.size());
  next_line_ = newline + 1;
  line_end_ = at_ + std::min(text_.substr(at_, newline - at_).find(';'), newline - at_);
  return true;
}

Token AssemblyLexer::next() {
  const Token token = peek();
  at_ = token.end();
  return token;
}

Token AssemblyLexer::peek() const {
  size_t begin = at_;
  while (begin < line_end_ && (text_[begin] == ' ' || text_[begin] == '\t' || text_[begin] == '\r')) ++begin;
  Token token{Token::Kind::end, {}, static_cast<uint32_t>(begin)};
  if (begin == line_end_) return token;
  size_t end = begin;
  while (end < line_end_ && is_word_char(text_[end])) ++end;
  token.kind = end > begin ? Token::Kind::word : Token::Kind::other;
  if (end == begin) end += std::max<size_t>(1, base::utf8_length(text_.substr(begin, line_end_ - begin)));
  token.text = text_.substr(begin, end - begin);
  return token;
}

std::optional<uint64_t> parse_number(std::string_view word) {
  const bool is_hex = word.starts_with("0x") || word.starts_with("0X");
  if (is_hex) word.remove_prefix(2);
  if (!is_hex && word.size() > 1 && word[0] == '0') return std::nullopt;
  uint64_t value = 0;
  const auto [end, problem] = std::from_chars(word.data(), word.data() + word.size(), value, is_hex ? 16 : 10);
  if (problem != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

std::string quoted(std::string_view word) {
  constexpr size_t kShown = 60;
  return "'" + base::printable(word.substr(0, kShown)) + (word.size() > kShown ? "…'" : "'");
}

}  // namespace cordon::bpf
