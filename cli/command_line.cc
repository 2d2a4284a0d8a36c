#include "cli/command_line.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "cordon/base/text.h"

namespace cordon::cli {
namespace {

Diagnostic usage_mistake(std::string message, std::string hint) {
  return {.severity = Severity::error,
          .code = "usage",
          .place = {},
          .message = std::move(message),
          .hint = std::move(hint),
          .notes = {}};
}

bool looks_like_option(const std::string& word) { return word.size() > 1 && word.starts_with('-'); }

template <class Number>
bool number_from(Number& target, const std::string& word) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), target);
  return error == std::errc() && end == word.data() + word.size();
}

std::vector<std::string> split(const std::string& word, char delimiter) {
  if (delimiter == 0) return {word};
  std::vector<std::string> parts;
  for (size_t at = 0; at <= word.size();) {
    const size_t end = std::min(word.find(delimiter, at), word.size());
    parts.push_back(word.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

}  // namespace

bool take_word(std::string& target, const std::string& word) {
  target = word;
  return true;
}
bool take_word(double& target, const std::string& word) { return number_from(target, word); }
bool take_word(unsigned& target, const std::string& word) { return number_from(target, word); }
bool take_word(size_t& target, const std::string& word) { return number_from(target, word); }

bool Option::is_called(std::string_view name) const {
  for (size_t at = 0; at <= names_.size();) {
    const size_t end = std::min(names_.find(',', at), names_.size());
    if (names_.substr(at, end - at) == name) return true;
    at = end + 1;
  }
  return false;
}

std::string_view Option::name() const {
  const size_t comma = names_.rfind(',');
  return comma == std::string_view::npos ? names_ : names_.substr(comma + 1);
}

CommandLine::CommandLine(std::string synopsis, std::string description, std::string examples)
    : synopsis_(std::move(synopsis)), description_(std::move(description)), examples_(std::move(examples)) {
  add("-h,--help", "Print this help message and exit", false, true, [](const std::string&) { return true; });
}

Option* CommandLine::add(const char* names, const char* help, bool takes_value, bool is_list,
                         std::function<bool(const std::string&)> take) {
  Option& option = options_.emplace_back();
  option.names_ = names;
  option.help_ = help;
  option.takes_value_ = takes_value;
  option.is_list_ = is_list;
  option.take_ = std::move(take);
  return &option;
}

Option* CommandLine::add_option_function(const char* names, std::function<void(const std::string&)> take,
                                         const char* help) {
  return add(names, help, true, false, [take = std::move(take)](const std::string& word) { return take(word), true; });
}

Option* CommandLine::add_list_function(const char* names, std::function<void(const std::string&)> take,
                                       const char* help) {
  return add(names, help, true, true, [take = std::move(take)](const std::string& word) { return take(word), true; });
}

Option* CommandLine::add_flag(const char* names, bool& target, const char* help) {
  return add(names, help, false, true, [&target](const std::string&) { return target = true; });
}

Option* CommandLine::add_flag_callback(const char* names, std::function<void()> take, const char* help) {
  return add(names, help, false, true, [take = std::move(take)](const std::string&) { return take(), true; });
}

Option* CommandLine::find(std::string_view name) {
  const auto found =
      std::find_if(options_.begin(), options_.end(), [&](const Option& option) { return option.is_called(name); });
  return found == options_.end() ? nullptr : &*found;
}

Option* CommandLine::next_positional() {
  const auto found = std::find_if(options_.begin(), options_.end(), [](const Option& option) {
    return option.is_positional() && (option.is_list_ || option.given_.empty());
  });
  return found == options_.end() ? nullptr : &*found;
}

Diagnostic CommandLine::no_such_option(const std::string& word) const {
  std::vector<std::string_view> names;
  for (const Option& option : options_)
    if (!option.is_positional()) names.push_back(option.name());
  std::string hint = base::did_you_mean(word.substr(0, word.find('=')), names);
  if (hint.empty()) hint = takes_command_ ? "`--` goes before a command whose name begins with '-'" : see_help();
  return usage_mistake("there is no option '" + base::printable(word) + "'", std::move(hint));
}

Diagnostic CommandLine::needs_value(const Option& option) const {
  const std::string name(option.name());
  return usage_mistake(name + " needs a value",
                       option.type_.empty() ? usage() : name + " " + std::string(option.type_));
}

std::optional<Diagnostic> CommandLine::read_values(Option& option, Words& words) const {
  if (words.at_end()) return needs_value(option);
  do option.given_.push_back(words.next());
  while (option.is_greedy_ && !words.at_end() && !looks_like_option(words.words[words.at]));
  return std::nullopt;
}

std::optional<Diagnostic> CommandLine::read_long(const std::string& word, Words& words) {
  const size_t equals = std::min(word.find('='), word.size());
  Option* option = find(std::string_view(word).substr(0, equals));
  if (option == nullptr) return no_such_option(word);
  if (equals == word.size()) {
    if (option->takes_value_) return read_values(*option, words);
    option->given_.emplace_back();
    return std::nullopt;
  }
  if (!option->takes_value_) return usage_mistake(std::string(option->name()) + " takes no value", "give it alone");
  if (equals + 1 == word.size()) return needs_value(*option);
  option->given_.push_back(word.substr(equals + 1));
  return std::nullopt;
}

// "-q", "-qp X", "-pX"
std::optional<Diagnostic> CommandLine::read_short(const std::string& word, Words& words) {
  for (size_t i = 1; i < word.size(); ++i) {
    const char name[] = {'-', word[i], 0};
    Option* option = find(name);
    if (option == nullptr) return no_such_option(i == 1 ? word : name);
    if (!option->takes_value_) {
      option->given_.emplace_back();
      continue;
    }
    if (i + 1 == word.size()) return read_values(*option, words);
    option->given_.push_back(word.substr(i + 1));
    break;
  }
  return std::nullopt;
}

std::optional<Diagnostic> CommandLine::read(Words& words) {
  bool only_words = false;  // after "--"
  while (!words.at_end()) {
    const std::string word = words.next();
    if (!only_words && looks_like_option(word) && word != "--") {
      if (auto mistake = word.starts_with("--") ? read_long(word, words) : read_short(word, words)) return mistake;
      continue;
    }
    if (takes_command_) {
      if (word != "--") command_.push_back(word);
      while (!words.at_end()) command_.push_back(words.next());
    } else if (!only_words && word == "--") {
      only_words = true;
    } else if (Option* positional = next_positional()) {
      positional->given_.push_back(word);
    } else {
      return usage_mistake("unexpected argument '" + base::printable(word) + "'", usage());
    }
  }
  return std::nullopt;
}

std::optional<Diagnostic> CommandLine::misuse() const {
  for (const Option& option : options_) {
    const std::string name(option.name());
    if (!option.is_list_ && option.given_.size() > 1)
      return usage_mistake(name + " is given " + (option.given_.size() == 2 ? "twice" : "more than once"),
                           "give it once");
    for (const std::string& given : option.given_)
      for (const std::string& value : split(given, option.delimiter_))
        if (auto mistake = option.check_ ? option.check_(value) : std::nullopt)
          return usage_mistake(name + " " + base::printable(mistake->message), std::move(mistake->hint));
  }
  for (const Option& option : options_)
    if (option.is_required_ && option.given_.empty())
      return usage_mistake(std::string(option.name()) + " is missing", usage());
  return std::nullopt;
}

std::optional<Diagnostic> CommandLine::apply() {
  for (Option& option : options_)
    for (const std::string& given : option.given_)
      for (const std::string& value : split(given, option.delimiter_))
        if (!option.take_(value))
          return usage_mistake(std::string(option.name()) + " cannot be '" + base::printable(value) + "'",
                               "a whole number");
  return std::nullopt;
}

Result<Done> CommandLine::parse(int argc, char** argv) {
  Words words{.words = {argv + 1, argv + argc}};
  std::optional<Diagnostic> mistake = read(words);
  if (wants_help()) return Done{};
  if (!mistake) mistake = misuse();
  if (!mistake) mistake = apply();
  if (mistake) return std::move(*mistake);
  return Done{};
}

size_t CommandLine::count(std::string_view name) const {
  for (const Option& option : options_)
    if (option.is_called(name)) return option.given_.size();
  return 0;
}

std::optional<std::string> CommandLine::other_than(const std::vector<std::string_view>& names) const {
  for (const Option& option : options_)
    if (!option.given_.empty() && std::ranges::find(names, option.name()) == names.end())
      return std::string(option.name());
  return std::nullopt;
}

}  // namespace cordon::cli
