// Numbers, names, sets, and what `let` expands to.
#include "cordon/formats/cordon_expression.h"

#include <algorithm>

#include "cordon/base/text.h"

namespace cordon::formats {

std::string found(const Token& token) {
  if (token.kind == Token::Kind::end) return "the end of the statement";
  return "'" + base::printable(token.text) + "'";
}

Span Cursor::since(const Span& first) const {
  Span whole = first;
  if (pos_ > 0 && tokens_[pos_ - 1].span.end > whole.end) whole.end = tokens_[pos_ - 1].span.end;
  return whole;
}

const Definitions::Definition* Definitions::find(std::string_view name) const {
  auto at = definitions_.find(name);
  return at == definitions_.end() ? nullptr : &at->second;
}

void Definitions::add(std::string name, Definition definition) {
  definitions_.emplace(std::move(name), std::move(definition));
}

bool Definitions::spend(size_t nodes) {
  if (nodes > kMaxExpandedNodes - expanded_nodes_) return false;
  expanded_nodes_ += nodes;
  return true;
}

void Definitions::note_use(std::string_view name, Span span) {
  if (!uses_.contains(name)) uses_.emplace(std::string(name), span);
}

std::optional<Span> Definitions::first_use(std::string_view name) const {
  auto at = uses_.find(name);
  return at == uses_.end() ? std::nullopt : std::optional(at->second);
}

ValueSize measure(const Value& value) {
  ValueSize size{1, 1};
  for (const Value& operand : value.operands) {
    ValueSize inner = measure(operand);
    size.nodes += inner.nodes;
    size.depth = std::max(size.depth, inner.depth + 1);
  }
  return size;
}

NumberReading read_number(std::string_view text) {
  unsigned base = 10;
  std::string_view digits = text;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    digits.remove_prefix(2);
  } else if (text.starts_with("0o")) {
    base = 8;
    digits.remove_prefix(2);
  } else if (text.size() > 1 && text[0] == '0') {
    base = 8;
    digits.remove_prefix(1);
  }
  if (digits.empty()) return {std::nullopt, "has no digits"};
  uint64_t number = 0;
  for (char c : digits) {
    unsigned digit = c >= '0' && c <= '9'   ? static_cast<unsigned>(c - '0')
                     : c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a') + 10
                     : c >= 'A' && c <= 'F' ? static_cast<unsigned>(c - 'A') + 10
                                            : 99;
    if (digit >= base) {
      return {std::nullopt, base == 8 && digit < 10 ? "begins with 0, as octal numbers do, but has a digit above 7"
                                                    : "is no number: decimal, 0x1f, 0o17 and 017 are"};
    }
    if (number > (UINT64_MAX - digit) / base) return {std::nullopt, "does not fit into 64 bits"};
    number = number * base + digit;
  }
  return {number, {}};
}

bool ExpressionParser::too_deep() {
  if (depth_ < kMaxNesting) return false;
  reporter_.error("too-deep", cursor_.peek().span, "nested deeper than " + std::to_string(kMaxNesting) + " levels");
  return true;
}

bool ExpressionParser::expected(std::string_view what, std::string hint) {
  reporter_.error("syntax", cursor_.peek().span, "expected " + std::string(what) + ", found " + found(cursor_.peek()),
                  std::move(hint));
  return false;
}

bool ExpressionParser::expand(const Definitions::Definition& definition, const Token& name) {
  if (depth_ + definition.depth > kMaxNesting) {
    reporter_.error(
        "too-deep", name.span,
        "'" + std::string(name.text) + "' makes this nest deeper than " + std::to_string(kMaxNesting) + " levels");
    return false;
  }
  if (definitions_.spend(definition.nodes)) return true;
  reporter_.error(
      "too-large", name.span,
      "the names of this policy expand to more than " + std::to_string(Definitions::kMaxExpandedNodes) + " values");
  return false;
}

std::optional<Value> ExpressionParser::named_value() {
  const Token& token = cursor_.take();
  const Definitions::Definition* definition = definitions_.find(token.text);
  if (definition == nullptr) {
    definitions_.note_use(token.text, token.span);
    return Value{Value::Kind::name, 0, std::string(token.text), {}, token.span};
  }
  if (definition->is_set) {
    reporter_.error("set-as-value", token.span, "'" + std::string(token.text) + "' is a set, expected a single value",
                    "test membership: 'in " + std::string(token.text) + "'");
    return std::nullopt;
  }
  if (!expand(*definition, token)) return std::nullopt;
  Value value = definition->ranges.front().low;
  value.span = token.span;
  return value;
}

