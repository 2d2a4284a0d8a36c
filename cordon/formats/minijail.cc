// Reads the lines of a policy and of what it includes, then gives them their meaning:
//
//   read: 1                              allow
//   read: arg0 == 0                      allow if so, else the block action (the default, kill_thread)
//   read: arg0 == 0; return EBADF        allow if so, else EBADF (the man page and the C parser)
//   read: { arg0 == 0; return EBADF }    EBADF if so (the Python parser)
//
// Statements are collected first because @denylist and @default, wherever they stand, hold for all of them.
#include "cordon/formats/minijail.h"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "cordon/base/text.h"
#include "cordon/formats/include_walk.h"
#include "cordon/formats/minijail_statement.h"

namespace cordon::formats {
namespace {

constexpr size_t kMaxIncludeDepth = 10;  // minijail's Python parser
constexpr size_t kMaxIncludes = 256;
constexpr size_t kMaxRules = 100000;

constexpr Action kAllow{ActionKind::allow, 0};
constexpr Action kDenied{ActionKind::errno_, 1};

std::string quoted(std::string_view text) { return "'" + base::printable(text) + "'"; }

class PolicyReader {
 public:
  PolicyReader(const ReadOptions& options, Policy& policy, ProfileReporter& report)
      : options_(options),
        policy_(policy),
        report_(report),
        walk_({options.minijail_c_dialect ? 1 : kMaxIncludeDepth, kMaxIncludes}, options) {}

  void read(std::string_view text, std::string name);

 private:
  // What is known of one call's filter so far.
  struct CallState {
    Span first;
    bool is_decided = false;  // an unconditional action has been applied
    Span decided_at;
  };

  void read_text(std::string_view text, SourceId id);
  void read_directive(const MinijailLine& line);
  void read_default(const MinijailLine& line);
  void include(const MinijailLine& line);
  void check_denylist();
  void apply(const MinijailStatement& statement);
  void apply_filter(const MinijailStatement& statement, const MinijailFilter& filter, const MinijailName& name);
  bool is_else(const MinijailStatement& statement, const MinijailFilter& filter) const {
    return filter.condition && filter.action && filter.action->is_return && !statement.is_braced && !denylist_;
  }
  void add_rule(const MinijailName& name, const NamedAction& action, const Condition* condition);
  NamedAction action_of(const MinijailAction& action) const {
    return action.is_block ? policy_.default_action : action.action;
  }

