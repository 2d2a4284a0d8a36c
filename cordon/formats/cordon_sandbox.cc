// The lines that are not about system calls: their shape is checked, what they mean to the running kernel
// is decided where they are applied.
#include <algorithm>
#include <array>

#include "cordon/abi/capabilities.h"
#include "cordon/abi/namespaces.h"
#include "cordon/abi/securebits.h"
#include "cordon/base/text.h"
#include "cordon/formats/cordon_parser.h"
#include "cordon/policy/cgroup_limits.h"
#include "cordon/policy/process_lines.h"

namespace cordon::formats {
namespace {

constexpr std::array<std::string_view, 21> kFileVerbs = {
    "read",      "exec",       "write",       "create",    "execute",  "write_file", "read_file",
    "read_dir",  "remove_dir", "remove_file", "make_char", "make_dir", "make_reg",   "make_sock",
    "make_fifo", "make_block", "make_sym",    "refer",     "truncate", "ioctl_dev",  "resolve_unix"};
constexpr std::array<std::string_view, 3> kNetVerbs = {"bind", "connect", "none"};
constexpr std::array<std::string_view, 2> kScopes = {"signal", "abstract_unix"};
constexpr std::array<std::string_view, 4> kCapsVerbs = {"keep", "bounding", "inheritable", "ambient"};
constexpr std::array<std::string_view, 12> kSecurebits = {"noroot",
                                                          "noroot_locked",
                                                          "no_setuid_fixup",
                                                          "no_setuid_fixup_locked",
                                                          "keep_caps",
                                                          "keep_caps_locked",
                                                          "no_cap_ambient_raise",
                                                          "no_cap_ambient_raise_locked",
                                                          "exec_restrict_file",
                                                          "exec_restrict_file_locked",
                                                          "exec_deny_interactive",
                                                          "exec_deny_interactive_locked"};
static_assert(kSecurebits.size() == abi::kSecurebits.size());
constexpr std::array<std::string_view, 6> kMountVerbs = {"root", "read", "write", "tmp", "proc", "dev"};
constexpr std::array<std::string_view, 3> kRoots = {"keep", "read", "empty"};
constexpr std::array<std::string_view, 8> kKinds = {"user", "mount", "pid", "net", "ipc", "uts", "cgroup", "time"};
static_assert(kKinds.size() == abi::kNamespaces.size());
constexpr std::array<std::string_view, 16> kLimits = {"as",      "core",     "cpu",        "data",   "fsize", "locks",
                                                      "memlock", "msgqueue", "nice",       "nofile", "nproc", "rss",
                                                      "rtprio",  "rttime",   "sigpending", "stack"};

constexpr std::array<std::string_view, 3> kControllers = {"memory", "pids", "cpu"};

using Verbs = std::span<const std::string_view>;

bool contains(Verbs words, std::string_view word) { return std::find(words.begin(), words.end(), word) != words.end(); }

std::string listed(Verbs words) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i)
    text += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + std::string(words[i]);
  return text;
}

class SandboxReader {
 public:
  SandboxReader(const Statement& statement, SandboxSpec& spec, Reporter& reporter)
      : statement_(statement), spec_(spec), reporter_(reporter), subject_(statement.keyword.text) {}

  void read() {
    if (subject_ == "limit") return limit();
    if (subject_ == "cgroup") return cgroup();
    if (subject_ == "umask") return umask();
    if (subject_ == "securebits") return words(kSecurebits);
    if (subject_ == "scope") return words(kScopes);
    if (subject_ == "unshare") return words(kKinds);
    const Verbs verbs = subject_ == "files"   ? Verbs(kFileVerbs)
                        : subject_ == "net"   ? Verbs(kNetVerbs)
                        : subject_ == "mount" ? Verbs(kMountVerbs)
                                              : Verbs(kCapsVerbs);
    Verbs shown = subject_ == "files" ? verbs.first(4) : verbs;
    for (const Token& token : statement_.tokens) {
      if (token.kind == Token::Kind::end) break;
      if (token.kind == Token::Kind::word && contains(verbs, token.text) && !wants_root()) {
        begin(token);
      } else if (line_.words.empty()) {
        std::string hint = base::did_you_mean(token.text, verbs);
        return error(token.span, "expected " + listed(shown) + " after '" + subject_ + "', found " + found(token),
                     hint);
      } else if (!object(token)) {
        return;
      }
    }
    if (line_.words.empty()) return error(statement_.keyword.span, "'" + subject_ + "' needs " + listed(shown), {});
    end();
    if (failed_) return;
    for (SandboxLine& line : made_) spec_.lines.push_back(std::move(line));
  }

