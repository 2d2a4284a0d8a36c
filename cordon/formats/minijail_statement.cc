// A recursive descent parser over the tokens of one line; the grammar is the union of minijail's C and Python
// parsers. In the C dialect the same parser refuses what only Python's takes.
//
//   statement = ( target | "{" target *("," target) "}" ) ":" filters
//   filters   = filter | "{" filter *("," filter) "}"
//   filter    = action | conditions [ ";" action ]
#include "cordon/formats/minijail_statement.h"

#include <algorithm>
#include <string>

#include "cordon/abi/syscalls.h"
#include "cordon/base/text.h"
#include "cordon/formats/minijail_value.h"

namespace cordon::formats {
namespace {

using Kind = MinijailToken::Kind;
using Gap = MinijailToken::Gap;

constexpr int kMaxParentheses = 64;

struct ActionWord {
  std::string_view text;
  ActionKind kind;
};
constexpr ActionWord kActionWords[] = {
    {"allow", ActionKind::allow},
    {"kill-process", ActionKind::kill_process},
    {"kill-thread", ActionKind::kill_thread},
    {"kill", ActionKind::kill_thread},
    {"trap", ActionKind::trap},
    {"trace", ActionKind::trace},
    {"log", ActionKind::log},
    {"user-notify", ActionKind::notify},
};

class StatementParser {
 public:
  StatementParser(const MinijailLine& line, const MinijailParseOptions& options, ProfileReporter& report)
      : tokens_(line.tokens), options_(options), report_(report) {
    statement_.span = line.span;
  }

  std::optional<MinijailStatement> parse();

 private:
  bool parse_targets();
  bool parse_target();
  bool parse_selector(bool& is_selected);
  bool parse_filters();
  bool parse_filter();
  bool parse_rest_after_semicolon(MinijailFilter& filter);
  std::optional<MinijailAction> parse_action();
  bool begins_action() const;
  std::optional<Condition> parse_conditions();
  std::optional<Condition> parse_conjunction();
  std::optional<Condition> parse_atom();
  std::optional<ArgTest> make_test(const MinijailToken& argument, const MinijailToken& op, Value value);
  std::optional<Value> parse_value(int depth);
  std::optional<Value> parse_part(int depth);
  std::optional<Value> parse_constant();

  const MinijailToken& peek() const { return tokens_[at_]; }
  const MinijailToken& take() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }
  bool take(std::string_view sign) {
    if (!peek().is(sign)) return false;
    take();
    return true;
  }
  std::string found() const {
    return peek().kind == Kind::end ? "the end of the line" : "'" + base::printable(peek().text) + "'";
  }
  bool fail(std::string message, std::string hint = {}) {
    report_.error("minijail-syntax", peek().span, std::move(message), std::move(hint));
    return false;
  }
  // What minijail's C parser does not know; true in the C dialect, where it is an error.
  bool refuse_in_c(const MinijailToken& token, const std::string& what, std::string hint = {}) {
    if (options_.c_dialect)
      report_.error("minijail-c-dialect", token.span, "minijail's C parser does not take " + what, std::move(hint));
    return options_.c_dialect;
  }
  bool refuse_gap(const MinijailToken& token, Gap wanted) {
    if (!options_.c_dialect || token.gap == wanted) return false;
    if (wanted == Gap::none)
      report_.error("minijail-c-dialect", token.span, "minijail's C parser takes no blanks inside a value",
                    "remove the blank");
    else
      report_.error("minijail-c-dialect", token.span, "minijail's C parser needs spaces around a comparison",
                    "write it as arg0 == 1");
    return true;
  }

