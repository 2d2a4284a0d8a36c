// Canonical text: headers, rules in order, sandbox lines; one blank line between parts and above comments.
// Neighbouring rules that differ only in their plain target share a line.
#include <algorithm>
#include <vector>

#include "cordon/base/text.h"
#include "cordon/formats/cordon_text.h"

namespace cordon::formats {
namespace {

constexpr size_t kKeywordColumn = 10;
constexpr size_t kCommentColumn = 72;  // no comment is pushed further right to be aligned

struct Line {
  std::string text;
  std::string comment;
};

// A line break would end the comment, and what follows would be read as a rule.
std::string one_line(std::string_view text) {
  std::string line;
  for (char c : text) line += c == '\n' || c == '\0' ? ' ' : c;
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t' || line.back() == '\r')) line.pop_back();
  return line;
}

std::string comment_text(std::string_view text) {
  std::string line = one_line(text);
  return line.empty() ? "#" : "# " + line;
}

std::string with_keyword(std::string keyword, std::string_view rest) {
  keyword.resize(std::max(kKeywordColumn, keyword.size() + (keyword.find(' ') == std::string::npos ? 1 : 2)), ' ');
  return keyword + std::string(rest);
}

std::string action_text(Action action, std::string_view errno_name) {
  std::string text(policy::keyword(action.kind));
  if (action.kind == ActionKind::errno_)
    return text + " " + (errno_name.empty() ? std::to_string(action.data) : std::string(errno_name));
  bool has_data = action.kind == ActionKind::trap || action.kind == ActionKind::trace;
  return has_data && action.data != 0 ? text + " " + std::to_string(action.data) : text;
}

std::string escaped_byte(char byte) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const auto value = static_cast<unsigned char>(byte);
  return {'\\', 'x', kDigits[value >> 4], kDigits[value & 15]};
}

std::string quoted(std::string_view word, bool always) {
  const auto is_text = [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; };
  bool plain = !always && !word.empty() && word.find_first_of(" \t\r\n#;\"") == std::string_view::npos &&
               base::printable(word) == word;
  if (plain) return std::string(word);
  std::string text = "\"";
  for (size_t at = 0; at < word.size();) {
    const char c = word[at];
    const size_t length = base::utf8_length(word.substr(at));
    if (length > 1) {
      text += word.substr(at, length);
      at += length;
      continue;
    }
    ++at;
    if (c == '"' || c == '\\') text += '\\';
    if (c == '\n')
      text += "\\n";
    else if (c == '\r')
      text += "\\r";
    else if (c == '\t')
      text += "\\t";
    else if (length == 0 || !is_text(c))
      text += escaped_byte(c);
    else
      text += c;
  }
  return text + "\"";
}

std::string target_text(const Target& target) {
  std::string text;
  switch (target.kind) {
    case Target::Kind::name: text = target.name; break;
    case Target::Kind::group: text = "@" + target.name; break;
    case Target::Kind::every: text = "*"; break;
    case Target::Kind::numbers:
      text = "syscall_" + std::to_string(target.first);
      if (target.last != target.first)
        text += ".." + (target.last < 4096 ? std::to_string(target.last) : base::hex(target.last));
      break;
  }
  if (target.arch) text += "@" + std::string(abi::name(*target.arch));
  return text;
}

struct Earlier {
  static size_t place(const PolicyComment* comment) { return comment->before_rule; }
  static size_t place(size_t rule) { return rule; }
  template <class A, class B>
  bool operator()(A a, B b) const {
    return place(a) < place(b);
  }
};

class CordonWriter {
 public:
  CordonWriter(const Policy& policy, const WriteOptions& options)
      : policy_(policy), line_length_(options.line_length == 0 ? SIZE_MAX : options.line_length) {
    for (const PolicyComment& comment : policy.comments) comments_.push_back(&comment);
    std::stable_sort(comments_.begin(), comments_.end(), Earlier{});
  }

  std::string write() && {
    comments_for(PolicyComment::kHead, PolicyComment::kHead);
    gap();
    headers();
    gap();
    for (size_t i = 0; i < policy_.rules.size();) {
      comments_for(i, i);
      i = rules_from(i);
    }
    comments_for(policy_.rules.size(), PolicyComment::kHead - 1);
    if (!policy_.sandbox.empty()) gap();
    for (const SandboxLine& line : policy_.sandbox.lines) sandbox(line);
    return text();
  }