 private:
  void error(Span span, std::string message, std::string hint) {
    failed_ = true;
    reporter_.error("sandbox-line", span, std::move(message), std::move(hint));
  }

  // "read" is a root as well.
  bool wants_root() const { return subject_ == "mount" && line_.words == std::vector<std::string>{"root"}; }

  void begin(const Token& verb) {
    if (!line_.words.empty()) end();
    line_ = {subject_, {std::string(verb.text)}, verb.span, {verb.span}};
  }

  void end() {
    // "caps keep" alone keeps nothing, and "caps ambient" empties that set.
    const std::string& verb = line_.words.front();
    bool needs_object = subject_ != "caps" && verb != "none" && verb != "proc" && verb != "dev";
    if (line_.words.size() > 1 && line_.words.back() == "at")
      error(line_.word_spans.back(), "no place follows 'at'", {});
    if (needs_object && line_.words.size() == 1)
      error(line_.span,
            verb == "root" ? "'mount root' needs keep, read, empty or a directory"
                           : "'" + subject_ + " " + verb + "' names " + (subject_ == "net" ? "no port" : "no path"),
            {});
    made_.push_back(std::move(line_));
    line_ = {};
  }

  bool object(const Token& token) {
    std::optional<std::string> word = word_text(token, reporter_);
    bool fits = word && (subject_ == "files"   ? path(token, *word)
                         : subject_ == "net"   ? port(token, *word)
                         : subject_ == "mount" ? mounted(token, *word)
                                               : capability(token, *word));
    if (!fits) return failed_ = true, false;
    line_.words.push_back(std::move(*word));
    line_.word_spans.push_back(token.span);
    line_.span.end = token.span.end;
    return true;
  }

  bool path(const Token& token, const std::string& word) {
    if (word.starts_with('/') || word.starts_with("./") || word.starts_with("../") || word == "." || word == "..")
      return true;
    std::string hint = base::did_you_mean(word, subject_ == "mount" ? Verbs(kMountVerbs) : Verbs(kFileVerbs));
    error(token.span, "expected a path, found '" + base::printable(word) + "'",
          hint.empty() ? "a path begins with / or ./" : hint);
    return false;
  }

  // What is mounted, and "at" which place: the same one unless said.
  bool mounted(const Token& token, const std::string& word) {
    const std::string& verb = line_.words.front();
    const size_t objects = line_.words.size() - 1;
    if (verb == "proc" || verb == "dev" || (verb == "root" && objects == 1))
      return error(token.span, "'mount " + verb + "' takes no '" + base::printable(word) + "'", {}), false;
    if (verb == "root" && contains(kRoots, word)) return true;
    const bool is_bind = verb == "read" || verb == "write";
    if (is_bind && objects > 0 && word == "at" && token.kind == Token::Kind::word && line_.words.back() != "at" &&
        (objects < 2 || line_.words[objects - 1] != "at"))
      return true;
    return path(token, word);
  }

  bool port(const Token& token, const std::string& word) {
    NumberReading reading = read_number(word);
    const bool is_ambiguous = word.size() > 1 && word.front() == '0' && reading.number;
    if (is_ambiguous)
      return error(token.span,
                   "a port is a decimal number without leading zeros, found '" + base::printable(word) + "'",
                   "such as " + std::to_string(*reading.number) + ", if octal is meant"),
             false;
    bool is_none = line_.words.front() == "none";
    if (!is_none && reading.number && *reading.number <= 65535 &&
        word.find_first_not_of("0123456789") == std::string::npos)
      return true;
    if (is_none)
      error(token.span, "'net none' stands alone, found '" + base::printable(word) + "'", {});
    else
      error(token.span, "expected a port, 0 to 65535, found '" + base::printable(word) + "'",
            base::did_you_mean(word, kNetVerbs));
    return false;
  }

