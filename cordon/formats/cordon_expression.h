// Values, sets and conditions of cordon's policy language, from tokens.
//
//   Cursor cursor(statement.tokens);
//   ExpressionParser parser(cursor, definitions, reporter);
//   std::optional<Condition> condition = parser.condition();   // no value: an error was reported
//
// Recursive descent; nesting beyond kMaxNesting is an error, and so are `let` names that expand to more
// than kMaxExpandedNodes values in one policy.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/formats/cordon_lexer.h"
#include "cordon/policy/condition.h"

namespace cordon::formats {

// Tokens of one statement; the last is Token::Kind::end and is never passed.
class Cursor {
 public:
  explicit Cursor(const std::vector<Token>& tokens) : tokens_(tokens) {}

  const Token& peek() const { return tokens_[pos_]; }
  const Token& peek(size_t ahead) const {
    return tokens_[pos_ + ahead < tokens_.size() ? pos_ + ahead : tokens_.size() - 1];
  }
  const Token& take() { return pos_ + 1 < tokens_.size() ? tokens_[pos_++] : tokens_[pos_]; }
  bool accept(std::string_view symbol) {
    if (!peek().is(symbol)) return false;
    take();
    return true;
  }
  bool at_end() const { return peek().kind == Token::Kind::end; }
  // The last token taken ends where the next begins.
  bool is_adjacent() const { return pos_ > 0 && tokens_[pos_ - 1].span.end == peek().span.begin; }
  Span since(const Span& first) const;
  size_t position() const { return pos_; }
  void rewind(size_t position) { pos_ = position; }

 private:
  const std::vector<Token>& tokens_;
  size_t pos_ = 0;
};

// What `let` has given names to.
class Definitions {
 public:
  static constexpr size_t kMaxExpandedNodes = 1'000'000;

  struct Definition {
    bool is_set = false;
    std::vector<ValueRange> ranges;  // of a value: one, without high
    Span span;
    size_t nodes = 0;
    unsigned depth = 0;
  };

  const Definition* find(std::string_view name) const;
  void add(std::string name, Definition definition);
  // False: the policy has expanded too much already.
  bool spend(size_t nodes);
  // The first place where a name stood that nothing defined by then.
  void note_use(std::string_view name, Span span);
  std::optional<Span> first_use(std::string_view name) const;

 private:
  std::map<std::string, Definition, std::less<>> definitions_;
  std::map<std::string, Span, std::less<>> uses_;
  size_t expanded_nodes_ = 0;
};

class ExpressionParser {
 public:
  static constexpr unsigned kMaxNesting = 256;

  ExpressionParser(Cursor& cursor, Definitions& definitions, Reporter& reporter)
      : cursor_(cursor), definitions_(definitions), reporter_(reporter) {}

  std::optional<Condition> condition();
  std::optional<Value> value();                  // A|B, ~M, -1
  std::optional<std::vector<ValueRange>> set();  // {A, b..c}

 private:
  std::optional<Condition> junction();
  std::optional<Condition> unary();
  std::optional<Condition> test();
  std::optional<Operand> operand();
  bool masked_operand(ArgTest& test);
  bool bracketed_operand();
  std::optional<CompareOp> comparison(const ArgTest& test);
  bool compared_values(ArgTest& test);
  bool mask_follows_alternative();
  std::optional<Value> value_part();
  std::optional<Value> named_value();
  std::optional<ValueRange> range();
  const Definitions::Definition* lone_set();
  bool expand(const Definitions::Definition& definition, const Token& name);
  bool too_deep();
  bool expected(std::string_view what, std::string hint);

  Cursor& cursor_;
  Definitions& definitions_;
  Reporter& reporter_;
  unsigned depth_ = 0;
};

// "'mkdir'", "'=='", "the end of the statement": how messages name a token.
std::string found(const Token& token);

struct NumberReading {
  std::optional<uint64_t> number;
  std::string_view problem;  // if there is none
};
// Decimal, 0x…, 0o17, and 017 as in C.
NumberReading read_number(std::string_view text);

// How many nodes and levels a value has.
struct ValueSize {
  size_t nodes = 0;
  unsigned depth = 0;
};
ValueSize measure(const Value& value);

}  // namespace cordon::formats
