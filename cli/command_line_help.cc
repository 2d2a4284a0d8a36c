// --help, and the checks of values with what they say.
#include <algorithm>

#include "cli/command_line.h"
#include "cordon/base/text.h"

namespace cordon::cli {
namespace {

constexpr size_t kHelpColumn = 34;

std::string line_of(std::string text, std::string_view help) {
  text = "  " + text;
  if (text.size() >= kHelpColumn) text += "\n" + std::string(kHelpColumn, ' ');
  text.resize(std::max(text.size(), kHelpColumn), ' ');
  return text + std::string(help) + "\n";
}

// Without trailing zeros.
std::string number_text(double number) {
  std::string text = std::to_string(number);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace

std::string nearest_or_all(std::string_view word, const std::vector<std::string>& values) {
  const std::vector<std::string_view> views(values.begin(), values.end());
  std::string hint = base::did_you_mean(word, views);
  if (!hint.empty()) return hint;
  for (size_t i = 0; i < values.size(); ++i) hint += (i == 0 ? "" : i + 1 == values.size() ? " or " : ", ") + values[i];
  return hint;
}

Check one_of(std::vector<std::string> values) {
  return [values = std::move(values)](const std::string& word) -> std::optional<Misuse> {
    if (std::find(values.begin(), values.end(), word) != values.end()) return std::nullopt;
    return Misuse{"cannot be '" + word + "'", nearest_or_all(word, values)};
  };
}

Check in_range(double least, double most) {
  return [least, most](const std::string& word) -> std::optional<Misuse> {
    double value = 0;
    if (take_word(value, word) && value >= least && value <= most) return std::nullopt;
    return Misuse{"cannot be '" + word + "'", "a number from " + number_text(least) + " to " + number_text(most)};
  };
}

std::string CommandLine::help() const {
  std::string text = description_ + "\n" + usage() + "\n";
  std::string positionals;
  std::vector<std::string_view> groups = {""};
  for (const Option& option : options_) {
    if (option.is_positional())
      positionals += line_of(std::string(option.names_), option.help_);
    else if (std::find(groups.begin(), groups.end(), option.group_) == groups.end())
      groups.push_back(option.group_);
  }
  if (!positionals.empty()) text += "\nPositionals:\n" + positionals;
  for (std::string_view group : groups) {
    text += group.empty() ? "\nOptions:\n" : "\n" + std::string(group) + ":\n";
    for (const Option& option : options_) {
      if (option.is_positional() || option.group_ != group) continue;
      std::string names(option.names_);
      if (!option.type_.empty()) names += " " + std::string(option.type_);
      if (option.is_greedy_) names += " ...";
      if (option.is_required_) names += " REQUIRED";
      text += line_of(std::move(names), option.help_);
    }
  }
  return text + "\nexamples:\n" + examples_ + "\n";
}

}  // namespace cordon::cli
