#include "cli/cache_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

namespace cordon::cli {
namespace {

constexpr size_t kSumBytes = sizeof(uint64_t);

// Empty where there is none: a set-user-ID program must not follow its caller's variables.
std::string parent_path() {
  if (::getauxval(AT_SECURE) != 0 || ::getuid() != ::geteuid() || ::getgid() != ::getegid()) return {};
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache == '/') return cache;
  const char* home = std::getenv("HOME");
  return home != nullptr && *home == '/' ? std::string(home) + "/.cache" : std::string();
}

bool is_ours_alone(const struct stat& status) {
  return status.st_uid == ::geteuid() && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

std::optional<Fd> open_ours(const std::string& path) {
  Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  if (!directory || ::fstat(directory.get(), &status) != 0 || !is_ours_alone(status)) return std::nullopt;
  return directory;
}

bool read_all(int fd, char* to, size_t left) {
  while (left > 0) {
    const ssize_t size = ::read(fd, to, left);
    if (size <= 0) return false;
    to += size;
    left -= static_cast<size_t>(size);
  }
  return true;
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = ::write(fd, text.data(), text.size());
    if (size <= 0) return false;
    text.remove_prefix(static_cast<size_t>(size));
  }
  return true;
}

// A file longer than this would end us by SIGXFSZ.
bool may_write(size_t size) {
  rlimit limit{};
  return ::getrlimit(RLIMIT_FSIZE, &limit) == 0 && size <= limit.rlim_cur;
}

uint64_t word_at(std::string_view text, size_t at) {
  uint64_t word = 0;
  std::memcpy(&word, text.data() + at, std::min(sizeof word, text.size() - at));
  return word;
}

}  // namespace

// Each step can be undone when the word, or when the sum before, is known: so no change of one word is lost.
uint64_t checksum(std::string_view text) {
  constexpr uint64_t kOdd = 0x9e3779b97f4a7c15;
  uint64_t sum = text.size() * kOdd;
  for (size_t at = 0; at < text.size(); at += sizeof(uint64_t)) sum = std::rotl(sum ^ word_at(text, at), 29) * kOdd;
  return sum ^ sum >> 32;
}

std::optional<CacheDirectory> CacheDirectory::open() {
  const std::string parent = parent_path();
  if (parent.empty()) return std::nullopt;
  std::optional<Fd> directory = open_ours(parent + "/cordon");
  if (!directory) return std::nullopt;
  return CacheDirectory(std::move(*directory));
}

std::optional<CacheDirectory> CacheDirectory::make() {
  const std::string parent = parent_path();
  if (parent.empty()) return std::nullopt;
  ::mkdir(parent.c_str(), 0700);
  ::mkdir((parent + "/cordon").c_str(), 0700);
  return open();
}

std::optional<std::string> CacheDirectory::read(const std::string& name) const {
  const Fd file(::openat(directory_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) || !is_ours_alone(status))
    return std::nullopt;
  const auto size = static_cast<size_t>(status.st_size);
  if (size < kSumBytes || size > kMaxBytes) return std::nullopt;
  uint64_t sum = 0;
  std::string content(size - kSumBytes, 0);
  if (!read_all(file.get(), reinterpret_cast<char*>(&sum), kSumBytes) ||
      !read_all(file.get(), content.data(), content.size()) || sum != checksum(content))
    return std::nullopt;
  return content;
}

void CacheDirectory::write(const std::string& name, std::string_view content) const {
  const size_t size = kSumBytes + content.size();
  if (size > kMaxBytes || !may_write(size)) return;
  prune();
  const uint64_t sum = checksum(content);
  std::string whole(reinterpret_cast<const char*>(&sum), sizeof sum);
  whole += content;
  const std::string temporary = name + "." + std::to_string(::getpid());
  const Fd file(
      ::openat(directory_.get(), temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return;
  if (!write_all(file.get(), whole) ||
      ::renameat(directory_.get(), temporary.c_str(), directory_.get(), name.c_str()) != 0)
    ::unlinkat(directory_.get(), temporary.c_str(), 0);
}

void CacheDirectory::prune() const {
  struct Close {
    void operator()(DIR* listing) const { ::closedir(listing); }
  };
  const int fd = ::openat(directory_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, Close> listing(fd < 0 ? nullptr : ::fdopendir(fd));
  if (!listing) return;
  std::vector<std::pair<int64_t, std::string>> files;  // by age
  while (const dirent* entry = ::readdir(listing.get())) {
    struct stat status {};
    if (::fstatat(directory_.get(), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 || S_ISDIR(status.st_mode))
      continue;
    files.emplace_back(int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec, entry->d_name);
  }
  if (files.size() < kMaxFiles) return;
  std::sort(files.begin(), files.end());
  files.resize(files.size() - kMaxFiles + 1);
  for (const auto& [age, name] : files) ::unlinkat(directory_.get(), name.c_str(), 0);
}

}  // namespace cordon::cli
