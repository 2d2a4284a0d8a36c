// The lines about whom and as what a command is started: policy/process_lines.h.
#include <algorithm>
#include <array>

#include "cordon/abi/personalities.h"
#include "cordon/base/text.h"
#include "cordon/formats/cordon_parser.h"
#include "cordon/policy/process_lines.h"

namespace cordon::formats {
namespace {

constexpr std::array<std::string_view, 3> kEnvironmentVerbs = {"set", "unset", "clear"};

struct Shape {
  std::string_view subject;
  const char* takes;
  bool is_list;
};
constexpr Shape kShapes[] = {{"uid", "a user: a name or a number", false},
                             {"gid", "a group: a name or a number", false},
                             {"groups", "groups: names or numbers, or none", true},
                             {"env", "set NAME=VALUE, unset NAME or clear", true},
                             {"chdir", "a directory", false},
                             {"ptracer", "a process number, any or none", false},
                             {"affinity", "a list of CPUs, such as 0-3,8", false},
                             {"personality", "names of setarch(8), such as addr-no-randomize", true},
                             {"exec_context", "selinux:CONTEXT or apparmor:PROFILE", false}};

const Shape& shape_of(std::string_view subject) {
  for (const Shape& shape : kShapes)
    if (shape.subject == subject) return shape;
  return kShapes[0];
}

std::string hint_at(std::string_view subject, std::string_view word) {
  if (subject != "personality") return {};
  std::vector<std::string_view> names;
  for (const abi::Personality& known : abi::kPersonalities) names.push_back(known.name);
  return base::did_you_mean(word, names);
}

// What is wrong with a word of an `env` line.
std::string wrong_entry(const std::string& verb, std::string_view word) {
  const size_t equals = word.find('=');
  if (verb == "clear") return "'env clear' stands alone";
  if (verb == "set" && (equals == 0 || equals == std::string_view::npos)) return "expected NAME=VALUE";
  if (verb == "unset" && (word.empty() || equals != std::string_view::npos)) return "expected the name of a variable";
  return {};
}

}  // namespace

void read_process_line(const Statement& statement, SandboxSpec& spec, Reporter& reporter) {
  const std::string subject(statement.keyword.text);
  const Shape& shape = shape_of(subject);
  const auto error = [&](Span span, const std::string& message, std::string hint) {
    reporter.error("sandbox-line", span, message, std::move(hint));
  };
  SandboxLine line{subject, {}, statement.span(), {}};
  const bool is_environment = subject == "env";
  for (const Token& token : statement.tokens) {
    if (token.kind == Token::Kind::end) break;
    std::optional<std::string> word = word_text(token, reporter);
    if (!word) return;
    if (!shape.is_list && !line.words.empty())
      return error(token.span, "'" + subject + "' takes one word, found '" + base::printable(*word) + "' behind it",
                   {});
    std::string wrong;
    if (!is_environment)
      wrong = policy::wrong_word(subject, *word);
    else if (!line.words.empty())
      wrong = wrong_entry(line.words.front(), *word);
    else if (std::find(kEnvironmentVerbs.begin(), kEnvironmentVerbs.end(), *word) == kEnvironmentVerbs.end())
      return error(token.span, "expected set, unset or clear after 'env', found '" + base::printable(*word) + "'",
                   base::did_you_mean(*word, kEnvironmentVerbs));
    if (!wrong.empty())
      return error(token.span, wrong + ", found '" + base::printable(*word) + "'", hint_at(subject, *word));
    line.words.push_back(std::move(*word));
    line.word_spans.push_back(token.span);
  }
  const bool lacks_object = is_environment && line.words.size() == 1 && line.words.front() != "clear";
  if (line.words.empty() || lacks_object)
    return error(statement.keyword.span, "'" + subject + "' takes " + shape.takes, {});
  if (subject == "groups" && line.words.size() > 1 &&
      std::find(line.words.begin(), line.words.end(), "none") != line.words.end())
    return error(statement.keyword.span, "'groups none' stands alone", {});
  spec.lines.push_back(std::move(line));
}

}  // namespace cordon::formats
