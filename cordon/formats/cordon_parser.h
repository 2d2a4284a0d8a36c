// Statements of cordon's policy language into a Policy.
//
//   CordonParser parser(draft, options, reporter);
//   parser.read(text, source);
//   parser.finish();
//
// Every statement is read on its own, so that a mistake in one does not hide those in others; the draft keeps
// what could be read, and which doubts the rest leaves.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/formats/cordon_expression.h"
#include "cordon/formats/cordon_lexer.h"
#include "cordon/formats/draft.h"
#include "cordon/formats/include_walk.h"
#include "cordon/formats/read.h"
#include "cordon/policy/policy.h"

namespace cordon::formats {

class CordonParser {
 public:
  CordonParser(PolicyDraft& draft, const ReadOptions& options, Reporter& reporter)
      : draft_(draft), policy_(draft.policy), reporter_(reporter), walk_({.depth = 16, .files = 1000}, options) {}

  // The text must be valid (check_text) and stay where it is until the return.
  void read(std::string_view text, SourceId source);
  // What can be said only when every line is known: deny, errno numbers, since and unknown.
  void finish();

 private:
  struct ParsedAction {
    NamedAction named;
    bool is_deny = false;
    Span span;
  };
  struct ParsedTarget {
    Target target;
    Condition condition;
  };

  void read_statements(std::string_view text, SourceId source);
  void statement(const Statement& statement);
  void unknown_keyword(const Statement& statement);
  void header(const Statement& statement, Cursor& cursor);
  void arch_line(Cursor& cursor);
  void action_line(std::string_view keyword, const Statement& statement, Cursor& cursor);
  void since_line(const Statement& statement, Cursor& cursor);
  void policy_line(const Statement& statement, Cursor& cursor);
  void definition(const Statement& statement, Cursor& cursor);
  void include(const Statement& statement, Cursor& cursor);
  bool read_included(const std::string& path, const Token& where);  // false: nothing was read
  void rules(const Statement& statement, Cursor& cursor);
  void lose(std::string_view keyword, const Statement& statement);
  void lose_rules();
  void keep_comments(const Statement& statement, size_t first_rule, bool is_header);

  std::optional<ParsedAction> action(const Token& keyword, Cursor& cursor);
  bool errno_data(ParsedAction& action, Cursor& cursor);
  bool optional_data(ParsedAction& action, Cursor& cursor);
  std::optional<ParsedTarget> target(Cursor& cursor);
  bool target_name(Target& target, Cursor& cursor);
  bool target_numbers(Target& target, Cursor& cursor);
  bool group_name(Target& target, const Token& token);
  std::optional<Arch> arch(std::string_view name, Span span);
  bool nothing_follows(Cursor& cursor, std::string_view keyword);
  std::string hint_at_statement_word(const Token& token);
  void resolve_errno(NamedAction& action, Arch arch) const;
  void finish_deny();

  PolicyDraft& draft_;
  Policy& policy_;  // the draft's
  Reporter& reporter_;
  IncludeWalk walk_;
  Definitions definitions_;
  std::map<std::string, Span, std::less<>> headers_;  // where each stood
  std::vector<size_t> deny_rules_;                    // they get the default action when it is known
  std::vector<Span> deny_spans_;
  bool bad_arch_is_deny_ = false;
  bool unknown_is_deny_ = false;
  bool any_statement_ = false;
  bool is_default_lost_ = false;
  bool is_since_lost_ = false;
};

// One statement of those that sandbox_spec.h lists; several verbs on a line become a line each, so that the
// first word always is the verb.
void read_sandbox_line(const Statement& statement, SandboxSpec& spec, Reporter& reporter);
// Of those, the ones that policy/process_lines.h speaks of.
void read_process_line(const Statement& statement, SandboxSpec& spec, Reporter& reporter);
// Lines that contradict each other.
void check_sandbox(const SandboxSpec& spec, Reporter& reporter);

// A word's meaning: as it stands, or unescaped if it was quoted; no value where an escape is none.
std::optional<std::string> word_text(const Token& token, Reporter& reporter);

// Reports bytes that are no text: NUL, invalid UTF-8. True: there are none.
bool check_text(std::string_view text, SourceId source, Reporter& reporter);

}  // namespace cordon::formats
