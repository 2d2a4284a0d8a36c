// Rules: an action, its data, and targets with their conditions.
#include <algorithm>

#include "cordon/abi/constants.h"
#include "cordon/abi/groups.h"
#include "cordon/base/text.h"
#include "cordon/formats/cordon_parser.h"
#include "cordon/formats/nearest_errno.h"

namespace cordon::formats {
namespace {

constexpr std::string_view kNumberPrefix = "syscall_";

bool is_errno_name(std::string_view name) {
  return abi::errno_number(name, abi::native_arch()).has_value() ||
         std::any_of(abi::arches().begin(), abi::arches().end(),
                     [name](const abi::ArchInfo& info) { return abi::errno_number(name, info.arch).has_value(); });
}

std::optional<uint32_t> call_number(std::string_view digits) {
  NumberReading reading = read_number(digits);
  if (!reading.number || *reading.number > UINT32_MAX) return std::nullopt;
  return static_cast<uint32_t>(*reading.number);
}

bool is_numbered(std::string_view name) {
  return name.starts_with(kNumberPrefix) && name.size() > kNumberPrefix.size() && name[kNumberPrefix.size()] >= '0' &&
         name[kNumberPrefix.size()] <= '9';
}

}  // namespace

std::optional<CordonParser::ParsedAction> CordonParser::action(const Token& keyword, Cursor& cursor) {
  ParsedAction parsed;
  parsed.span = keyword.span;
  parsed.is_deny = keyword.text == "deny";
  if (parsed.is_deny) return parsed;
  std::optional<ActionKind> kind = policy::find_action_kind(keyword.text);
  if (!kind) {
    constexpr std::string_view kNames[] = {"allow", "log",         "notify",       "trace", "errno",
                                           "trap",  "kill_thread", "kill_process", "deny"};
    std::string hint = base::did_you_mean(keyword.text, kNames);
    reporter_.error("unknown-action", keyword.span, "no action is called " + found(keyword),
                    hint.empty() ? "allow, log, notify, trace, errno E, trap, kill_thread or kill_process" : hint);
    return std::nullopt;
  }
  parsed.named.action.kind = *kind;
  bool ok = *kind == ActionKind::errno_                               ? errno_data(parsed, cursor)
            : *kind == ActionKind::trap || *kind == ActionKind::trace ? optional_data(parsed, cursor)
                                                                      : true;
  return ok ? std::optional(parsed) : std::nullopt;
}

bool CordonParser::errno_data(ParsedAction& action, Cursor& cursor) {
  const Token& token = cursor.peek();
  constexpr std::string_view kExpected = "an errno's name such as EPERM, or 0 to 4095";
  if (token.kind == Token::Kind::word) {
    if (!is_errno_name(token.text)) {
      std::string hint = nearest_errno(token.text);
      reporter_.error("unknown-errno", token.span, "no errno is called " + found(token),
                      hint.empty() ? "expected " + std::string(kExpected) : hint);
      return false;
    }
    action.named.errno_name = std::string(cursor.take().text);
    return true;
  }
  if (token.kind != Token::Kind::number) {
    reporter_.error("syntax", token.span, "'errno' needs a value, found " + found(token),
                    "expected " + std::string(kExpected));
    return false;
  }
  cursor.take();
  NumberReading reading = read_number(token.text);
  if (!reading.number || *reading.number > policy::kMaxErrno) {
    reporter_.error(
        "errno-range", token.span,
        "errno " + std::string(token.text) + (reading.number ? " is above 4095" : " " + std::string(reading.problem)),
        "expected " + std::string(kExpected));
    return false;
  }
  action.named.action.data = static_cast<uint16_t>(*reading.number);
  return true;
}

bool CordonParser::optional_data(ParsedAction& action, Cursor& cursor) {
  const Token& token = cursor.peek();
  if (token.is("-")) {
    reporter_.error("data-range", token.span,
                    "the data of '" + std::string(policy::keyword(action.named.action.kind)) + "' is 0 to 65535");
    return false;
  }
  if (token.kind != Token::Kind::number) return true;
  cursor.take();
  NumberReading reading = read_number(token.text);
  if (!reading.number || *reading.number > UINT16_MAX) {
    reporter_.error("data-range", token.span,
                    std::string(token.text) + (reading.number ? " is above 65535" : " " + std::string(reading.problem)),
                    "the data of '" + std::string(policy::keyword(action.named.action.kind)) + "' is 0 to 65535");
    return false;
  }
  action.named.action.data = static_cast<uint16_t>(*reading.number);
  return true;
}

void CordonParser::rules(const Statement& statement, Cursor& cursor) {
  std::optional<ParsedAction> parsed = action(statement.keyword, cursor);
  if (!parsed) return;
  if (parsed->is_deny) deny_spans_.push_back(statement.keyword.span);
  if (cursor.at_end()) {
    reporter_.error("syntax", statement.keyword.span,
                    "'" + std::string(statement.keyword.text) + "' names no system call",
                    "name calls, groups such as @file-read, or * for every call");
    return;
  }
  while (!cursor.at_end()) {
    Span first = cursor.peek().span;
    std::optional<ParsedTarget> target = this->target(cursor);
    if (!target) return;
    if (parsed->is_deny) deny_rules_.push_back(policy_.rules.size());
    policy_.rules.push_back({parsed->named.action,
                             std::move(target->target),
                             std::move(target->condition),
                             cursor.since(first),
                             {},
                             parsed->named.errno_name});
  }
}

bool CordonParser::group_name(Target& target, const Token& token) {
  std::string_view name = token.text.substr(1);
  target.kind = Target::Kind::group;
  target.name = std::string(name);
  if (abi::find_group(name) != nullptr) return true;
  std::vector<std::string> spelled;
  for (const abi::Group& group : abi::groups()) spelled.push_back("@" + std::string(group.name));
  std::vector<std::string_view> names(spelled.begin(), spelled.end());
  std::string hint = base::did_you_mean(token.text, names);
  reporter_.error("unknown-group", token.span, "no group is called " + found(token),
                  hint.empty() ? "'cordon list' shows them" : hint);
  return false;
}

bool CordonParser::target_numbers(Target& target, Cursor& cursor) {
  const Token& low = cursor.take();
  target.kind = Target::Kind::numbers;
  std::string_view digits = low.text.substr(kNumberPrefix.size());
  std::optional<uint32_t> first = call_number(digits);
  std::optional<uint32_t> last = first;
  const Token* at_fault = &low;
  if (first && cursor.accept("..")) {
    at_fault = &cursor.take();
    std::string_view high = at_fault->text;
    last = call_number(is_numbered(high) ? high.substr(kNumberPrefix.size()) : high);
  }
  if (!first || !last) {
    reporter_.error("bad-number", at_fault->span, found(*at_fault) + " is no system call number", "0 to 0xffffffff");
    return false;
  }
  if (*first > *last) {
    reporter_.error("bad-range", cursor.since(low.span),
                    "the range runs backwards: " + std::to_string(*first) + " is above " + std::to_string(*last),
                    "swap its ends");
    return false;
  }
  target.first = *first;
  target.last = *last;
  return true;
}

bool CordonParser::target_name(Target& target, Cursor& cursor) {
  const Token& token = cursor.peek();
  if (token.kind == Token::Kind::at) return group_name(target, cursor.take());
  if (cursor.accept("*")) {
    target.kind = Target::Kind::every;
    return true;
  }
  if (token.kind == Token::Kind::word && is_numbered(token.text)) return target_numbers(target, cursor);
  if (token.kind == Token::Kind::word) {
    bool is_action =
        policy::find_action_kind(token.text).has_value() || token.text == "deny" || token.text == "default";
    if (is_action) {
      reporter_.error("syntax", token.span, found(token) + " is no system call", hint_at_statement_word(token));
      return false;
    }
    target.name = std::string(cursor.take().text);
    return true;
  }
  std::string hint;
  if (token.is(",")) hint = "targets are separated by blanks";
  if (token.kind == Token::Kind::number) hint = "a call by number is written syscall_" + std::string(token.text);
  if (token.kind == Token::Kind::string) hint = "names are not quoted";
  reporter_.error("syntax", token.span, "expected a system call, found " + found(token), hint);
  return false;
}

std::optional<CordonParser::ParsedTarget> CordonParser::target(Cursor& cursor) {
  ParsedTarget parsed;
  if (!target_name(parsed.target, cursor)) return std::nullopt;
  if (cursor.peek().kind == Token::Kind::at && cursor.is_adjacent()) {
    const Token& token = cursor.take();
    parsed.target.arch = arch(token.text.substr(1), token.span);
    if (!parsed.target.arch) return std::nullopt;
  }
  const Token& open = cursor.peek();
  if (!open.is("(")) return parsed;
  if (parsed.target.kind == Target::Kind::group) {
    reporter_.error("condition-on-group", open.span, "a group takes no condition",
                    "its calls have different arguments: name those that are meant");
    return std::nullopt;
  }
  cursor.take();
  ExpressionParser expression(cursor, definitions_, reporter_);
  std::optional<Condition> condition = expression.condition();
  if (!condition) return std::nullopt;
  if (!cursor.accept(")")) {
    const Token& token = cursor.peek();
    bool is_set = token.is("}") || token.is("{");
    reporter_.error("syntax", token.span, "expected ',', '&&', '||' or ')', found " + found(token),
                    is_set ? "sets follow 'in'" : "");
    return std::nullopt;
  }
  parsed.condition = std::move(*condition);
  return parsed;
}

}  // namespace cordon::formats
