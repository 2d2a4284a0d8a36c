#include "cli/cure.h"

#include <optional>
#include <utility>

#include "cordon/abi/syscalls.h"
#include "cordon/base/text.h"
#include "cordon/formats/minijail_statement.h"
#include "cordon/policy/action.h"
#include "cordon/policy/describe.h"

namespace cordon::cli {
namespace {

constexpr size_t kMaxListed = 16;  // conditions in one edit

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r";
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

bool begins_with_action(std::string_view text) {
  const std::string_view word = text.substr(0, text.find_first_of(" \t"));
  return word == "return" || formats::find_minijail_action(word).has_value();
}

bool has_rule(const Decision& decision) {
  return decision.origin.kind == Origin::Kind::rule || decision.origin.kind == Origin::Kind::multiplexed;
}

std::string where(const Place& place) { return base::printable(place.file) + ":" + std::to_string(place.line); }

// The line of the policy that speaks of the call, whether it decided or not.
std::optional<Place> line_for(const Loaded& loaded, const Decision& decision, const Call& call) {
  if (has_rule(decision)) return place_of(loaded, decision.origin);
  const std::string name = policy::describe_syscall(call);
  for (const Rule& rule : loaded.policy->rules)
    if (rule.target.kind == Target::Kind::name && rule.target.name == name)
      return loaded.policy->sources.locate(rule.span);
  return std::nullopt;
}

}  // namespace

WidenedLine widen_minijail_line(std::string_view line, std::string_view name, std::string_view condition,
                                ActionKind default_kind) {
  line = trim(line.substr(0, line.find('#')));
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || trim(line.substr(0, colon)) != name) return {};
  if (line.find('{') != std::string_view::npos)
    return {WidenedLine::Where::in_braces, std::string(condition) + "; allow,"};
  if (line.ends_with('\\')) return {};
  std::string_view old = trim(line.substr(colon + 1));
  std::string_view action;
  if (const size_t semicolon = old.find(';'); semicolon != std::string_view::npos) {
    action = trim(old.substr(semicolon + 1));
    old = trim(old.substr(0, semicolon));
  } else if (begins_with_action(old)) {
    action = std::exchange(old, {});
  }
  // `condition; return X` allows where the condition holds; with another action it is that action's condition.
  const bool is_return = action.substr(0, action.find_first_of(" \t")) == "return";
  if (!action.empty() && !is_return) {
    if (!old.empty()) return {WidenedLine::Where::before, std::string(name) + ": " + std::string(condition)};
    // Only in braces can the rest get an action that is not the default, which in this format never allows.
    if (formats::find_minijail_action(action) != default_kind)
      return {WidenedLine::Where::instead,
              std::string(name) + ": { " + std::string(condition) + "; allow, " + std::string(action) + " }"};
    action = {};
  }
  std::string widened = std::string(name) + ": ";
  if (!old.empty()) widened += std::string(old) + " || ";
  widened += condition;
  if (!action.empty()) widened += "; " + std::string(action);
  return {WidenedLine::Where::instead, std::move(widened)};
}

std::string Cures::tell_minijail(const Loaded& loaded, const Decision& decision, const Call& call,
                                 const std::string& suggested) {
  const size_t colon = suggested.find(": ");
  const std::string name = suggested.substr(0, colon);
  const std::string condition = suggested.substr(colon + 2);
  const std::optional<Place> line = line_for(loaded, decision, call);
  Told& told = told_[loaded.name + "\n" + (line ? where(*line) : std::string()) + "\n" + name];
  if (told.conditions.insert(condition).second) {
    if (told.listed == kMaxListed) {
      told.list.clear();
      told.listed = 0;
    }
    told.list += (told.list.empty() ? "" : " || ") + condition;
    ++told.listed;
  }
  const size_t earlier = told.conditions.size() - told.listed;
  const std::string comment = earlier > 0 ? "  # and " + std::to_string(earlier) + " more, told before" : std::string();
  if (!line) return name + ": " + told.list + comment;
  const WidenedLine widened =
      widen_minijail_line(line->line_text, name, told.list, loaded.policy->default_action.action.kind);
  switch (widened.where) {
    case WidenedLine::Where::instead: return "instead of " + where(*line) + ": " + widened.text + comment;
    case WidenedLine::Where::before: return "before " + where(*line) + ": " + widened.text + comment;
    case WidenedLine::Where::in_braces: return "first in the braces at " + where(*line) + ": " + widened.text + comment;
    case WidenedLine::Where::unknown: break;
  }
  return "join to the condition of " + name + " at " + where(*line) + " by ||: " + told.list + comment;
}

std::string Cures::tell(const Loaded& loaded, const Decision& decision, const Call& call,
                        const formats::Suggestion& suggestion) {
  const PolicyFormat format = loaded.policy->format;
  const bool has_condition = suggestion.line.find_first_of("(=") != std::string::npos;
  // In a deny list a condition is that of the denial: no line there allows.
  const bool default_allows = policy::may_run(loaded.policy->default_action.action.kind);
  if (format == PolicyFormat::minijail && has_condition && !default_allows)
    return tell_minijail(loaded, decision, call, suggestion.line);
  if (!has_rule(decision)) return suggestion.line;
  const std::string place = where(place_of(loaded, decision.origin));
  if (format != PolicyFormat::cordon || !has_condition) {
    // Without the rule the default answers: only where that allows is it enough to take the call out.
    const std::string taken_out = "take " + policy::describe_syscall(call) + " out of " + place;
    return default_allows ? taken_out : taken_out + " and add: " + suggestion.line;
  }
  return "before " + place + ": " + suggestion.line;
}

}  // namespace cordon::cli
