#include "cli/confine_options.h"

#include <algorithm>
#include <functional>

#include "cli/options.h"
#include "cli/output.h"
#include "cordon/base/text.h"
#include "cordon/formats/read.h"

namespace cordon::cli {
namespace {

// A path as a line takes it: quoted, and told apart from the words.
std::string as_path(const std::string& path) {
  const bool is_told = path.starts_with('/') || path.starts_with("./") || path.starts_with("../");
  std::string text = is_told || path.empty() ? "\"" : "\"./";
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') text += '\\';
    if (byte >= 0x20 && byte < 0x7f)
      text += c;
    else
      text += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return text + "\"";
}

// " chown kill" of "chown,kill"; nothing of "none".
std::string words_of_list(const std::string& text) {
  if (text == "none") return {};
  std::string list = text;
  std::replace(list.begin(), list.end(), ',', ' ');
  return " " + list;
}

// " user \"\"" of "user,": a name is missing there.
std::string kinds_of(const std::string& text) {
  if (text.empty()) return {};
  std::string words;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(',', at), text.size());
    words += end == at ? " \"\"" : " " + text.substr(at, end - at);
    at = end + 1;
  }
  return words;
}

// " noroot no_setuid_fixup" of "noroot,no-setuid-fixup".
std::string securebits_of(std::string list) {
  std::replace(list.begin(), list.end(), '-', '_');
  return words_of_list(list);
}

// "read "/srv/a" at "/b"" of "/srv/a:/b"; a backslash takes a colon's meaning away.
std::string as_bind(const std::string& text) {
  std::string parts[2];
  bool has_place = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool is_taken = text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == ':' || text[i + 1] == '\\');
    if (text[i] == ':' && !has_place)
      has_place = true;
    else
      parts[has_place ? 1 : 0] += is_taken ? text[++i] : text[i];
  }
  return as_path(parts[0]) + (has_place ? " at " + as_path(parts[1]) : std::string());
}

std::string as_root(const std::string& text) {
  return text == "keep" || text == "read" || text == "empty" ? text : as_path(text);
}

std::string as_is(const std::string& text) { return text; }

struct Word {
  const char* option;
  const char* line;
  const char* type;
  const char* help;
  std::string (*as_words)(const std::string&);
};

constexpr Word kWords[] = {
    {"--files-read", "files read", "PATH", "files and directories that may be read (Landlock); the rest is refused",
     as_path},
    {"--files-exec", "files exec", "PATH", "files that may be read and executed: the command, its loader", as_path},
    {"--files-write", "files write", "PATH",
     "files and directories that may be read, written, made, removed and renamed", as_path},
    {"--files-create", "files create", "PATH", "directories in which entries may be made, and nothing else", as_path},
    {"--net-bind", "net bind", "PORT", "TCP port that may be bound (Landlock); no other", as_is},
    {"--net-connect", "net connect", "PORT", "TCP port that may be connected to; no other", as_is},
    {"--cgroup-memory", "cgroup memory", "SIZE", "memory of all the command's processes together, as 512M (cgroup v2)",
     as_is},
    {"--cgroup-pids", "cgroup pids", "N", "how many processes and threads they may be", as_is},
    {"--cgroup-cpu", "cgroup cpu", "CPUS", "how much CPU time they get, as 1.5", as_is},
    {"--unshare", "unshare", "LIST", "namespaces of the command's own: user, mount, pid, net, ipc, uts, cgroup, time",
     kinds_of},
    {"--mount-root", "mount root", "WHAT",
     "the file tree: keep (the host's), read (the same, read-only), empty, or a directory", as_root},
    {"--mount-read", "mount read", "PATH[:AT]", "the host's file or directory in the command's tree, read-only",
     as_bind},
    {"--mount-write", "mount write", "PATH[:AT]", "the same, as it is", as_bind},
    {"--mount-tmp", "mount tmp", "AT", "an empty directory in memory", as_path},
};

void at_option(Place& place, const std::string& option) {
  place = {};
  place.file = option;
}

Result<std::vector<PlacedLine>> read_line(const ConfineOptions::Line& line) {
  Result<formats::PolicySource> read = formats::read_text(line.text, line.option, formats::SourceFormat::cordon, {});
  if (!read) {
    Diagnostics problems;
    for (Diagnostic problem : read.error()) {
      at_option(problem.place, line.option);
      problem.notes.clear();
      problems.add(std::move(problem));
    }
    return problems;
  }
  const Policy& policy = std::get<Policy>(read->content);
  std::vector<PlacedLine> lines = policy::placed_lines(policy);
  if (lines.size() != 1 || !policy.rules.empty()) {
    Diagnostics problem = usage_error("'" + line.option + "' says more than one line", "give the option once for each");
    return problem;
  }
  for (PlacedLine& made : lines)
    for (Place& place : made.places) at_option(place, line.option);
  return lines;
}

