// A verb's command line: what may stand on it, told once, is parsed, checked and shown by --help.
//
//   CommandLine line("run [options] -- COMMAND...", "Runs a command.", "  cordon run -- ls");
//   line.add_flag("--exec", options.exec, "replace cordon by the command");
//   line.add_option("-p,--policy", options.specs, "policy source")->type_name("POLICY");
//   line.takes_command();
//   Result<Done> parsed = line.parse(argc, argv);
//
// Every start of a command goes through here, so nothing is copied that is a literal: names, types and help texts
// have to outlive the line.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/base/result.h"

namespace cordon::cli {

// Of a value: "cannot be 'x'", said after the option's name, and what to do.
struct Misuse {
  std::string message;
  std::string hint;
};
using Check = std::function<std::optional<Misuse>(const std::string& value)>;

// "did you mean 'size'?", or else "attach, size or none".
std::string nearest_or_all(std::string_view word, const std::vector<std::string>& values);
// The values an option takes; another one is answered with the nearest, or with all of them.
Check one_of(std::vector<std::string> values);
Check in_range(double least, double most);

// How one word becomes the target's value; false where it is none.
bool take_word(std::string& target, const std::string& word);
bool take_word(double& target, const std::string& word);
bool take_word(unsigned& target, const std::string& word);
bool take_word(size_t& target, const std::string& word);
template <class Value>
bool take_word(std::optional<Value>& target, const std::string& word) {
  return take_word(target.emplace(), word);
}
inline bool take_word(std::vector<std::string>& target, const std::string& word) {
  target.push_back(word);
  return true;
}

class Option {
 public:
  Option* type_name(const char* type) { return type_ = type, this; }  // of the value, for --help
  Option* group(const char* heading) { return group_ = heading, this; }
  Option* required() { return is_required_ = true, this; }
  Option* delimiter(char between) { return delimiter_ = between, this; }  // one word holds several values
  Option* greedy() { return is_greedy_ = true, this; }                    // takes words up to the next option
  Option* check(Check check) { return check_ = std::move(check), this; }

 private:
  friend class CommandLine;

  bool is_positional() const { return names_.front() != '-'; }
  bool is_called(std::string_view name) const;
  std::string_view name() const;  // the long one

  std::string_view names_, help_;
  std::string_view type_, group_;
  bool takes_value_ = false, is_list_ = false, is_required_ = false, is_greedy_ = false;
  char delimiter_ = 0;
  Check check_;
  std::function<bool(const std::string&)> take_;  // a value; of a flag, that it was given
  std::vector<std::string> given_;
};

class CommandLine {
 public:
  // The synopsis' first word is the verb. --help is there already.
  CommandLine(std::string synopsis, std::string description, std::string examples);

  // A list takes one value each time it is given, a positional list all words that are left.
  template <class Target>
  Option* add_option(const char* names, Target& target, const char* help) {
    constexpr bool is_list = requires { target.push_back(std::string()); }
    &&!requires { target.c_str(); };
    return add(names, help, true, is_list, [&target](const std::string& word) { return take_word(target, word); });
  }
  // Called for each value, when the line was found to be right; options go in the order they were added.
  Option* add_option_function(const char* names, std::function<void(const std::string&)> take, const char* help);
  Option* add_list_function(const char* names, std::function<void(const std::string&)> take, const char* help);
  Option* add_flag(const char* names, bool& target, const char* help);
  Option* add_flag_callback(const char* names, std::function<void()> take, const char* help);
  // The first word that is no option, and all after it, are command(); so is what follows "--".
  void takes_command() { takes_command_ = true; }

  // The first mistake, as error "usage". Where --help is given nothing else is looked at.
  Result<Done> parse(int argc, char** argv);

  bool wants_help() const { return count("--help") > 0; }
  const std::vector<std::string>& command() const { return command_; }
  size_t count(std::string_view name) const;
  // The first option on the line that is none of these.
  std::optional<std::string> other_than(const std::vector<std::string_view>& names) const;
  std::string help() const;

 private:
  // The words, and how far they are read.
  struct Words {
    std::vector<std::string> words;
    size_t at = 0;

    bool at_end() const { return at == words.size(); }
    const std::string& next() { return words[at++]; }
  };

  Option* add(const char* names, const char* help, bool takes_value, bool is_list,
              std::function<bool(const std::string&)> take);
  Option* find(std::string_view name);
  Option* next_positional();
  std::optional<Diagnostic> read(Words& words);
  std::optional<Diagnostic> read_long(const std::string& word, Words& words);
  std::optional<Diagnostic> read_short(const std::string& word, Words& words);
  std::optional<Diagnostic> read_values(Option& option, Words& words) const;
  std::optional<Diagnostic> misuse() const;
  std::optional<Diagnostic> apply();
  Diagnostic no_such_option(const std::string& word) const;
  Diagnostic needs_value(const Option& option) const;
  std::string usage() const { return "usage: cordon " + synopsis_; }
  std::string see_help() const { return "see cordon " + synopsis_.substr(0, synopsis_.find(' ')) + " --help"; }

  std::string synopsis_, description_, examples_;
  std::deque<Option> options_;
  std::vector<std::string> command_;
  bool takes_command_ = false;
};

}  // namespace cordon::cli