std::optional<Value> ExpressionParser::value_part() {
  if (too_deep()) return std::nullopt;
  const Token& token = cursor_.peek();
  if (token.kind == Token::Kind::word && token.text != "in") return named_value();
  if (token.kind == Token::Kind::number) {
    NumberReading reading = read_number(cursor_.take().text);
    if (reading.number) return Value{Value::Kind::number, *reading.number, {}, {}, token.span};
    reporter_.error("bad-number", token.span, found(token) + " " + std::string(reading.problem));
    return std::nullopt;
  }
  bool complement = token.is("~");
  if (complement || token.is("-")) {
    cursor_.take();
    ++depth_;
    std::optional<Value> inner = value_part();
    --depth_;
    if (!inner) return std::nullopt;
    Span whole = cursor_.since(token.span);
    if (!complement && inner->kind == Value::Kind::number && inner->number > uint64_t{1} << 63) {
      reporter_.error("bad-number", whole, "-" + std::to_string(inner->number) + " does not fit into 64 bits");
      return std::nullopt;
    }
    Value value{complement ? Value::Kind::complement : Value::Kind::negate, 0, {}, {}, whole};
    value.operands.push_back(std::move(*inner));
    return value;
  }
  if (cursor_.accept("(")) {
    ++depth_;
    std::optional<Value> inner = value();
    --depth_;
    if (!inner) return std::nullopt;
    if (!cursor_.accept(")")) return expected("'|' or ')'", {}), std::nullopt;
    inner->span = cursor_.since(token.span);
    return inner;
  }
  return expected("a value", "a constant's name or a number"), std::nullopt;
}

std::optional<Value> ExpressionParser::value() {
  Span first = cursor_.peek().span;
  ++depth_;
  std::optional<Value> part = value_part();
  if (!part || !cursor_.peek().is("|")) {
    --depth_;
    return part;
  }
  Value joined{Value::Kind::any_of, 0, {}, {}, first};
  joined.operands.push_back(std::move(*part));
  while (part && cursor_.accept("|")) {
    part = value_part();
    if (part) joined.operands.push_back(std::move(*part));
  }
  --depth_;
  if (!part) return std::nullopt;
  joined.span = cursor_.since(first);
  return joined;
}

// The set a name stands for, where it stands alone; the name is then the next token.
const Definitions::Definition* ExpressionParser::lone_set() {
  if (cursor_.peek().kind != Token::Kind::word) return nullptr;
  const Definitions::Definition* definition = definitions_.find(cursor_.peek().text);
  return definition != nullptr && definition->is_set ? definition : nullptr;
}

std::optional<ValueRange> ExpressionParser::range() {
  Span first = cursor_.peek().span;
  std::optional<Value> low = value();
  if (!low) return std::nullopt;
  ValueRange range{std::move(*low), {}};
  if (!cursor_.accept("..")) return range;
  std::optional<Value> high = value();
  if (!high) return std::nullopt;
  if (range.low.kind == Value::Kind::number && high->kind == Value::Kind::number && range.low.number > high->number) {
    reporter_.error(
        "bad-range", cursor_.since(first),
        "the range runs backwards: " + std::to_string(range.low.number) + " is above " + std::to_string(high->number),
        "swap its ends");
    return std::nullopt;
  }
  range.high.push_back(std::move(*high));
  return range;
}

std::optional<std::vector<ValueRange>> ExpressionParser::set() {
  std::vector<ValueRange> ranges;
  Span open = cursor_.peek().span;
  if (!cursor_.accept("{")) return expected("'{'", {}), std::nullopt;
  while (!cursor_.accept("}")) {
    if (const Definitions::Definition* definition = lone_set()) {
      if (!expand(*definition, cursor_.take())) return std::nullopt;
      ranges.insert(ranges.end(), definition->ranges.begin(), definition->ranges.end());
    } else {
      std::optional<ValueRange> item = range();
      if (!item) return std::nullopt;
      ranges.push_back(std::move(*item));
    }
    if (!cursor_.peek().is("}") && !cursor_.accept(","))
      return expected("',' or '}'", "values of a set are separated by commas"), std::nullopt;
  }
  if (ranges.empty()) {
    reporter_.error("empty-set", cursor_.since(open), "an empty set has no value that could match");
    return std::nullopt;
  }
  return ranges;
}

}  // namespace cordon::formats