// The sets that --caps-keep does not tell apart.
void add_sets(CommandLine& app, ConfineOptions& options) {
  struct Set {
    const char* option;
    const char* line;
    const char* help;
    std::string (*as_words)(std::string);
  };
  static constexpr Set kSets[] = {
      {"--caps-bounding", "caps bounding", "the capabilities programs it executes may still get; or none",
       [](std::string list) { return words_of_list(list); }},
      {"--caps-inheritable", "caps inheritable", "what becomes of the inheritable set; or none",
       [](std::string list) { return words_of_list(list); }},
      {"--caps-ambient", "caps ambient", "what the command has though it is not root, and inherits; or none",
       [](std::string list) { return words_of_list(list); }},
      {"--securebits", "securebits", "noroot, no-setuid-fixup, keep-caps, no-cap-ambient-raise; each with -locked",
       securebits_of}};
  for (const Set& set : kSets)
    app.add_list_function(
           set.option,
           [&options, &set](const std::string& value) {
             options.lines.push_back(
                 {std::string(set.option) + " " + base::printable(value), set.line + set.as_words(value)});
           },
           set.help)
        ->type_name("LIST");
}

}  // namespace

std::string path_word(const std::string& path) {
  const bool is_plain = path.find_first_of(" \t\r\n#;\"\\") == std::string::npos && base::printable(path) == path;
  return is_plain ? path : as_path(path);
}

bool ConfineOptions::may_lack(const std::string& what) const {
  return std::find(best_effort.begin(), best_effort.end(), what) != best_effort.end();
}

void add_confine_options(CommandLine& app, ConfineOptions& options) {
  // Each value is a line of its own, so that a mistake is told at it.
  const auto add = [&options](std::string option, const std::string& value, std::string line) {
    options.lines.push_back({std::move(option) + (value.empty() ? "" : " " + base::printable(value)), std::move(line)});
  };
  for (const Word& word : kWords)
    app.add_list_function(
           word.option,
           [add, &word](const std::string& value) {
             add(word.option, value, std::string(word.line) + " " + word.as_words(value));
           },
           word.help)
        ->type_name(word.type);
  app.add_flag_callback(
      "--mount-proc", [add] { add("--mount-proc", "", "mount proc"); }, "a /proc of the command's pid namespace");
  app.add_flag_callback(
      "--mount-dev", [add] { add("--mount-dev", "", "mount dev"); },
      "a small /dev: null zero full random urandom tty pts shm");
  app.add_flag_callback(
      "--net-none", [add] { add("--net-none", "", "net none"); }, "no TCP port at all");
  app.add_list_function(
         "--scope",
         [add](const std::string& value) {
           add("--scope", value, value == "signal" ? "scope signal" : "scope abstract_unix");
         },
         "signal: processes outside cannot be signalled; abstract-unix: nor their abstract sockets connected to")
      ->type_name("WHAT")
      ->check(one_of({"signal", "abstract-unix"}));
  app.add_list_function(
         "--caps-keep",
         [add](const std::string& value) { add("--caps-keep", value, "caps keep" + words_of_list(value)); },
         "capabilities the command may have, as net_bind_service,chown; or none")
      ->type_name("LIST");
  add_sets(app, options);
  app.add_list_function(
         "--limit",
         [add](const std::string& given) {
           std::string words = given;
           if (const size_t at = words.find('='); at != std::string::npos) words[at] = ' ';
           add("--limit", given, "limit " + words);
         },
         "resource limit, soft and hard, as nofile=1024")
      ->type_name("NAME=VALUE");
  app.add_option("--best-effort", options.best_effort,
                 "run without it where it cannot be had: landlock, caps (the bounding set), ptracer (Yama), cgroup")
      ->type_name("WHAT")
      ->check(one_of({"landlock", "caps", "ptracer", "cgroup"}));
}

Result<std::vector<PlacedLine>> lines_of(const ConfineOptions& options) {
  std::vector<PlacedLine> lines;
  Diagnostics problems;
  const ConfineOptions::Line* closed = nullptr;
  const ConfineOptions::Line* opened = nullptr;
  const ConfineOptions::Line* bare = nullptr;
  const ConfineOptions::Line* keeping = nullptr;
  for (const ConfineOptions::Line& line : options.lines) {
    if (line.text.starts_with("caps keep")) (line.text == "caps keep" ? bare : keeping) = &line;
    if (line.text.starts_with("net")) (line.text == "net none" ? closed : opened) = &line;
    Result<std::vector<PlacedLine>> read = read_line(line);
    if (!read)
      problems.append(read.error());
    else
      lines.insert(lines.end(), read->begin(), read->end());
  }
  const auto contradict = [&](const ConfineOptions::Line* nothing, const ConfineOptions::Line* something) {
    if (nothing == nullptr || something == nullptr) return;
    Place place;
    place.file = something->option;
    problems.error("sandbox-line", std::move(place), nothing->option + " contradicts it", "leave one of them out");
  };
  contradict(closed, opened);
  contradict(bare, keeping);
  if (problems.has_errors()) return problems;
  return lines;
}

}  // namespace cordon::cli