  const std::vector<MinijailToken>& tokens_;
  MinijailParseOptions options_;
  ProfileReporter& report_;
  MinijailStatement statement_;
  size_t at_ = 0;
};

std::optional<MinijailStatement> StatementParser::parse() {
  if (!parse_targets()) return std::nullopt;
  if (!peek().is(":")) {
    fail("expected ':' after the system call's name, found " + found(), "write NAME: 1 to allow a call");
    return std::nullopt;
  }
  take();
  if (!parse_filters()) return std::nullopt;
  if (peek().kind != Kind::end) {
    fail("unexpected " + found() + " at the end of the statement");
    return std::nullopt;
  }
  return std::move(statement_);
}

bool StatementParser::parse_targets() {
  if (!peek().is("{")) return parse_target();
  if (refuse_in_c(peek(), "several names in braces", "write a line for each")) return false;
  const MinijailToken open = take();
  do {
    if (!parse_target()) return false;
  } while (take(","));
  if (take("}")) return true;
  if (peek().kind != Kind::end) return fail("expected ',' or '}' after a name, found " + found());
  report_.error("minijail-syntax", open.span, "unclosed brace",
                "close it in this line; a backslash at its end continues a line");
  return false;
}

bool StatementParser::parse_target() {
  const MinijailToken& token = peek();
  if (token.kind == Kind::number) {
    std::string hint = "minijail takes names only";
    std::optional<MinijailNumber> number = read_minijail_number(token, options_.arch, report_);
    if (!number) return false;
    std::string_view name = number->is_negative || number->magnitude > UINT32_MAX
                                ? std::string_view()
                                : abi::name_of(static_cast<uint32_t>(number->magnitude), options_.arch);
    if (!name.empty()) hint = "write '" + std::string(name) + "'";
    return fail("a system call is named, not numbered", std::move(hint));
  }
  if (token.kind != Kind::word) return fail("expected the name of a system call, found " + found());
  if (size_t sign = token.text.find('@'); sign != std::string_view::npos) {
    report_.error("minijail-group", token.span,
                  "the group '" + base::printable(token.text) +
                      "' is defined in minijail's constants.json, which is not part of a policy",
                  "name its calls");
    return false;
  }
  MinijailName name{std::string(token.text), token.span};
  take();
  bool is_selected = true;
  if (peek().is("[")) {
    if (refuse_in_c(peek(), "selectors in brackets")) return false;
    if (!parse_selector(is_selected)) return false;
  }
  if (is_selected) statement_.names.push_back(std::move(name));
  return true;
}

// "[" key "=" id *("," id) *( ";" key "=" … ) "]"
bool StatementParser::parse_selector(bool& is_selected) {
  take();
  do {
    if (peek().kind != Kind::word) return fail("expected a key such as arch, found " + found());
    if (!peek().is("arch")) return fail("unknown selector " + found(), "the only one is arch");
    take();
    if (!take("=")) return fail("expected '=' after the selector's key, found " + found());
    bool is_listed = false;
    do {
      if (peek().kind != Kind::word) return fail("expected the name of an architecture, found " + found());
      std::optional<Arch> arch = abi::find_arch(peek().text);
      bool is_minijails = arch && (abi::info(*arch).name == peek().text || abi::info(*arch).machine == peek().text ||
                                   abi::info(*arch).libseccomp_name == peek().text);
      if (!is_minijails) {
        report_.error("unknown-arch", peek().span,
                      "unknown architecture " + found() + ": minijail would drop the line without a word",
                      arch ? "write " + std::string(abi::name(*arch)) : "");
        return false;
      }
      is_listed |= *arch == options_.arch;
      take();
    } while (take(","));
    is_selected &= is_listed;
  } while (take(";"));
  return take("]") || fail("expected ']' after the selector, found " + found());
}

bool StatementParser::parse_filters() {
  if (!peek().is("{")) return parse_filter();
  if (refuse_in_c(peek(), "filters in braces")) return false;
  const MinijailToken open = take();
  statement_.is_braced = true;
  do {
    if (!parse_filter()) return false;
  } while (take(","));
  if (take("}")) return true;
  if (peek().kind != Kind::end) return fail("expected ',' or '}' after a filter, found " + found());
  report_.error("minijail-syntax", open.span, "unclosed brace",
                "close it in this line; a backslash at its end continues a line");
  return false;
}

bool StatementParser::begins_action() const {
  return peek().is("return") || peek().kind == Kind::number || find_minijail_action(peek().text);
}

bool StatementParser::parse_filter() {
  MinijailFilter filter;
  filter.span = peek().span;
  if (begins_action()) {
    filter.action = parse_action();
    if (!filter.action) return false;
  } else {
    filter.condition = parse_conditions();
    if (!filter.condition) return false;
  }
  if (peek().is(";") && !parse_rest_after_semicolon(filter)) return false;
  filter.span.end = tokens_[at_ - 1].span.end;
  statement_.filters.push_back(std::move(filter));
  return true;
}

bool StatementParser::parse_rest_after_semicolon(MinijailFilter& filter) {
  if (filter.action) return fail("unexpected ';' after an action", "an action alone holds for every call");
  take();
  if (options_.c_dialect && !peek().is("return"))
    return fail("expected 'return' after ';', found " + found(), "write return EPERM");
  filter.action = parse_action();
  if (!filter.action) return false;
  if (statement_.is_braced || !peek().is(";")) return true;
  report_.warning("minijail-syntax", peek().span, "minijail ignores what follows the second ';'", "remove it");
  at_ = tokens_.size() - 1;
  return true;
}

std::optional<MinijailAction> StatementParser::parse_action() {
  const MinijailToken word = take();
  MinijailAction action;
  action.span = word.span;
  if (word.is("return")) {
    action.is_return = true;
    bool ends = peek().kind == Kind::end || peek().is(";") || peek().is(",") || peek().is("}");
    if (ends && !statement_.is_braced) {
      action.is_block = true;
      return action;
    }
    if (peek().kind != Kind::word && peek().kind != Kind::number) {
      fail("expected an errno after 'return', found " + found(), "write return EPERM");
      return std::nullopt;
    }
    std::optional<NamedAction> answer = read_minijail_errno(take(), options_.arch, report_);
    if (!answer) return std::nullopt;
    action.action = *answer;
    return action;
  }
  if (word.is("1")) {
    action.action.action = {ActionKind::allow, 0};
    return action;
  }
  std::optional<ActionKind> kind = find_minijail_action(word.text);
  if (!kind) {
    report_.error("minijail-syntax", word.span,
                  word.kind == Kind::end ? "expected an action, found the end of the line"
                                         : "unknown action '" + base::printable(word.text) + "'",
                  "valid are 1, allow, return ERRNO, kill-process, kill-thread, kill, trap, trace, log, user-notify");
    return std::nullopt;
  }
  if (refuse_in_c(word, "'" + std::string(word.text) + "'", word.is("allow") ? "write 1" : "")) return std::nullopt;
  action.action.action = {*kind, 0};
  return action;
}

Condition join(Condition::Kind kind, std::vector<Condition> parts) {
  if (parts.size() == 1) return std::move(parts.front());
  Condition joined;
  joined.kind = kind;
  joined.span = {parts.front().span.source, parts.front().span.begin, parts.back().span.end};
  joined.operands = std::move(parts);
  return joined;
}

std::optional<Condition> StatementParser::parse_conditions() {
  std::vector<Condition> parts;
  do {
    std::optional<Condition> part = parse_conjunction();
    if (!part) return std::nullopt;
    parts.push_back(std::move(*part));
  } while (take("||"));
  return join(Condition::Kind::any, std::move(parts));
}

std::optional<Condition> StatementParser::parse_conjunction() {
  std::vector<Condition> parts;
  do {
    std::optional<Condition> part = parse_atom();
    if (!part) return std::nullopt;
    parts.push_back(std::move(*part));
  } while (take("&&"));
  return join(Condition::Kind::all, std::move(parts));
}

std::optional<Condition> StatementParser::parse_atom() {
  if (peek().kind != Kind::argument) {
    std::string hint =
        peek().kind == Kind::word ? "conditions are written arg0 == VALUE; to allow the call write 1" : "";
    fail("expected an action or an argument (arg0 to arg5), found " + found(), std::move(hint));
    return std::nullopt;
  }
  const MinijailToken argument = take();
  const MinijailToken op = peek();
  static constexpr std::string_view kOps[] = {"==", "!=", "<", "<=", ">", ">=", "&", "in"};
  if (op.kind != Kind::sign || std::find(std::begin(kOps), std::end(kOps), op.text) == std::end(kOps)) {
    fail("expected a comparison after '" + std::string(argument.text) + "', found " + found(),
         op.is("=") ? "did you mean '=='?" : "valid are == != < <= > >= & in");
    return std::nullopt;
  }
  take();
  if (refuse_gap(op, Gap::spaces) || refuse_gap(peek(), Gap::spaces)) return std::nullopt;
  std::optional<Value> value = parse_value(0);
  if (!value) return std::nullopt;
  std::optional<ArgTest> test = make_test(argument, op, std::move(*value));
  if (!test) return std::nullopt;
  Condition condition;
  condition.kind = Condition::Kind::test;
  condition.test = std::move(*test);
  condition.span = condition.test.span;
  return condition;
}

std::optional<ArgTest> StatementParser::make_test(const MinijailToken& argument, const MinijailToken& op, Value value) {
  std::string_view digits = argument.text.substr(3);
  while (digits.size() > 1 && digits.starts_with('0')) digits.remove_prefix(1);
  if (digits.size() > 1 || digits[0] > '5') {
    report_.error(
        "unknown-argument", argument.span,
        "there is no " + std::string(argument.text.substr(0, 40)) +
            ": a system call has arg0 to arg5 (minijail reads past its data here, and the kernel refuses it)");
    return std::nullopt;
  }
  ArgTest test;
  test.span = {argument.span.source, argument.span.begin, value.span.end};
  test.operand.slot = static_cast<uint8_t>(digits[0] - '0');
  test.operand.raw = true;  // minijail compares whole words
  Value zero;
  zero.span = value.span;
  if (op.is("&")) {  // any of the bits
    test.mask.push_back(std::move(value));
    test.op = CompareOp::ne;
    test.values.push_back({std::move(zero), {}});
    return test;
  }
  if (op.is("in")) {  // no bit outside
    Value outside;
    outside.kind = Value::Kind::complement;
    outside.span = value.span;
    outside.operands.push_back(std::move(value));
    test.mask.push_back(std::move(outside));
    test.op = CompareOp::eq;
    test.values.push_back({std::move(zero), {}});
    return test;
  }
  static constexpr std::pair<std::string_view, CompareOp> kOps[] = {{"==", CompareOp::eq}, {"!=", CompareOp::ne},
                                                                    {"<", CompareOp::lt},  {"<=", CompareOp::le},
                                                                    {">", CompareOp::gt},  {">=", CompareOp::ge}};
  for (auto [text, meaning] : kOps)
    if (op.is(text)) test.op = meaning;
  test.values.push_back({std::move(value), {}});
  return test;
}

// part *( "|" part )
std::optional<Value> StatementParser::parse_value(int depth) {
  std::vector<Value> parts;
  do {
    if ((!parts.empty() || depth > 0) && refuse_gap(peek(), Gap::none)) return std::nullopt;
    std::optional<Value> part = parse_part(depth);
    if (!part) return std::nullopt;
    parts.push_back(std::move(*part));
    if (peek().is("|") && refuse_gap(peek(), Gap::none)) return std::nullopt;
  } while (take("|"));
  if (parts.size() == 1) return std::move(parts.front());
  Value any_of;
  any_of.kind = Value::Kind::any_of;
  any_of.span = {parts.front().span.source, parts.front().span.begin, parts.back().span.end};
  any_of.operands = std::move(parts);
  return any_of;
}

// [ "~" ] ( "(" value ")" | constant )
std::optional<Value> StatementParser::parse_part(int depth) {
  if (depth > kMaxParentheses) {
    fail("parentheses are nested deeper than " + std::to_string(kMaxParentheses) + " levels");
    return std::nullopt;
  }
  const MinijailToken first = peek();
  bool is_complement = take("~");
  if (is_complement && peek().is("~")) {
    fail("'~~' is not taken: two complements undo each other", "remove both");
    return std::nullopt;
  }
  if (is_complement && refuse_gap(peek(), Gap::none)) return std::nullopt;
  std::optional<Value> value;
  if (take("(")) {
    value = parse_value(depth + 1);
    if (!value) return std::nullopt;
    if (!peek().is(")")) {
      fail("expected ')', found " + found());
      return std::nullopt;
    }
    if (refuse_gap(peek(), Gap::none)) return std::nullopt;
    take();
  } else {
    value = parse_constant();
  }
  if (!value || !is_complement) return value;
  Value complement;
  complement.kind = Value::Kind::complement;
  complement.span = {first.span.source, first.span.begin, value->span.end};
  complement.operands.push_back(std::move(*value));
  return complement;
}

std::optional<Value> StatementParser::parse_constant() {
  const MinijailToken token = peek();
  Value value;
  value.span = token.span;
  if (token.kind == Kind::word) {
    take();
    value.kind = Value::Kind::name;
    value.name = token.text;
    return value;
  }
  if (token.kind != Kind::number) {
    fail("expected a constant, found " + found(), "constants are numbers or names such as O_RDONLY");
    return std::nullopt;
  }
  take();
  std::optional<MinijailNumber> number = read_minijail_number(token, options_.arch, report_);
  if (!number) return std::nullopt;
  value.number = number->magnitude;
  if (!number->is_negative) return value;
  Value negative;
  negative.kind = Value::Kind::negate;
  negative.span = token.span;
  negative.operands.push_back(std::move(value));
  return negative;
}

}  // namespace

std::optional<MinijailStatement> parse_minijail_statement(const MinijailLine& line, const MinijailParseOptions& options,
                                                          ProfileReporter& report) {
  return StatementParser(line, options, report).parse();
}

std::optional<ActionKind> find_minijail_action(std::string_view word) {
  for (const ActionWord& action : kActionWords)
    if (action.text == word) return action.kind;
  return std::nullopt;
}

}  // namespace cordon::formats
