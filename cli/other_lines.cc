#include "cli/other_lines.h"

#include <algorithm>

#include "cordon/base/text.h"
#include "cordon/policy/process_lines.h"

namespace cordon::cli {
namespace {

std::vector<std::string> lines_of(const Loaded& loaded) {
  std::vector<std::string> lines;
  if (!loaded.policy) return lines;
  for (const SandboxLine& line : loaded.policy->sandbox.lines) {
    std::string text = line.subject;
    for (const std::string& word : line.words) text += " " + base::printable(word);
    lines.push_back(std::move(text));
  }
  std::sort(lines.begin(), lines.end());
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  return lines;
}

// Lines of one kind restrict together. Those of `files`, `caps` and `mount` grant what is left of one restriction, and
// of what a command is started as there is one of each.
std::string kind_of(const std::string& line) {
  const size_t subject = line.find(' ');
  if (line.starts_with("files ") || line.starts_with("caps ") || line.starts_with("mount ") ||
      policy::is_process_subject(line.substr(0, subject)))
    return line.substr(0, subject);
  return line.substr(0, line.find(' ', subject + 1));
}

std::vector<std::string> of_kind(const std::vector<std::string>& lines, const std::string& kind) {
  std::vector<std::string> result;
  std::copy_if(lines.begin(), lines.end(), std::back_inserter(result),
               [&](const std::string& line) { return kind_of(line) == kind; });
  return result;
}

// Kinds that can give a command what it had not: by what is mounted, capabilities that another user has as well or
// keeps; another user or context; what it is told by its environment; who may trace it.
std::vector<std::string> giving(const std::vector<std::string>& lines) {
  std::vector<std::string> result;
  std::copy_if(lines.begin(), lines.end(), std::back_inserter(result), [](const std::string& line) {
    return line.starts_with("mount ") || line.starts_with("caps ambient") || line.starts_with("caps inheritable") ||
           line.starts_with("securebits ") ||
           (policy::is_process_subject(line.substr(0, line.find(' '))) && !line.starts_with("affinity "));
  });
  return result;
}

std::string indented(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += "    " + line + "\n";
  return text.empty() ? "    none\n" : text;
}

}  // namespace

// What is given another way may be what the other lines grant: then nothing can be said.
bool OtherLines::left_only_adds() const {
  if (giving(left) != giving(right)) return false;
  return std::all_of(right.begin(), right.end(), [&](const std::string& line) {
    const std::string kind = kind_of(line);
    return of_kind(left, kind) == of_kind(right, kind);
  });
}

std::string OtherLines::text() const {
  if (left.empty() && right.empty()) return {};
  return std::string(are_same() ? "lines that are not about calls are the same, and not compared further:\n"
                                : "lines that are not about calls differ, and are not compared further:\n") +
         "  left\n" + indented(left) + "  right\n" + indented(right);
}

void OtherLines::write(JsonWriter& json) const {
  json.key("other_lines").begin_object().key("same").value(are_same());
  for (const auto& [key, lines] : {std::pair("left", &left), std::pair("right", &right)}) {
    json.key(key).begin_array();
    for (const std::string& line : *lines) json.value(line);
    json.end_array();
  }
  json.end_object();
}

OtherLines other_lines(const Sides& sides) { return {lines_of(sides.left), lines_of(sides.right)}; }

}  // namespace cordon::cli
