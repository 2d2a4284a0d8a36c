// Headers, definitions and the dispatch by first word; rules stand in cordon_rules.cc, includes in
// cordon_include.cc.
#include "cordon/formats/cordon_parser.h"

#include <algorithm>
#include <vector>

#include "cordon/abi/constants.h"
#include "cordon/abi/syscalls.h"
#include "cordon/base/text.h"

namespace cordon::formats {
namespace {

enum class WordClass : uint8_t { none, header, action, sandbox, let, include };

struct Keyword {
  std::string_view word;
  WordClass word_class;
};

constexpr Keyword kKeywords[] = {{"policy", WordClass::header},
                                 {"arch", WordClass::header},
                                 {"default", WordClass::header},
                                 {"badarch", WordClass::header},
                                 {"since", WordClass::header},
                                 {"unknown", WordClass::header},
                                 {"allow", WordClass::action},
                                 {"log", WordClass::action},
                                 {"notify", WordClass::action},
                                 {"trace", WordClass::action},
                                 {"errno", WordClass::action},
                                 {"trap", WordClass::action},
                                 {"kill_thread", WordClass::action},
                                 {"kill_process", WordClass::action},
                                 {"deny", WordClass::action},
                                 {"files", WordClass::sandbox},
                                 {"net", WordClass::sandbox},
                                 {"caps", WordClass::sandbox},
                                 {"limit", WordClass::sandbox},
                                 {"securebits", WordClass::sandbox},
                                 {"umask", WordClass::sandbox},
                                 {"scope", WordClass::sandbox},
                                 {"unshare", WordClass::sandbox},
                                 {"mount", WordClass::sandbox},
                                 {"cgroup", WordClass::sandbox},
                                 {"uid", WordClass::sandbox},
                                 {"gid", WordClass::sandbox},
                                 {"groups", WordClass::sandbox},
                                 {"env", WordClass::sandbox},
                                 {"chdir", WordClass::sandbox},
                                 {"ptracer", WordClass::sandbox},
                                 {"affinity", WordClass::sandbox},
                                 {"personality", WordClass::sandbox},
                                 {"exec_context", WordClass::sandbox},
                                 {"let", WordClass::let},
                                 {"include", WordClass::include}};

WordClass classify(std::string_view word) {
  for (const Keyword& keyword : kKeywords)
    if (keyword.word == word) return keyword.word_class;
  return WordClass::none;
}

}  // namespace

std::optional<std::string> word_text(const Token& token, Reporter& reporter) {
  if (token.kind != Token::Kind::string) return std::string(token.text);
  std::optional<std::string> text = unescape(token.text);
  if (!text)
    reporter.error("bad-escape", token.span, "an unknown escape in quoted text",
                   "\\\" \\\\ \\n \\r \\t \\xHH are known");
  return text;
}

void CordonParser::read(std::string_view text, SourceId source) {
  walk_.begin(std::string(reporter_.sources().name(source)), text.size());
  read_statements(text, source);
  walk_.leave();
}

void CordonParser::read_statements(std::string_view text, SourceId source) {
  StatementReader reader(text, source, reporter_);
  for (;;) {
    const size_t errors = reporter_.diagnostics().size();
    std::optional<Statement> next = reader.next();
    if (!next || reporter_.full()) break;
    // How a statement is cut depends on its keyword: of one that is misspelt, only that is said.
    if (next->broken && !next->keyword.text.empty() && classify(next->keyword.text) == WordClass::none)
      reporter_.forget("unexpected-character", errors);
    statement(*next);
    const bool is_lost = next->broken || reporter_.diagnostics().size() > errors;
    // An included file's own statements have said what they lost.
    if (is_lost && classify(next->keyword.text) != WordClass::include) lose(next->keyword.text, *next);
  }
  for (const CommentText& comment : reader.trailing_comments())
    policy_.comments.push_back({any_statement_ ? policy_.rules.size() : PolicyComment::kHead, comment.text});
}

void CordonParser::statement(const Statement& statement) {
  std::string_view keyword = statement.keyword.text;
  size_t first_rule = policy_.rules.size();
  WordClass word_class = classify(keyword);
  bool is_header = word_class == WordClass::header;
  bool is_first = !any_statement_;
  any_statement_ = true;
  for (const CommentText& comment : statement.above)
    policy_.comments.push_back({is_first ? PolicyComment::kHead : first_rule, comment.text});

  Cursor cursor(statement.tokens);
  bool is_lost = statement.broken && !is_header && word_class != WordClass::none;  // headers are still counted
  if (is_lost) return;
  switch (word_class) {
    case WordClass::header: header(statement, cursor); break;
    case WordClass::action: rules(statement, cursor); break;
    case WordClass::sandbox: read_sandbox_line(statement, policy_.sandbox, reporter_); break;
    case WordClass::let: definition(statement, cursor); break;
    case WordClass::include: include(statement, cursor); break;
    case WordClass::none: unknown_keyword(statement); break;
  }
  keep_comments(statement, first_rule, is_header);
}

void CordonParser::lose_rules() { draft_.firm_rules = std::min(draft_.firm_rules, policy_.rules.size()); }

// What a statement that could not be read leaves in doubt. One whose keyword is misspelt may have been any
// whose keyword is near, or else a rule or a definition.
void CordonParser::lose(std::string_view keyword, const Statement& statement) {
  switch (classify(keyword)) {
    case WordClass::action: return lose_rules();
    case WordClass::sandbox: return;
    case WordClass::header:
      draft_.are_arches_firm &= keyword != "arch";
      is_default_lost_ |= keyword == "default";
      is_since_lost_ |= keyword == "since";
      return;
    case WordClass::let: {
      lose_rules();
      const Token& name = statement.tokens.front();
      if (name.kind == Token::Kind::word)
        draft_.lost_names.emplace(name.text);
      else
        draft_.may_lack_any_name = true;
      return;
    }
    case WordClass::include:
      lose_rules();
      draft_.may_lack_any_name = true;
      return;
    case WordClass::none: break;
  }
  lose_rules();
  std::vector<std::string_view> words;
  for (const Keyword& known : kKeywords) words.push_back(known.word);
  const std::vector<std::string_view> near = base::nearest(keyword, words, 3);
  for (std::string_view word : near) lose(word, statement);
  if (near.empty()) draft_.may_lack_any_name = true;
  if (keyword.starts_with("arch")) draft_.are_arches_firm = false;
}

// A comment beside the only rule of a statement is that rule's; every other one stands above the statement.
void CordonParser::keep_comments(const Statement& statement, size_t first_rule, bool is_header) {
  if (statement.within.size() == 1 && policy_.rules.size() == first_rule + 1 && statement.keyword.text != "include") {
    policy_.rules.back().comment = statement.within.front().text;
    return;
  }
  size_t place = is_header ? PolicyComment::kHead : first_rule;
  for (const CommentText& comment : statement.within) policy_.comments.push_back({place, comment.text});
}

void CordonParser::unknown_keyword(const Statement& statement) {
  std::string_view word = statement.keyword.text;
  if (word.empty()) {
    const Token& first = statement.tokens.front();
    if (!statement.broken)
      reporter_.error("syntax", first.span, "expected a statement, found " + found(first),
                      "a statement begins with a word such as 'allow'");
    return;
  }
  std::vector<std::string_view> words;
  for (const Keyword& keyword : kKeywords) words.push_back(keyword.word);
  std::string hint = base::did_you_mean(word, words);
  if (abi::is_syscall_name(word)) hint = "to allow the call, write 'allow " + std::string(word) + "'";
  if (hint.empty()) hint = "policy, allow, errno, default, let, include and others do";
  reporter_.error("unknown-keyword", statement.keyword.span, "no statement begins with '" + std::string(word) + "'",
                  std::move(hint));
}

// A word that begins statements, where none can begin: in front of its line, or in the midst of one.
std::string CordonParser::hint_at_statement_word(const Token& token) {
  const Place place = reporter_.sources().locate(token.span);
  const bool is_first = place.line_text.find_first_not_of(" \t") + 1 == place.column;
  return is_first ? "a line that begins with a blank continues the one before: begin it at the margin"
                  : "begin a new line here, or remove it";
}

bool CordonParser::nothing_follows(Cursor& cursor, std::string_view keyword) {
  if (cursor.at_end()) return true;
  bool is_keyword = classify(cursor.peek().text) != WordClass::none;
  reporter_.error("syntax", cursor.peek().span,
                  "unexpected " + found(cursor.peek()) + " at the end of the '" + std::string(keyword) + "' line",
                  is_keyword ? hint_at_statement_word(cursor.peek()) : "remove it");
  return false;
}

void CordonParser::header(const Statement& statement, Cursor& cursor) {
  std::string_view keyword = statement.keyword.text;
  if (walk_.is_inside_include()) {
    reporter_.error("header-in-include", statement.keyword.span,
                    "'" + std::string(keyword) + "' may not stand in an included file",
                    "move it to '" + base::printable(walk_.top()) + "'");
    return;
  }
  auto [earlier, is_new] = headers_.emplace(std::string(keyword), statement.keyword.span);
  if (!is_new) {
    reporter_.error_because("duplicate-header", statement.keyword.span,
                            "'" + std::string(keyword) + "' may stand only once", earlier->second,
                            "it stands here already");
    return;
  }
  if (statement.broken) return;
  if (keyword == "policy") return policy_line(statement, cursor);
  if (keyword == "arch") return arch_line(cursor);
  if (keyword == "since") return since_line(statement, cursor);
  action_line(keyword, statement, cursor);
}

void CordonParser::policy_line(const Statement& statement, Cursor& cursor) {
  if (cursor.at_end()) {
    reporter_.error("syntax", statement.keyword.span, "'policy' needs a name");
    return;
  }
  std::optional<std::string> name = word_text(cursor.take(), reporter_);
  if (!cursor.at_end()) {
    reporter_.error("syntax", cursor.peek().span, "unexpected " + found(cursor.peek()) + " after the policy's name",
                    "quote a name with blanks");
    return;
  }
  if (name) policy_.name = std::move(*name);
}

std::optional<Arch> CordonParser::arch(std::string_view name, Span span) {
  std::optional<Arch> known = abi::find_arch(name);
  if (known) return known;
  std::vector<std::string_view> names;
  for (const abi::ArchInfo& info : abi::arches()) names.push_back(info.name);
  std::string hint = base::did_you_mean(name, names);
  reporter_.error("unknown-arch", span, "no architecture is called '" + base::printable(name) + "'",
                  hint.empty() ? "x86_64, i386, x32, arm64, arm, riscv64 and others are known" : hint);
  return std::nullopt;
}

void CordonParser::arch_line(Cursor& cursor) {
  if (cursor.at_end()) {
    reporter_.error("syntax", headers_.find("arch")->second, "'arch' needs a name, such as x86_64");
    return;
  }
  while (!cursor.at_end()) {
    const Token& token = cursor.take();
    std::optional<Arch> known = token.text == "native" ? abi::native_arch() : arch(token.text, token.span);
    if (!known) continue;
    if (std::find(policy_.arches.begin(), policy_.arches.end(), *known) != policy_.arches.end())
      reporter_.error("duplicate-arch", token.span, "'" + std::string(token.text) + "' is named twice", "remove it");
    else
      policy_.arches.push_back(*known);
  }
}

void CordonParser::since_line(const Statement& statement, Cursor& cursor) {
  if (cursor.at_end()) {
    reporter_.error("syntax", statement.keyword.span, "'since' needs a kernel version, such as 6.1");
    return;
  }
  const Token& token = cursor.take();
  policy_.since = abi::parse_kernel_version(token.text);
  if (!policy_.since)
    reporter_.error("bad-version", token.span, found(token) + " is no kernel version",
                    "two numbers with a point, such as 6.1");
  nothing_follows(cursor, "since");
}

// default, badarch, unknown
void CordonParser::action_line(std::string_view keyword, const Statement& statement, Cursor& cursor) {
  const Token& word = cursor.take();
  if (word.kind != Token::Kind::word) {
    reporter_.error("syntax", word.kind == Token::Kind::end ? statement.keyword.span : word.span,
                    "'" + std::string(keyword) + "' needs an action",
                    "allow, log, notify, trace, errno E, trap, kill_thread or kill_process");
    return;
  }
  std::optional<ParsedAction> parsed = action(word, cursor);
  if (!parsed || !nothing_follows(cursor, keyword)) return;
  if (parsed->is_deny && keyword == "default") {
    reporter_.error("deny-default", word.span, "'deny' is the default action, so the default cannot be 'deny'",
                    "name the action: 'default errno EPERM' or 'default kill_process'");
    return;
  }
  if (keyword == "default") policy_.default_action = parsed->named;
  if (keyword == "badarch") policy_.bad_arch = parsed->named;
  if (keyword == "unknown") policy_.unknown = parsed->named;
  if (!parsed->is_deny) return;
  deny_spans_.push_back(word.span);
  (keyword == "badarch" ? bad_arch_is_deny_ : unknown_is_deny_) = true;
}

void CordonParser::definition(const Statement& statement, Cursor& cursor) {
  const Token& name = cursor.take();
  if (name.kind != Token::Kind::word || name.text == "in") {
    reporter_.error("syntax", name.kind == Token::Kind::end ? statement.keyword.span : name.span, "'let' needs a name",
                    "write 'let NAME = VALUE' or 'let NAME = {A, B}'");
    return;
  }
  if (!cursor.accept("=")) {
    reporter_.error("syntax", cursor.peek().span, "expected '=', found " + found(cursor.peek()));
    return;
  }
  Definitions::Definition made;
  ExpressionParser parser(cursor, definitions_, reporter_);
  made.span = name.span;
  made.is_set = cursor.peek().is("{");
  if (made.is_set) {
    std::optional<std::vector<ValueRange>> ranges = parser.set();
    if (!ranges) return;
    made.ranges = std::move(*ranges);
  } else {
    std::optional<Value> value = parser.value();
    if (!value) return;
    made.ranges.push_back({std::move(*value), {}});
  }
  if (!nothing_follows(cursor, "let")) return;
  for (const ValueRange& range : made.ranges) {
    for (const Value* value : {&range.low, range.high.empty() ? nullptr : &range.high.front()}) {
      if (value == nullptr) continue;
      ValueSize size = measure(*value);
      made.nodes += size.nodes;
      made.depth = std::max(made.depth, size.depth);
    }
  }
  std::string quoted = "'" + std::string(name.text) + "'";
  if (const Definitions::Definition* earlier = definitions_.find(name.text)) {
    reporter_.error_because("redefinition", name.span, quoted + " is defined twice", earlier->span,
                            "it is defined here already");
  } else if (std::optional<Span> use = definitions_.first_use(name.text)) {
    reporter_.error_because("use-before-definition", *use, quoted + " is used before it is defined", name.span,
                            "it is defined here: move this line up");
  } else if (abi::is_constant_name(name.text)) {
    reporter_.error("redefinition", name.span, quoted + " is a constant of the kernel", "choose another name");
  } else {
    definitions_.add(std::string(name.text), std::move(made));
  }
}

void CordonParser::resolve_errno(NamedAction& action, Arch arch) const {
  if (action.errno_name.empty()) return;
  std::optional<uint16_t> number = abi::errno_number(action.errno_name, arch);
  if (number) action.action.data = *number;
}

void CordonParser::finish_deny() {
  ActionKind kind = policy_.default_action.action.kind;
  if (kind == ActionKind::allow || kind == ActionKind::log) {
    for (Span span : deny_spans_) {
      reporter_.error("deny-allows", span,
                      "'deny' means the default action, which is '" + std::string(policy::keyword(kind)) + "' here",
                      "name the action: 'errno EPERM' or 'kill_process'");
    }
  }
  for (size_t rule : deny_rules_) {
    policy_.rules[rule].action = policy_.default_action.action;
    policy_.rules[rule].errno_name = policy_.default_action.errno_name;
  }
  if (bad_arch_is_deny_) policy_.bad_arch = policy_.default_action;
  if (unknown_is_deny_) policy_.unknown = policy_.default_action;
}

void CordonParser::finish() {
  if (!any_statement_) {
    reporter_.error("empty-policy", {0, 0, 0},
                    "the policy says nothing: every call would get the default, kill_process",
                    "if that is meant, write it: 'default kill_process'");
    return;
  }
  auto unknown = headers_.find("unknown");
  if (unknown != headers_.end() && !headers_.contains("since") && !is_since_lost_)
    reporter_.error("unknown-without-since", unknown->second, "'unknown' needs to know since when a call is unknown",
                    "add a line such as 'since 6.1'");
  if (policy_.since && !policy_.unknown) policy_.unknown = NamedAction{{ActionKind::errno_, 0}, "ENOSYS"};

  std::stable_sort(policy_.comments.begin(), policy_.comments.end(),
                   [](const PolicyComment& a, const PolicyComment& b) {
                     return a.before_rule + 1 < b.before_rule + 1;  // kHead + 1 is 0: first
                   });
  check_sandbox(policy_.sandbox, reporter_);
  finish_deny();
  if (is_default_lost_ && !deny_rules_.empty()) draft_.firm_rules = std::min(draft_.firm_rules, deny_rules_.front());
  Arch arch = policy_.arches.empty() ? abi::native_arch() : policy_.arches.front();
  resolve_errno(policy_.default_action, arch);
  resolve_errno(policy_.bad_arch, arch);
  if (policy_.unknown) resolve_errno(*policy_.unknown, arch);
  for (Rule& rule : policy_.rules) {
    NamedAction named{rule.action, rule.errno_name};
    resolve_errno(named, rule.target.arch.value_or(arch));
    rule.action = named.action;
  }
}

}  // namespace cordon::formats
