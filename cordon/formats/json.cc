// A recursive descent parser over bytes. Where the text departs from JSON it reports the place and goes on
// with what was most likely meant:
//
//   [1 2]      a comma is missing   -> reported after the 1, reading goes on with the 2
//   [1, 2,]    a comma too many     -> reported at the comma
//   {"a" 1}    the colon is missing -> reported, the value is read
//   [True]     not JSON's word      -> the word is skipped, its value is null
//   {"a": [1}  a bracket is missing -> the array ends where the enclosing object does
//
// A byte is looked at a bounded number of times, so reading is linear in the text.
#include "cordon/formats/json.h"

#include <charconv>

#include "cordon/base/text.h"

namespace cordon::formats {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '+' || c == '-' ||
         c == '.';
}

void append_utf8(std::string& out, uint32_t point) {
  auto put = [&](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (point < 0x80) return put(point);
  if (point < 0x800) {
    put(0xc0 | point >> 6);
  } else {
    if (point < 0x10000) {
      put(0xe0 | point >> 12);
    } else {
      put(0xf0 | point >> 18);
      put(0x80 | (point >> 12 & 0x3f));
    }
    put(0x80 | (point >> 6 & 0x3f));
  }
  put(0x80 | (point & 0x3f));
}

class Parser {
 public:
  Parser(const Sources& sources, SourceId id, JsonOptions options, ProfileReporter& report)
      : text_(sources.text(id)), id_(id), options_(options), report_(report) {}

  JsonRead parse();

 private:
  JsonValue parse_value();
  JsonValue parse_array();
  JsonValue parse_object();
  JsonMember parse_member();
  JsonValue parse_string();
  JsonValue parse_number();
  JsonValue parse_word();
  std::string parse_string_text();
  void parse_escape(std::string& out);
  std::optional<uint32_t> parse_hex4();
  bool begin_next(char close, std::string_view what, bool is_first, uint32_t previous_end);
  bool at_bracket_or_end() const;
  bool enter(uint32_t begin, char close);
  void leave(uint32_t begin, char close, std::string_view what);
  std::string_view take_word();

  void skip_blanks();
  bool skip_comment();

  // A mistake whose cure is certain: an error, or a warning for a lenient reader.
  void certain(uint32_t begin, uint32_t end, std::string message, std::string hint) {
    if (has_given_up_) return;
    report_.add(options_.lenient ? Severity::warning : Severity::error, "json-syntax", span(begin, end),
                std::move(message), std::move(hint));
  }
  void fail(uint32_t begin, uint32_t end, std::string message, std::string hint = {}) {
    is_certain_ = false;
    if (has_given_up_) return;  // the end is of our making
    report_.error("json-syntax", span(begin, end), std::move(message), std::move(hint));
  }
  void give_up() {
    at_ = size();
    has_given_up_ = true;
  }

  uint32_t size() const { return static_cast<uint32_t>(text_.size()); }
  bool at_end() const { return at_ >= size(); }
  char peek() const { return at_end() ? '\0' : text_[at_]; }
  bool looking_at(std::string_view word) const { return text_.substr(at_, word.size()) == word; }
  Span span(uint32_t begin, uint32_t end) const { return {id_, begin, end}; }

  std::string_view text_;
  SourceId id_;
  JsonOptions options_;
  ProfileReporter& report_;
  uint32_t at_ = 0;
  uint32_t last_mismatch_ = UINT32_MAX;
  std::string open_;  // the closing bracket of every container that is open, outermost first
  bool is_certain_ = true;
  bool has_given_up_ = false;
};

// What the byte at the place of a mistake is called.
std::string name_of_byte(char c) {
  if (c == '\'') return "\"'\"";
  return "'" + base::printable(std::string_view(&c, 1)) + "'";
}

JsonRead Parser::parse() {
  if (text_.size() >= UINT32_MAX) {
    report_.error("json-syntax", {id_, 0, 0}, "the text is larger than 4 GiB");
    return {std::nullopt, false};
  }
  if (text_.starts_with("\xff\xfe") || text_.starts_with("\xfe\xff")) {
    fail(0, 2, "the file is UTF-16, JSON is UTF-8", "convert it: iconv -f UTF-16 -t UTF-8");
    return {std::nullopt, false};
  }
  if (text_.starts_with("\xef\xbb\xbf")) {
    certain(0, 3, "the file begins with a byte order mark, which JSON does not allow",
            "save it as UTF-8 without a byte order mark");
    at_ = 3;
  }
  skip_blanks();
  if (at_end()) {
    if (!has_given_up_) fail(at_, at_, "the file holds no JSON value", "expected an object: { ... }");
    return {std::nullopt, false};
  }
  JsonRead read;
  read.root = parse_value();
  skip_blanks();
  if (!at_end()) fail(at_, at_ + 1, "unexpected " + name_of_byte(peek()) + " after the end of the JSON value");
  read.is_certain = is_certain_;
  return read;
}

void Parser::skip_blanks() {
  do {
    while (!at_end() && is_blank(text_[at_])) ++at_;
  } while (skip_comment());
}

bool Parser::skip_comment() {
  if (!looking_at("//") && !looking_at("/*")) return false;
  uint32_t begin = at_;
  bool is_block = text_[at_ + 1] == '*';
  size_t end = is_block ? text_.find("*/", at_ + 2) : text_.find('\n', at_);
  if (is_block && end == std::string_view::npos) {
    fail(begin, begin + 2, "the comment that begins here is not closed", "end it with */");
    give_up();
    return true;
  }
  at_ = end == std::string_view::npos ? size() : static_cast<uint32_t>(is_block ? end + 2 : end);
  certain(begin, at_, "JSON has no comments", "remove it, or read the file with --lenient");
  return true;
}

JsonValue Parser::parse_value() {
  char c = peek();
  if (c == '{') return parse_object();
  if (c == '[') return parse_array();
  if (c == '"') return parse_string();
  if (c == '-' || is_digit(c)) return parse_number();
  return parse_word();
}

bool Parser::enter(uint32_t begin, char close) {
  if (static_cast<int>(open_.size()) < kMaxJsonDepth) {
    open_.push_back(close);
    ++at_;
    return true;
  }
  fail(begin, begin + 1, "nested deeper than " + std::to_string(kMaxJsonDepth) + " levels");
  give_up();
  return false;
}

// A bracket of either kind ends the innermost container; whether it is the right one is seen in leave().
bool Parser::at_bracket_or_end() const { return at_end() || text_[at_] == ']' || text_[at_] == '}'; }

// Moves to the next element or member; false at the end of the container.
bool Parser::begin_next(char close, std::string_view what, bool is_first, uint32_t previous_end) {
  if (report_.is_full()) give_up();
  skip_blanks();
  if (at_bracket_or_end()) return false;
  if (is_first && text_[at_] != ',') return true;
  if (text_[at_] != ',') {
    certain(previous_end, previous_end, "expected ',' between " + std::string(what), "add a comma here");
    return true;
  }
  uint32_t comma = at_++;
  if (is_first) fail(comma, comma + 1, "expected a value before ','", "remove the comma");
  skip_blanks();
  for (; peek() == ','; skip_blanks()) {
    fail(at_, at_ + 1, "expected a value between two commas", "remove one comma");
    ++at_;
  }
  if (peek() == close && !is_first)
    certain(comma, comma + 1, std::string("trailing comma before '") + close + "'", "remove the comma");
  return !at_bracket_or_end();
}

void Parser::leave(uint32_t begin, char close, std::string_view what) {
  open_.pop_back();
  if (has_given_up_) return;
  if (at_end()) {
    fail(begin, begin + 1, "the " + std::string(what) + " that begins here is not closed",
         std::string("add '") + close + "' at its end");
    return give_up();
  }
  char c = text_[at_];
  if (c == close) {
    ++at_;
    return;
  }
  // Left for the container it belongs to, if there is one; every container inside ends here too.
  bool is_for_outer = open_.find(c) != std::string::npos;
  if (at_ != last_mismatch_)
    fail(at_, at_ + 1, std::string("expected '") + close + "' before " + name_of_byte(c),
         std::string(is_for_outer ? "add '" : "replace it by '") + close + "'");
  last_mismatch_ = at_;
  if (!is_for_outer) ++at_;
}

JsonValue Parser::parse_array() {
  JsonValue array;
  array.kind = JsonValue::Kind::array;
  uint32_t begin = at_;
  if (!enter(begin, ']')) return array;
  for (uint32_t end = at_; begin_next(']', "array elements", array.items.empty(), end);
       end = array.items.back().span.end)
    array.items.push_back(parse_value());
  leave(begin, ']', "array");
  array.span = span(begin, at_);
  return array;
}

JsonValue Parser::parse_object() {
  JsonValue object;
  object.kind = JsonValue::Kind::object;
  uint32_t begin = at_;
  if (!enter(begin, '}')) return object;
  for (uint32_t end = at_; begin_next('}', "object members", object.members.empty(), end);
       end = object.members.back().value.span.end)
    object.members.push_back(parse_member());
  leave(begin, '}', "object");
  object.span = span(begin, at_);
  return object;
}

JsonMember Parser::parse_member() {
  JsonMember member;
  uint32_t begin = at_;
  if (peek() == '"') {
    member.key = parse_string_text();
  } else if (std::string_view word = take_word(); !word.empty()) {
    member.key = word;
    fail(begin, at_, "a key must be in double quotes", "write \"" + base::printable(word) + "\"");
  } else {
    fail(begin, begin + 1, "expected a key in double quotes, found " + name_of_byte(peek()));
  }
  member.key_span = span(begin, at_);
  uint32_t key_end = at_;
  skip_blanks();
  if (peek() == ':') {
    ++at_;
  } else {
    fail(key_end, key_end, "expected ':' after the key", "add a colon here");
    if (peek() == '=') ++at_;
  }
  skip_blanks();
  member.value = parse_value();
  return member;
}

// A run of letters and digits, or what stands in single quotes; empty if there is neither.
std::string_view Parser::take_word() {
  uint32_t begin = at_;
  if (peek() == '\'') {
    size_t end = text_.find_first_of("'\n", at_ + 1);
    bool is_closed = end != std::string_view::npos && text_[end] == '\'';
    if (!is_closed) return {};
    at_ = static_cast<uint32_t>(end + 1);
    return text_.substr(begin + 1, end - begin - 1);
  }
  while (!at_end() && is_word(text_[at_])) ++at_;
  return text_.substr(begin, at_ - begin);
}

JsonValue Parser::parse_word() {
  JsonValue value;
  uint32_t begin = at_;
  bool is_quoted = peek() == '\'';
  std::string_view word = take_word();
  value.span = span(begin, at_);
  if (is_quoted && at_ > begin) {
    fail(begin, at_, "a string must be in double quotes", "write \"" + base::printable(word) + "\"");
  } else if (word == "true" || word == "false") {
    value.kind = JsonValue::Kind::boolean;
    value.truth = word == "true";
  } else if (!word.empty() && word != "null") {
    fail(begin, at_, "expected a JSON value, found '" + base::printable(word) + "'",
         "strings need double quotes; JSON's words are true, false and null");
  } else if (word.empty()) {
    bool is_left_to_container = !open_.empty() && (at_bracket_or_end() || peek() == ',');
    std::string found = at_end() ? "the end of the file" : name_of_byte(peek());
    fail(at_, at_ + 1, "expected a JSON value, found " + found);
    if (!is_left_to_container && !at_end()) ++at_;
  }
  return value;
}

JsonValue Parser::parse_string() {
  JsonValue value;
  value.kind = JsonValue::Kind::string;
  uint32_t begin = at_;
  value.text = parse_string_text();
  value.span = span(begin, at_);
  return value;
}

std::string Parser::parse_string_text() {
  std::string out;
  uint32_t begin = at_++;
  bool was_told = false;  // one report of bad bytes is enough for a string
  while (true) {
    std::string_view rest = text_.substr(at_);
    if (rest.empty() || rest[0] == '\n' || rest.starts_with("\r\n")) {
      fail(begin, at_, "the string is not closed before the end of the line", "add '\"' at its end");
      return out;
    }
    char c = rest[0];
    if (c == '"') {
      ++at_;
      return out;
    }
    if (c == '\\') {
      parse_escape(out);
      continue;
    }
    size_t length = base::utf8_length(rest);
    if (length == 0 && !was_told)
      fail(at_, at_ + 1, "invalid UTF-8: byte " + base::hex(static_cast<uint8_t>(c)) + " in a string",
           "save the file as UTF-8");
    if (static_cast<uint8_t>(c) < 0x20 && !was_told)
      fail(at_, at_ + 1, "control character " + base::hex(static_cast<uint8_t>(c)) + " in a string",
           c == '\t' ? "write \\t" : "write it as \\u00XX");
    was_told |= length == 0 || static_cast<uint8_t>(c) < 0x20;
    if (length == 0) length = 1;
    out.append(rest.substr(0, length));
    at_ += static_cast<uint32_t>(length);
  }
}

std::optional<uint32_t> Parser::parse_hex4() {
  uint32_t value = 0;
  std::string_view digits = text_.substr(at_, 4);
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (error != std::errc() || end != digits.data() + 4) return std::nullopt;
  at_ += 4;
  return value;
}

void Parser::parse_escape(std::string& out) {
  static constexpr std::string_view kLetters = "\"\\/bfnrt";
  static constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  uint32_t begin = at_++;
  char letter = peek();
  if (size_t index = kLetters.find(letter); index != std::string_view::npos && !at_end()) {
    ++at_;
    out.push_back(kMeanings[index]);
    return;
  }
  if (letter != 'u') {
    fail(begin, begin + 1, "unknown escape in a string", "write '\\\\' for a backslash");
    return;
  }
  ++at_;
  std::optional<uint32_t> point = parse_hex4();
  if (!point) return fail(begin, at_, "expected four hexadecimal digits after \\u");
  bool is_high = (*point & 0xfffffc00) == 0xd800;
  if (is_high && looking_at("\\u")) {
    at_ += 2;
    std::optional<uint32_t> low = parse_hex4();
    if (low && (*low & 0xfffffc00) == 0xdc00)
      return append_utf8(out, 0x10000 + ((*point & 0x3ff) << 10) + (*low & 0x3ff));
    return fail(begin, at_, "half of a surrogate pair", "write both halves, or the character itself");
  }
  if (is_high || (*point & 0xfffffc00) == 0xdc00)
    return fail(begin, at_, "half of a surrogate pair", "write both halves, or the character itself");
  append_utf8(out, *point);
}

// What is wrong with a number; empty if nothing is. Sets the form of one that is right.
std::string check_number(std::string_view text, JsonValue::NumberForm& form) {
  size_t at = text[0] == '-' ? 1 : 0;
  auto digits = [&] {
    size_t begin = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at - begin;
  };
  size_t whole = digits();
  if (whole == 0) return "expected a digit after '-'";
  char next = at < text.size() ? text[at] : '\0';
  if (next == 'x' || next == 'X') return "JSON has no hexadecimal numbers";
  if (whole > 1 && text[at - whole] == '0') return "JSON numbers have no leading zeros and no octal form";
  form = text[0] == '-' ? JsonValue::NumberForm::negative : JsonValue::NumberForm::integer;
  if (next == '.') {
    ++at;
    if (digits() == 0) return "expected a digit after '.'";
    form = JsonValue::NumberForm::fraction;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return "expected a digit in the exponent";
    form = JsonValue::NumberForm::exponent;
  }
  return at == text.size() ? "" : "unexpected " + name_of_byte(text[at]) + " in a number";
}

// The cure for a number in another notation: its decimal.
std::string decimal_hint(std::string_view text) {
  size_t skip = text.starts_with("0x") || text.starts_with("0X") ? 2 : 0;
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data() + skip, text.data() + text.size(), value, skip == 2 ? 16 : 8);
  bool is_whole = error == std::errc() && end == text.data() + text.size() && text.starts_with('0');
  return is_whole ? "write " + std::to_string(value) : "";
}

JsonValue Parser::parse_number() {
  JsonValue value;
  value.kind = JsonValue::Kind::number;
  uint32_t begin = at_;
  value.text = take_word();
  value.span = span(begin, at_);
  if (std::string problem = check_number(value.text, value.form); !problem.empty()) {
    fail(begin, at_, std::move(problem), decimal_hint(value.text));
    return value;
  }
  if (value.form != JsonValue::NumberForm::integer) return value;
  const char* end = value.text.data() + value.text.size();
  if (std::from_chars(value.text.data(), end, value.integer).ec != std::errc())
    value.form = JsonValue::NumberForm::too_large;
  return value;
}

}  // namespace

JsonRead parse_json(const Sources& sources, SourceId id, JsonOptions options, ProfileReporter& report) {
  return Parser(sources, id, options, report).parse();
}

std::string_view describe(JsonValue::Kind kind) {
  switch (kind) {
    case JsonValue::Kind::null: return "null";
    case JsonValue::Kind::boolean: return "true or false";
    case JsonValue::Kind::number: return "a number";
    case JsonValue::Kind::string: return "a string";
    case JsonValue::Kind::array: return "an array";
    case JsonValue::Kind::object: return "an object";
  }
  return "a value";
}

}  // namespace cordon::formats