 private:
  void add(std::string line) { lines_.push_back({std::move(line), {}}); }
  void gap() {
    if (!lines_.empty() && !lines_.back().text.empty()) add({});
  }

  void headers() {
    if (!policy_.name.empty()) add(with_keyword("policy", quoted(policy_.name, true)));
    std::string arches;
    for (Arch arch : policy_.arches) arches += (arches.empty() ? "" : " ") + std::string(abi::name(arch));
    if (!arches.empty()) add(with_keyword("arch", arches));
    action("default", policy_.default_action);
    if (policy_.bad_arch.action != Action{ActionKind::kill_process, 0}) action("badarch", policy_.bad_arch);
    if (policy_.since) add(with_keyword("since", abi::to_string(*policy_.since)));
    if (policy_.unknown) action("unknown", *policy_.unknown);
  }

  void action(std::string keyword, const NamedAction& named) {
    add(with_keyword(std::move(keyword), action_text(named.action, named.errno_name)));
  }

  // The comments whose before_rule lies in [first, last], after a blank line.
  void comments_for(size_t first, size_t last) {
    auto at = std::lower_bound(comments_.begin(), comments_.end(), first, Earlier{});
    if (at == comments_.end() || (*at)->before_rule > last) return;
    gap();
    for (; at != comments_.end() && (*at)->before_rule <= last; ++at) add(comment_text((*at)->text));
  }

  bool is_commented(size_t rule) const {
    return std::binary_search(comments_.begin(), comments_.end(), rule, Earlier{});
  }

  static bool is_plain(const Rule& rule) { return rule.condition.is_always() && rule.comment.empty(); }

  // One line; returns the first rule that is not on it.
  size_t rules_from(size_t first) {
    const Rule& rule = policy_.rules[first];
    std::string keyword = action_text(rule.action, rule.errno_name);
    std::string line = with_keyword(keyword, target_text(rule.target));
    size_t next = first + 1;
    if (!is_plain(rule)) {
      std::string condition = write_condition(rule.condition);
      if (!condition.empty()) line += "(" + condition + ")";
      lines_.push_back({std::move(line), one_line(rule.comment)});
      return next;
    }
    while (next < policy_.rules.size() && is_plain(policy_.rules[next]) && !is_commented(next)) {
      const Rule& other = policy_.rules[next];
      std::string target = target_text(other.target);
      if (action_text(other.action, other.errno_name) != keyword || line.size() + 1 + target.size() > line_length_)
        break;
      line += " " + target;
      ++next;
    }
    add(std::move(line));
    return next;
  }

  void sandbox(const SandboxLine& line) {
    std::string words;
    for (const std::string& word : line.words) words += (words.empty() ? "" : " ") + quoted(word, false);
    add(with_keyword(line.subject, words));
  }

  // Aligns the comments of each run of commented lines.
  std::string text() {
    while (!lines_.empty() && lines_.back().text.empty()) lines_.pop_back();
    std::string text;
    for (size_t i = 0; i < lines_.size();) {
      size_t end = i;
      size_t width = 0;
      for (; end < lines_.size() && !lines_[end].comment.empty(); ++end)
        if (lines_[end].text.size() <= kCommentColumn) width = std::max(width, lines_[end].text.size());
      if (end == i) {
        text += lines_[i++].text + "\n";
        continue;
      }
      for (; i < end; ++i) {
        text += lines_[i].text + std::string(width > lines_[i].text.size() ? width - lines_[i].text.size() : 0, ' ');
        text += "  " + comment_text(lines_[i].comment) + "\n";
      }
    }
    return text;
  }

  const Policy& policy_;
  size_t line_length_;
  std::vector<const PolicyComment*> comments_;  // by place
  std::vector<Line> lines_;
};

}  // namespace

std::string write_cordon(const Policy& policy) { return write_cordon(policy, {}); }

std::string write_cordon(const Policy& policy, const WriteOptions& options) {
  return CordonWriter(policy, options).write();
}

}  // namespace cordon::formats
