#include "cli/user_database.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <string_view>

#include "cli/output.h"
#include "cordon/base/fd.h"

namespace cordon::cli {
namespace {

// name:password:number:more, of which a user's more begins with his group.
struct Entry {
  std::string_view name;
  uint32_t number = 0;
  std::optional<uint32_t> group;
};

std::optional<uint32_t> number_of(std::string_view text) {
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  return is_number ? std::optional(number) : std::nullopt;
}

std::optional<Entry> entry_of(std::string_view line) {
  std::array<std::string_view, 4> fields;
  for (std::string_view& field : fields) {
    const size_t end = line.find(':');
    field = line.substr(0, end);
    line = end == std::string_view::npos ? std::string_view() : line.substr(end + 1);
  }
  const auto number = number_of(fields[2]);
  if (fields[0].empty() || !number) return std::nullopt;
  return Entry{.name = fields[0], .number = *number, .group = number_of(fields[3])};
}

std::string all_of(int fd) {
  std::string text;
  std::array<char, 4096> part;
  for (;;) {
    const ssize_t size = ::read(fd, part.data(), part.size());
    if (size == 0 || (size < 0 && errno != EINTR)) return text;
    if (size > 0) text.append(part.data(), static_cast<size_t>(size));
  }
}

// What `getent DATABASE KEY` prints; nothing where it cannot be asked.
std::string answer_of_getent(const char* database, const std::string& key) {
  int ends[2];
  if (key.empty() || key.starts_with('-') || ::pipe2(ends, O_CLOEXEC) != 0) return {};  // an option is no name
  const Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  const std::string words[] = {"getent", database, key};
  char* argv[] = {const_cast<char*>(words[0].c_str()), const_cast<char*>(words[1].c_str()),
                  const_cast<char*>(words[2].c_str()), nullptr};
  posix_spawn_file_actions_t actions;
  if (posix_spawn_file_actions_init(&actions) != 0) return {};
  posix_spawn_file_actions_adddup2(&actions, write_end.get(), STDOUT_FILENO);
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, "/usr/bin/getent", &actions, nullptr, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return {};
  write_end.reset();
  std::string text = all_of(read_end.get());
  ::waitpid(pid, nullptr, 0);
  return text;
}

template <class Matches>
std::optional<Entry> find(std::string_view text, Matches matches) {
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::optional<Entry> entry = entry_of(text.substr(0, end));
    if (entry && matches(*entry)) return entry;
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return std::nullopt;
}

// What `made` makes of the entry, in the file or else in the answer.
template <class Matches, class Make>
auto look_up(const char* file, const char* database, const std::string& key, Matches matches, Make make)
    -> std::optional<decltype(make(Entry()))> {
  if (const Result<std::string> text = read_file(file))
    if (const auto entry = find(*text, matches)) return make(*entry);
  const std::string text = answer_of_getent(database, key);
  if (const auto entry = find(text, matches)) return make(*entry);
  return std::nullopt;
}

template <class Matches>
std::optional<UserEntry> user(const std::string& key, Matches matches) {
  return look_up(
      "/etc/passwd", "passwd", key, [&](const Entry& entry) { return entry.group && matches(entry); },
      [](const Entry& entry) {
        return UserEntry{entry.number, *entry.group};
      });
}

}  // namespace

std::optional<UserEntry> user_called(const std::string& name) {
  return user(name, [&](const Entry& entry) { return entry.name == name; });
}

std::optional<UserEntry> user_numbered(uid_t uid) {
  return user(std::to_string(uid), [&](const Entry& entry) { return entry.number == uid; });
}

std::optional<gid_t> group_called(const std::string& name) {
  return look_up(
      "/etc/group", "group", name, [&](const Entry& entry) { return entry.name == name; },
      [](const Entry& entry) { return gid_t{entry.number}; });
}

}  // namespace cordon::cli