  const ReadOptions& options_;
  Policy& policy_;
  ProfileReporter& report_;
  IncludeWalk walk_;
  std::vector<MinijailStatement> statements_;
  std::optional<Action> default_;
  std::optional<Span> denylist_;
  std::unordered_map<std::string, CallState> calls_;
};

void PolicyReader::read(std::string_view text, std::string name) {
  policy_.format = PolicyFormat::minijail;
  policy_.start = StartPoint::entry;
  policy_.arches = {options_.arch};
  walk_.begin(name, text.size());
  read_text(text, policy_.sources.add(std::move(name), std::string(text)));
  policy_.default_action.action = default_.value_or(denylist_ ? kAllow : Action{ActionKind::kill_thread, 0});
  policy_.bad_arch.action = denylist_ ? kDenied : Action{ActionKind::kill_thread, 0};
  if (denylist_) check_denylist();
  for (const MinijailStatement& statement : statements_) apply(statement);
}

void PolicyReader::read_text(std::string_view text, SourceId id) {
  MinijailScanner scanner(text, id, {.c_dialect = options_.minijail_c_dialect}, report_);
  while (std::optional<MinijailLine> line = scanner.next()) {
    if (report_.is_full()) return;
    if (!line->directive.empty()) {
      read_directive(*line);
    } else if (auto statement =
                   parse_minijail_statement(*line, {options_.arch, options_.minijail_c_dialect}, report_)) {
      statements_.push_back(std::move(*statement));
    }
  }
}

void PolicyReader::read_directive(const MinijailLine& line) {
  static constexpr std::string_view kDirectives[] = {"@include", "@frequency", "@default", "@denylist"};
  if (line.directive == "@include") return include(line);
  if (line.directive == "@frequency")
    return report_.note("minijail-frequency", line.span,
                        "frequencies are ignored: they order minijail's filter and do not change its meaning");
  bool is_python = line.directive == "@default" || line.directive == "@denylist";
  if (is_python && options_.minijail_c_dialect)
    return report_.error("minijail-c-dialect", line.span,
                         "minijail's C parser does not take '" + std::string(line.directive) + "'");
  if (line.directive == "@default") return read_default(line);
  if (line.directive != "@denylist")
    return report_.error("minijail-syntax", line.span, "unknown directive " + quoted(line.directive),
                         base::did_you_mean(line.directive, kDirectives));
  if (!line.rest.empty())
    return report_.error("minijail-syntax", line.rest_span, "unexpected " + quoted(line.rest) + " after @denylist");
  if (!denylist_) denylist_ = line.span;
}

void PolicyReader::read_default(const MinijailLine& line) {
  std::optional<ActionKind> kind = find_minijail_action(line.rest);
  static constexpr std::string_view kValid = "valid are kill-process, kill-thread, kill, trap, user-notify";
  if (!kind) {
    report_.error("minijail-syntax", line.rest_span, "unknown default action " + quoted(line.rest),
                  std::string(kValid));
  } else if (*kind == ActionKind::allow || *kind == ActionKind::log || *kind == ActionKind::trace) {
    report_.error("minijail-default", line.rest_span, "invalid permissive default action " + quoted(line.rest),
                  std::string(kValid));
  } else {
    default_ = Action{*kind, 0};
  }
}

// Where a "./" path is looked for: beside the including file, or, for the C parser, in the working directory.
std::string resolve_path(std::string_view path, std::string_view including_file, bool c_dialect) {
  bool has_folder = including_file.find('/') != std::string_view::npos;
  if (c_dialect || path.starts_with('/') || !has_folder) return std::string(path);
  return path_beside(including_file, path.substr(2));
}

void PolicyReader::include(const MinijailLine& line) {
  bool is_good_path = line.rest.starts_with('/') || line.rest.starts_with("./");
  if (line.rest.empty()) return report_.error("minijail-include", line.rest_span, "@include needs a path");
  if (!is_good_path)
    return report_.error("minijail-include", line.rest_span,
                         "implicit relative path " + quoted(line.rest) + " is not supported",
                         "write './" + base::printable(line.rest) + "'");
  std::string path = resolve_path(line.rest, walk_.current(), options_.minijail_c_dialect);
  Result<std::string> text = walk_.enter(path);
  if (!text) {
    const Diagnostic& reason = *text.error().begin();
    return report_.error("minijail-include", line.rest_span, reason.message, reason.hint);
  }
  SourceId id = policy_.sources.add(std::move(path), *text);
  read_text(*text, id);
  walk_.leave();
}

void PolicyReader::check_denylist() {
  if (default_)
    report_.warning("minijail-default", *denylist_, "@denylist allows by default, but @default is set: it counts",
                    "remove one of the two");
  for (const MinijailStatement& statement : statements_)
    for (const MinijailFilter& filter : statement.filters)
      if (!filter.action || !filter.action->is_return || filter.action->is_block)
        report_.error("minijail-denylist", filter.span,
                      "invalid denylist policy: each call must be answered by 'return ERRNO'",
                      "add '; return EPERM', or remove @denylist");
}

void PolicyReader::apply(const MinijailStatement& statement) {
  for (const MinijailFilter& filter : statement.filters)
    if (is_else(statement, filter) && !options_.minijail_c_dialect && !filter.action->is_block)
      report_.warning("minijail-dialects-differ", filter.action->span,
                      "read as \"else return\", as the man page and minijail's C parser have it; its Python parser "
                      "returns the errno where the condition holds",
                      "for the Python parser write { CONDITION, return ERRNO }");
  for (const MinijailName& name : statement.names) {
    CallState& state = calls_[name.text];
    bool is_new = state.first.source == kNoSource;
    if (is_new) state.first = name.span;
    if (!is_new && options_.minijail_c_dialect) {
      report_.error("minijail-duplicate", name.span, quoted(name.text) + " is redefined here",
                    "join the two lines with ||");
      report_.beside(state.first, "previous definition here");
      continue;
    }
    for (const MinijailFilter& filter : statement.filters) {
      if (state.is_decided) {
        report_.error("minijail-duplicate", name.span,
                      quoted(name.text) + " already had an unconditional action applied",
                      "put conditions before it, or remove one of the two");
        report_.beside(state.decided_at, "the unconditional action");
        break;
      }
      apply_filter(statement, filter, name);
      state.is_decided = !filter.condition || is_else(statement, filter);
      state.decided_at = filter.span;
    }
  }
}

void PolicyReader::apply_filter(const MinijailStatement& statement, const MinijailFilter& filter,
                                const MinijailName& name) {
  const Condition* condition = filter.condition ? &*filter.condition : nullptr;
  bool is_else_form = is_else(statement, filter);
  if (is_else_form || !filter.action)
    add_rule(name, {kAllow, {}}, condition);
  else
    add_rule(name, action_of(*filter.action), condition);
  if (is_else_form) add_rule(name, action_of(*filter.action), nullptr);
}

void PolicyReader::add_rule(const MinijailName& name, const NamedAction& action, const Condition* condition) {
  if (policy_.rules.size() == kMaxRules) {
    if (!report_.is_full())
      report_.error("too-many-rules", name.span, "the policy makes more than " + std::to_string(kMaxRules) + " rules");
    return;
  }
  Rule rule;
  rule.action = action.action;
  rule.errno_name = action.errno_name;
  rule.target.name = name.text;
  if (condition != nullptr) rule.condition = *condition;
  rule.span = name.span;
  policy_.rules.push_back(std::move(rule));
}

}  // namespace

PolicyReading read_minijail_draft(std::string_view text, std::string name, const ReadOptions& options) {
  PolicyDraft draft;
  ProfileReporter report(draft.policy.sources);
  if (text.size() > IncludeWalk::kMaxTotalBytes) {
    report.error("too-large", {}, "the policy is larger than 16 MiB");
    return {std::move(report).take(), std::nullopt};
  }
  PolicyReader(options, draft.policy, report).read(text, std::move(name));
  const bool has_errors = report.has_errors();
  Diagnostics found = std::move(report).take();
  if (has_errors) return {std::move(found), std::move(draft)};
  return {{std::move(draft.policy), std::move(found)}, std::nullopt};
}

Result<Policy> read_minijail(std::string_view text, std::string name, const ReadOptions& options) {
  return read_minijail_draft(text, std::move(name), options).policy;
}

}  // namespace cordon::formats
