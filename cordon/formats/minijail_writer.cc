#include "cordon/formats/minijail_writer.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "cordon/abi/constants.h"
#include "cordon/base/text.h"
#include "cordon/formats/minijail_conditions.h"
#include "cordon/policy/condition_algebra.h"

namespace cordon::formats {
namespace {

constexpr size_t kMaxComparisons = 8192;  // of one call
constexpr size_t kNamesTold = 8;

constexpr Action kAllow{ActionKind::allow, 0}, kDenied{ActionKind::errno_, 1}, kKillThread{ActionKind::kill_thread, 0};

std::optional<Action> without_data(Action action) {
  if (action.kind != ActionKind::errno_) action.data = 0;
  return action;
}

std::optional<Action> default_of_any(Action action) {
  if (action.kind == ActionKind::kill_process || action == Action{ActionKind::trap, 0} ||
      action.kind == ActionKind::notify)
    return action;
  return kKillThread;
}

std::optional<Action> call_of_c_parser(Action action) {
  if (action.kind == ActionKind::allow || action.kind == ActionKind::errno_) return action;
  if (action.kind == ActionKind::kill_process) return std::nullopt;
  return action.kind > ActionKind::errno_ ? kDenied : kKillThread;
}

std::optional<Action> default_of_c_parser(Action action) {
  return action.kind == ActionKind::kill_process ? std::nullopt : std::optional(kKillThread);
}

std::optional<Action> call_of_denylist(Action action) {
  if (action.kind == ActionKind::allow || action.kind == ActionKind::errno_) return action;
  return action.kind > ActionKind::errno_ ? std::optional(kDenied) : std::nullopt;
}

std::optional<Action> default_of_denylist(Action action) {
  return action == kAllow ? std::optional(action) : std::nullopt;
}

// The clauses without those of the default action, whose calls are taken from the others.
std::optional<std::vector<Clause>> with_default_last(const std::vector<Clause>& clauses, Action needless) {
  constexpr size_t kMaxClauses = 256;  // each is joined with all before it
  if (clauses.size() > kMaxClauses) return std::nullopt;
  std::vector<Clause> result;
  std::vector<ResolvedCondition> taken;
  for (const Clause& clause : clauses) {
    if (clause.action == needless) {
      taken.push_back(policy::negation(clause.condition));
      continue;
    }
    std::vector<ResolvedCondition> parts = taken;
    parts.push_back(clause.condition);
    ResolvedCondition condition = policy::all_of(std::move(parts));
    if (!condition.is_never()) result.push_back({std::move(condition), clause.action, clause.origin});
  }
  if (result.empty() || !result.back().condition.is_always())
    result.push_back({policy::always(), needless, {Origin::Kind::default_action, 0, 0}});
  return result;
}

// One answer's filters; no text where all of it is the default.
struct Body {
  std::string text;
  size_t comparisons = 0;
};

using ConditionKind = MinijailConditionText::Kind;

class Writer {
 public:
  Writer(CallAnswers& answers, const Policy& policy, const MinijailWriteOptions& options)
      : answers_(answers), policy_(policy), options_(options), arch_(answers.arches.front()) {}

  Result<std::string> write();

 private:
  void add(CallAnswer& call);
  std::optional<Body> body_of(const CallAnswer& call, const std::vector<Clause>& clauses) const;
  std::optional<Body> braced(const CallAnswer& call, const std::vector<Clause>& clauses) const;
  std::optional<Body> for_c_parser(const CallAnswer& call, const std::vector<Clause>& clauses) const;
  std::vector<Clause> with_two_answers(const CallAnswer& call);
  std::string action_text(Action action) const;
  std::string head() const;
  void note_narrowed();
  void tell_x32_numbers();
  Place place_of(const CallAnswer& call) const {
    return call.rule < policy_.rules.size() ? policy_.sources.locate(policy_.rules[call.rule].span) : Place();
  }

