#include "cordon/sandbox/process_info.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <string_view>

#include "cordon/base/fd.h"
#include "cordon/base/text.h"

namespace cordon::sandbox {
namespace {

constexpr unsigned long kForkNoExec = 0x40;  // PF_FORKNOEXEC, include/linux/sched.h

std::string read_all(int fd) {
  std::string text;
  char buffer[4096];
  for (ssize_t count = 0; fd >= 0 && (count = read(fd, buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<size_t>(count));
  return text;
}

std::string read_proc(pid_t pid, const char* name) {
  return read_all(Fd(open(("/proc/" + std::to_string(pid) + "/" + name).c_str(), O_RDONLY | O_CLOEXEC)).get());
}

unsigned long number_at(std::string_view text) {
  unsigned long number = 0;
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

unsigned long status_number(pid_t pid, std::string_view key) {
  std::string text = read_proc(pid, "status");
  size_t at = text.find(key);
  return at == std::string::npos ? 0 : number_at(std::string_view(text).substr(at + key.size()));
}

uint64_t hex_number(std::string_view text) {
  uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number, 16);
  return number;
}

// One line of /proc/PID/maps: begin-end perms offset device inode [path]
struct Mapping {
  uint64_t begin = 0, end = 0, offset = 0;
  std::string_view path;
};

Mapping parse_mapping(std::string_view line) {
  Mapping mapping;
  mapping.begin = hex_number(line);
  size_t dash = line.find('-');
  if (dash != std::string_view::npos) mapping.end = hex_number(line.substr(dash + 1));
  for (int field = 0; field < 5; ++field) {
    if (field == 2) mapping.offset = hex_number(line);
    size_t blank = line.find(' ');
    line = blank == std::string_view::npos ? std::string_view() : line.substr(blank + 1);
  }
  size_t path = line.find_first_not_of(' ');
  if (path != std::string_view::npos) mapping.path = line.substr(path);
  return mapping;
}

// The entries of a directory that are numbers.
std::vector<int> numbers_in(const std::string& path) {
  std::vector<int> numbers;
  DIR* directory = opendir(path.c_str());
  if (directory == nullptr) return numbers;
  while (const dirent* entry = readdir(directory))
    if (entry->d_name[0] != '.') numbers.push_back(static_cast<int>(number_at(entry->d_name)));
  closedir(directory);
  return numbers;
}

}  // namespace

std::string executable(pid_t tid) {
  char path[4096];
  const ssize_t length = readlink(("/proc/" + std::to_string(tid) + "/exe").c_str(), path, sizeof path);
  return length > 0 ? std::string(path, static_cast<size_t>(length)) : std::string();
}

namespace {

std::string find_site(const std::string& maps, uint64_t address) {
  std::string_view rest = maps;
  while (!rest.empty()) {
    size_t end = rest.find('\n');
    const Mapping mapping = parse_mapping(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    if (address < mapping.begin || address >= mapping.end) continue;
    if (mapping.path.empty()) return base::hex(address) + " (no file)";
    return base::printable(mapping.path.substr(mapping.path.rfind('/') + 1)) + "+" +
           base::hex(address - mapping.begin + mapping.offset);
  }
  return {};
}

}  // namespace

std::string code_site(pid_t tid, uint64_t address) {
  return tid > 0 && address != 0 ? find_site(read_proc(tid, "maps"), address) : std::string();
}

bool has_execed(pid_t pid) {
  // pid (comm) state ppid pgrp session tty tpgid flags …; comm may hold anything, ')' too
  std::string text = read_proc(pid, "stat");
  size_t end = text.rfind(')');
  if (end == std::string::npos) return true;
  std::string_view rest = std::string_view(text).substr(end + 1);
  for (int field = 0; field < 7 && !rest.empty(); ++field) {
    size_t blank = rest.find(' ', 1);
    if (blank == std::string_view::npos) return true;
    rest.remove_prefix(blank);
    if (field == 5) return (number_at(rest) & kForkNoExec) == 0;
  }
  return true;
}

std::string thread_name(pid_t tid) {
  std::string name = read_proc(tid, "comm");
  if (!name.empty() && name.back() == '\n') name.pop_back();
  return name;
}

pid_t thread_group(pid_t tid) { return static_cast<pid_t>(status_number(tid, "\nTgid:")); }

pid_t parent_of(pid_t pid) { return static_cast<pid_t>(status_number(pid, "\nPPid:")); }

bool is_stopped(pid_t pid) {
  std::string text = read_proc(pid, "stat");
  size_t end = text.rfind(')');
  if (end == std::string::npos || end + 2 >= text.size()) return false;
  return text[end + 2] == 'T' || text[end + 2] == 't';
}

std::vector<pid_t> threads_of(pid_t pid) { return numbers_in("/proc/" + std::to_string(pid) + "/task"); }

std::vector<int> own_descriptors() { return numbers_in("/proc/self/fd"); }

unsigned thread_count(pid_t pid) { return static_cast<unsigned>(status_number(pid, "\nThreads:")); }

}  // namespace cordon::sandbox