  bool capability(const Token& token, const std::string& word) {
    bool is_name = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    });
    if (is_name && abi::find_capability(word)) return true;
    if (is_name) {
      failed_ = true;
      reporter_.error("unknown-capability", token.span, "no capability is called '" + word + "'",
                      base::did_you_mean(abi::plain_capability(word), abi::kCapabilities));
      return false;
    }
    error(token.span, "expected a capability, found '" + base::printable(word) + "'", "such as net_bind_service");
    return false;
  }

  void limit() {
    const std::vector<Token>& tokens = statement_.tokens;
    if (tokens.size() != 3)
      return error(statement_.keyword.span, "'limit' takes a name and a value", "such as 'limit nofile 1024'");
    std::optional<std::string> name = word_text(tokens[0], reporter_);
    std::optional<std::string> value = word_text(tokens[1], reporter_);
    if (!name || !value) return;
    if (!contains(kLimits, *name)) {
      std::string hint = base::did_you_mean(*name, kLimits);
      return error(tokens[0].span, "no resource limit is called '" + base::printable(*name) + "'",
                   hint.empty() ? listed(kLimits) : hint);
    }
    if (*value != "unlimited" && !read_number(*value).number)
      return error(tokens[1].span, "expected a number or 'unlimited', found '" + base::printable(*value) + "'", {});
    spec_.lines.push_back(
        {subject_, {std::move(*name), std::move(*value)}, statement_.span(), {tokens[0].span, tokens[1].span}});
  }

  void cgroup() {
    const std::vector<Token>& tokens = statement_.tokens;
    if (tokens.size() != 3)
      return error(statement_.keyword.span, "'cgroup' takes memory, pids or cpu and a value",
                   "such as 'cgroup memory 512M'");
    std::optional<std::string> name = word_text(tokens[0], reporter_);
    std::optional<std::string> value = word_text(tokens[1], reporter_);
    if (!name || !value) return;
    if (!contains(kControllers, *name))
      return error(tokens[0].span,
                   "expected " + listed(kControllers) + " after 'cgroup', found '" + base::printable(*name) + "'",
                   base::did_you_mean(*name, kControllers));
    if (const std::string wrong = policy::wrong_cgroup_value(*name, *value); !wrong.empty())
      return error(tokens[1].span, wrong, {});
    spec_.lines.push_back(
        {subject_, {std::move(*name), std::move(*value)}, statement_.span(), {tokens[0].span, tokens[1].span}});
  }

  void umask() {
    const std::vector<Token>& tokens = statement_.tokens;
    const std::optional<std::string> mask = tokens.size() == 2 ? word_text(tokens[0], reporter_) : std::nullopt;
    const bool is_one = mask && !mask->empty() && mask->size() <= 4 &&
                        mask->find_first_not_of("01234567") == std::string::npos &&
                        (mask->size() < 4 || mask->front() == '0');
    if (!is_one)
      return error(statement_.keyword.span, "'umask' takes an octal number up to 777", "such as 'umask 027'");
    spec_.lines.push_back({subject_, {*mask}, statement_.span(), {tokens[0].span}});
  }

  // Each one of these.
  void words(Verbs known) {
    for (const Token& token : statement_.tokens) {
      if (token.kind == Token::Kind::end) break;
      if (token.kind != Token::Kind::word || !contains(known, token.text)) {
        std::string hint = base::did_you_mean(token.text, known);
        if (subject_ == "unshare" && token.text == "all") hint = "each of them by its name";
        return error(token.span, "expected " + listed(known) + " after '" + subject_ + "', found " + found(token),
                     hint);
      }
      if (line_.words.empty()) line_ = {subject_, {}, token.span, {}};
      line_.words.emplace_back(token.text);
      line_.word_spans.push_back(token.span);
      line_.span.end = token.span.end;
    }
    if (line_.words.empty())
      return error(statement_.keyword.span, "'" + subject_ + "' needs " + listed(known),
                   subject_ == "unshare" ? "such as user, net" : "");
    spec_.lines.push_back(std::move(line_));
  }

  const Statement& statement_;
  SandboxSpec& spec_;
  Reporter& reporter_;
  std::string subject_;
  SandboxLine line_;
  std::vector<SandboxLine> made_;
  bool failed_ = false;
};

}  // namespace

void read_sandbox_line(const Statement& statement, SandboxSpec& spec, Reporter& reporter) {
  if (policy::is_process_subject(statement.keyword.text)) return read_process_line(statement, spec, reporter);
  SandboxReader(statement, spec, reporter).read();
}

void check_sandbox(const SandboxSpec& spec, Reporter& reporter) {
  const SandboxLine* closed = nullptr;
  const SandboxLine* opened = nullptr;
  for (const SandboxLine& line : spec.lines) {
    if (line.subject == "net") (line.words.front() == "none" ? closed : opened) = &line;
  }
  if (closed == nullptr || opened == nullptr) return;
  reporter.error_because("sandbox-line", closed->span, "'net none' contradicts a line that opens ports", opened->span,
                         "it stands here");
}

}  // namespace cordon::formats