  CallAnswers& answers_;
  const Policy& policy_;
  const MinijailWriteOptions& options_;
  Arch arch_;
  std::string lines_, last_comment_;
  std::vector<std::string_view> narrowed_;
  Diagnostics found_;
};

std::string Writer::action_text(Action action) const {
  switch (action.kind) {
    case ActionKind::kill_process: return "kill-process";
    case ActionKind::kill_thread: return "kill-thread";
    case ActionKind::trap: return "trap";
    case ActionKind::notify: return "user-notify";
    case ActionKind::trace: return "trace";
    case ActionKind::log: return "log";
    case ActionKind::allow: return "allow";
    case ActionKind::errno_: break;
  }
  const std::string_view symbol = abi::errno_symbol(action.data, arch_);
  return "return " + (symbol.empty() ? std::to_string(action.data) : std::string(symbol));
}

// Filters in order, as the Python parser has them; what no filter takes gets the default.
std::optional<Body> Writer::braced(const CallAnswer& call, const std::vector<Clause>& clauses) const {
  Body body;
  std::string filters;
  for (const Clause& clause : clauses) {
    const auto condition = minijail_condition(clause.condition, {call.name, arch_}, kMaxComparisons);
    if (!condition) return std::nullopt;
    if (condition->kind == ConditionKind::never) continue;
    const bool is_last = condition->kind == ConditionKind::always;
    if (is_last && clause.action == answers_.default_action) break;
    body.comparisons += condition->comparisons;
    filters += (filters.empty() ? "" : ", ") + (is_last ? "" : condition->text + "; ") + action_text(clause.action);
    if (is_last) break;
  }
  if (!filters.empty()) body.text = "{ " + filters + " }";
  return body;
}

// CONDITION [; return ERRNO]: allowed if so, else the one other answer.
std::optional<Body> Writer::for_c_parser(const CallAnswer& call, const std::vector<Clause>& clauses) const {
  std::vector<ResolvedCondition> allowed, earlier;
  Action other = answers_.default_action;
  for (const Clause& clause : clauses) {
    if (!(clause.action == kAllow)) {
      other = clause.action;
      earlier.push_back(policy::negation(clause.condition));
      continue;
    }
    std::vector<ResolvedCondition> parts = earlier;
    parts.push_back(clause.condition);
    allowed.push_back(policy::all_of(std::move(parts)));
  }
  const auto condition = minijail_condition(policy::any_of(std::move(allowed)), {call.name, arch_}, kMaxComparisons);
  if (!condition) return std::nullopt;
  if (condition->kind == ConditionKind::always) return Body{"1", 0};
  const bool is_default = other == answers_.default_action;
  if (condition->kind == ConditionKind::never) return Body{is_default ? "" : action_text(other), 0};
  return Body{condition->text + (is_default ? "" : "; " + action_text(other)), condition->comparisons};
}

std::optional<Body> Writer::body_of(const CallAnswer& call, const std::vector<Clause>& clauses) const {
  const Action first = clauses.front().action;
  if (clauses.front().condition.is_always() && first == answers_.default_action) return Body{};
  if (clauses.front().condition.is_always()) return Body{first == kAllow ? "1" : action_text(first), 0};
  // "allow if so, else the default" is said alike by both parsers.
  const bool is_allow_or_default = std::all_of(clauses.begin(), clauses.end(), [this](const Clause& clause) {
    return clause.action == kAllow || clause.action == answers_.default_action;
  });
  const bool is_for_both = is_allow_or_default && options_.form != MinijailForm::denylist;
  return is_for_both || options_.form == MinijailForm::c_parser ? for_c_parser(call, clauses) : braced(call, clauses);
}

// The C parser's lines know "allow" and one other answer: the strictest, where there are more.
std::vector<Clause> Writer::with_two_answers(const CallAnswer& call) {
  std::optional<Action> other;
  bool has_more = false;
  for (const Clause& clause : call.clauses) {
    if (clause.action == kAllow) continue;
    has_more |= other && !(*other == clause.action);
    other = other ? policy::stricter(*other, clause.action) : clause.action;
  }
  std::vector<Clause> clauses = call.clauses;
  if (!has_more) return clauses;
  const std::string message =
      "minijail's C parser knows one answer beside 'allow' for a call, and '" + std::string(call.name) + "' has more";
  if (!options_.is_lossy) {
    found_.error("one-answer", place_of(call), message, "--lossy takes the strictest for all of them");
    return clauses;
  }
  found_.warning("one-answer", place_of(call), message + ": the strictest is taken for all of them");
  for (Clause& clause : clauses)
    if (!(clause.action == kAllow)) clause.action = *other;
  return clauses;
}

void Writer::add(CallAnswer& call) {
  if (options_.form == MinijailForm::c_parser) call.clauses = with_two_answers(call);
  bool is_in_reach = true;
  if (options_.form == MinijailForm::denylist) {
    std::optional<std::vector<Clause>> ordered = with_default_last(call.clauses, kAllow);
    is_in_reach = ordered.has_value();
    if (ordered) call.clauses = std::move(*ordered);
  }
  std::optional<Body> body = is_in_reach ? body_of(call, call.clauses) : std::nullopt;
  if (auto whole = is_in_reach && call.word_bits == 64 ? narrowed(call.clauses) : std::nullopt) {
    std::optional<Body> shorter = body_of(call, *whole);
    if (shorter && (!body || shorter->comparisons <= body->comparisons)) {
      call.clauses = std::move(*whole);
      body = std::move(shorter);
      narrowed_.push_back(call.name);
    }
  }
  if (!body) {
    const std::string many = "would take more than " + std::to_string(kMaxComparisons) + " comparisons";
    const std::string conditions = "the conditions on '" + std::string(call.name) + "' ";
    if (!options_.is_lossy) {
      found_.error("too-many-conditions", place_of(call), conditions + many,
                   "ask for fewer ranges of values; --lossy gives all calls the strictest answer");
      return;
    }
    call.clauses = strictest_alone(call.clauses);
    body = body_of(call, call.clauses);
    found_.warning("conditions-left-out", place_of(call),
                   conditions + many + ": all its calls get " + policy::to_string(call.clauses.front().action, arch_));
  }
  if (body->text.empty()) return;
  std::string comment = base::printable(call.comment);
  while (comment.ends_with('\\') || comment.ends_with(' ')) comment.pop_back();  // it would go on with the next line
  if (!comment.empty() && comment != last_comment_) lines_ += "# " + comment + "\n";
  last_comment_ = comment;
  lines_ += std::string(call.name) + ": " + body->text + "\n";
}

std::string Writer::head() const {
  if (options_.form == MinijailForm::denylist) return "@denylist\n";
  if (answers_.default_action == kKillThread) return {};
  return "@default " + action_text(answers_.default_action) + "\n";
}

void Writer::note_narrowed() {
  if (narrowed_.empty()) return;
  std::string names;
  for (size_t i = 0; i < narrowed_.size() && i < kNamesTold; ++i)
    names += (names.empty() ? "" : ", ") + std::string(narrowed_[i]);
  if (narrowed_.size() > kNamesTold) names += " and " + std::to_string(narrowed_.size() - kNamesTold) + " more";
  found_.note("whole-register", {},
              "minijail compares whole registers: calls with other bits above the 32 that the kernel reads get a "
              "stricter answer (" +
                  names + ")");
}

void Writer::tell_x32_numbers() {
  const char* message = "minijail does not tell x32's numbers from x86_64's: they pass its deny lists";
  const char* hint = "a list of what is allowed has no such way round it";
  if (policy_.format == PolicyFormat::minijail)
    found_.warning("x32-numbers", {}, message, hint);
  else
    found_.error("x32-numbers", {}, message, hint);
}

Result<std::string> Writer::write() {
  for (bool is_first : {true, false})
    for (CallAnswer& call : answers_.calls)
      if (is_first == call.is_multiplexer && (!call.is_multiplexer || options_.has_multiplexers_apart)) add(call);
  note_narrowed();
  if (options_.form == MinijailForm::denylist && arch_ == Arch::x86_64) tell_x32_numbers();
  if (found_.has_errors()) return found_;
  const std::string mark = options_.mark.empty() ? "" : "# " + base::printable(options_.mark) + "\n";
  return {mark + head() + lines_, std::move(found_)};
}

}  // namespace

FormatBounds minijail_bounds(MinijailForm form) {
  FormatBounds bounds;
  bounds.name = form == MinijailForm::c_parser ? "a policy for minijail's C parser" : "a minijail policy";
  bounds.bad_arch = form == MinijailForm::denylist ? kDenied : kKillThread;
  bounds.max_arches = 1;
  switch (form) {
    case MinijailForm::any:
      bounds.call_action = without_data;
      bounds.default_action = default_of_any;
      break;
    case MinijailForm::c_parser:
      bounds.call_action = call_of_c_parser;
      bounds.default_action = default_of_c_parser;
      break;
    case MinijailForm::denylist:
      bounds.call_action = call_of_denylist;
      bounds.default_action = default_of_denylist;
      break;
  }
  if (form == MinijailForm::any)
    bounds.allow_hint = "; --badarch 'errno EPERM' makes a deny list of what is allowed by default";
  return bounds;
}

Result<std::string> write_minijail(CallAnswers& answers, const Policy& policy, const MinijailWriteOptions& options) {
  return Writer(answers, policy, options).write();
}

}  // namespace cordon::formats
