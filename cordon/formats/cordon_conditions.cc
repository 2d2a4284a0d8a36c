// Conditions: junctions of tests.
//
//   condition = junction *( "," junction )              "," means "and" and binds loosest
//   junction  = unary *( "&&" unary ) | unary *( "||" unary )
//   unary     = "!" unary | "(" condition ")" | test
//   test      = operand [ "&" part ] ( compare value | "in" ( set | range | NAME ) )
#include <algorithm>
#include <array>

#include "cordon/formats/cordon_expression.h"

namespace cordon::formats {
namespace {

Condition joined(Condition::Kind kind, std::vector<Condition> operands, Span span) {
  if (operands.size() == 1 && kind != Condition::Kind::none) return std::move(operands.front());
  Condition condition;
  condition.kind = kind;
  condition.operands = std::move(operands);
  condition.span = span;
  return condition;
}

struct NamedOp {
  std::string_view symbol;
  CompareOp op;
};
constexpr std::array<NamedOp, 6> kOps = {{{"==", CompareOp::eq},
                                          {"!=", CompareOp::ne},
                                          {"<", CompareOp::lt},
                                          {"<=", CompareOp::le},
                                          {">", CompareOp::gt},
                                          {">=", CompareOp::ge}}};

std::optional<CompareOp> find_op(const Token& token) {
  if (token.kind == Token::Kind::word && token.text == "in") return CompareOp::in;
  for (const NamedOp& named : kOps)
    if (token.is(named.symbol)) return named.op;
  return std::nullopt;
}

bool is_slot_name(std::string_view name) {
  return name.size() > 3 && name.starts_with("arg") &&
         std::all_of(name.begin() + 3, name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<Condition> ExpressionParser::condition() {
  Span first = cursor_.peek().span;
  std::vector<Condition> parts;
  do {
    std::optional<Condition> part = junction();
    if (!part) return std::nullopt;
    parts.push_back(std::move(*part));
  } while (cursor_.accept(","));
  return joined(Condition::Kind::all, std::move(parts), cursor_.since(first));
}

std::optional<Condition> ExpressionParser::junction() {
  Span first = cursor_.peek().span;
  std::vector<Condition> parts;
  std::string_view joiner;
  while (true) {
    std::optional<Condition> part = unary();
    if (!part) return std::nullopt;
    parts.push_back(std::move(*part));
    const Token& next = cursor_.peek();
    if (!next.is("&&") && !next.is("||")) break;
    if (!joiner.empty() && next.text != joiner) {
      reporter_.error("mixed-logic", next.span, "'&&' and '||' are mixed without parentheses",
                      "put parentheses round what belongs together");
      return std::nullopt;
    }
    joiner = cursor_.take().text;
  }
  return joined(joiner == "||" ? Condition::Kind::any : Condition::Kind::all, std::move(parts), cursor_.since(first));
}

std::optional<Condition> ExpressionParser::unary() {
  if (too_deep()) return std::nullopt;
  Span first = cursor_.peek().span;
  if (cursor_.accept("!")) {
    ++depth_;
    std::optional<Condition> inner = unary();
    --depth_;
    if (!inner) return std::nullopt;
    std::vector<Condition> operands;
    operands.push_back(std::move(*inner));
    return joined(Condition::Kind::none, std::move(operands), cursor_.since(first));
  }
  size_t start = cursor_.position();
  bool is_test = !cursor_.peek().is("(") || bracketed_operand();
  cursor_.rewind(start);
  if (is_test) return test();
  cursor_.take();
  ++depth_;
  std::optional<Condition> inner = condition();
  --depth_;
  if (!inner) return std::nullopt;
  if (!cursor_.accept(")")) return expected("',', '&&', '||' or ')'", {}), std::nullopt;
  inner->span = cursor_.since(first);
  return inner;
}

std::optional<Operand> ExpressionParser::operand() {
  const Token& token = cursor_.peek();
  if (token.kind != Token::Kind::word || token.text == "in") {
    bool is_value = token.kind == Token::Kind::number || token.is("~") || token.is("-");
    expected("an argument's name", is_value ? "the argument stands on the left, the value on the right" : "");
    return std::nullopt;
  }
  cursor_.take();
  if (token.text == "raw" && cursor_.accept("(")) {
    if (cursor_.peek().text == "raw") return expected("an argument's name", {}), std::nullopt;
    std::optional<Operand> inner = operand();
    if (!inner) return std::nullopt;
    if (!cursor_.accept(")")) return expected("')'", "raw takes one argument"), std::nullopt;
    inner->raw = true;
    return inner;
  }
  if (token.text == "ip") return Operand{Operand::Kind::instruction_pointer, {}, 0, false};
  if (!is_slot_name(token.text)) return Operand{Operand::Kind::named, std::string(token.text), 0, false};
  if (token.text.size() == 4 && token.text[3] <= '5')
    return Operand{Operand::Kind::slot, {}, static_cast<uint8_t>(token.text[3] - '0'), false};
  reporter_.error("bad-argument", token.span, "there is no " + std::string(token.text) + ": a call has arg0 to arg5");
  return std::nullopt;
}

bool ExpressionParser::mask_follows_alternative() {
  if (!cursor_.peek().is("|")) return false;
  reporter_.error("mask-parentheses", cursor_.peek().span, "a mask of several values needs parentheses",
                  "write 'x & (A|B) == v'");
  return true;
}

// operand [ "&" part ]
bool ExpressionParser::masked_operand(ArgTest& test) {
  std::optional<Operand> what = operand();
  if (!what) return false;
  test.operand = std::move(*what);
  if (!cursor_.accept("&")) return true;
  std::optional<Value> mask = value_part();
  if (!mask) return false;
  test.mask.push_back(std::move(*mask));
  return true;
}

// Whether a "(x & M)" stands here that is compared: C's way to write x & M == v. Only looks at tokens.
bool ExpressionParser::bracketed_operand() {
  if (!cursor_.accept("(") || cursor_.peek().kind != Token::Kind::word) return false;
  cursor_.take();
  unsigned open = 1;
  for (; open > 0 && !cursor_.at_end(); cursor_.take()) {
    const Token& token = cursor_.peek();
    if (token.is("(")) ++open;
    if (token.is(")")) --open;
    if (find_op(token) || token.is("&&") || token.is("||") || token.is(",") || token.is("!")) return false;
  }
  return open == 0 && find_op(cursor_.peek()).has_value();
}

std::optional<CompareOp> ExpressionParser::comparison(const ArgTest& test) {
  if (std::optional<CompareOp> op = find_op(cursor_.peek())) {
    cursor_.take();
    return op;
  }
  const Token& token = cursor_.peek();
  std::string hint = token.is("=")        ? "did you mean '=='?"
                     : !test.mask.empty() ? "say what the masked bits must be: '== 0', '!= 0', '== FLAG'"
                                          : "one of == != < <= > >= in";
  return expected("a comparison", std::move(hint)), std::nullopt;
}

bool ExpressionParser::compared_values(ArgTest& test) {
  if (test.op != CompareOp::in) {
    std::optional<Value> right = value();
    if (!right) return false;
    test.values.push_back({std::move(*right), {}});
    if (!cursor_.peek().is("..")) return true;
    reporter_.error("syntax", cursor_.peek().span, "a range needs 'in'", "write 'x in a..b'");
    return false;
  }
  if (const Definitions::Definition* definition = lone_set()) {
    if (!expand(*definition, cursor_.take())) return false;
    test.values = definition->ranges;
    return true;
  }
  if (cursor_.peek().is("{")) {
    std::optional<std::vector<ValueRange>> values = set();
    if (!values) return false;
    test.values = std::move(*values);
    return true;
  }
  std::optional<ValueRange> one = range();
  if (!one) return false;
  test.values.push_back(std::move(*one));
  return true;
}

std::optional<Condition> ExpressionParser::test() {
  Span first = cursor_.peek().span;
  Condition condition;
  condition.kind = Condition::Kind::test;
  bool bracketed = cursor_.accept("(");
  if (!masked_operand(condition.test)) return std::nullopt;
  if (!condition.test.mask.empty() && mask_follows_alternative()) return std::nullopt;
  if (bracketed && !cursor_.accept(")")) return expected("')'", {}), std::nullopt;
  std::optional<CompareOp> op = comparison(condition.test);
  if (!op) return std::nullopt;
  condition.test.op = *op;
  if (!compared_values(condition.test)) return std::nullopt;
  if (cursor_.peek().is("&")) {
    reporter_.error("syntax", cursor_.peek().span, "'&' stands on the left of a comparison",
                    "write 'x & MASK == v'; to join tests, '&&'");
    return std::nullopt;
  }
  condition.span = cursor_.since(first);
  condition.test.span = condition.span;
  return condition;
}

}  // namespace cordon::formats
