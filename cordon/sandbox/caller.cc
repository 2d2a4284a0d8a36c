#include "cordon/sandbox/caller.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace cordon::sandbox {

Caller::Caller(pid_t tid) {
  if (tid > 0) proc_.reset(open(("/proc/" + std::to_string(tid)).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

bool Caller::shares_mounts() const {
  struct stat theirs {
  }, ours{};
  return fstatat(proc_.get(), "ns/mnt", &theirs, 0) == 0 && stat("/proc/self/ns/mnt", &ours) == 0 &&
         theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

Fd Caller::root() const { return Fd(openat(proc_.get(), "root", O_PATH | O_DIRECTORY | O_CLOEXEC)); }

Fd Caller::directory(int dirfd) const {
  const std::string name = dirfd == AT_FDCWD ? "cwd" : "fd/" + std::to_string(dirfd);
  return Fd(openat(proc_.get(), name.c_str(), O_PATH | O_CLOEXEC));
}

std::optional<mode_t> Caller::file_mask() const {
  const Fd file(openat(proc_.get(), "status", O_RDONLY | O_CLOEXEC));
  char text[512];
  const ssize_t count = read(file.get(), text, sizeof text);
  const std::string status(text, count > 0 ? static_cast<size_t>(count) : 0);
  constexpr std::string_view kHead = "\nUmask:";
  const size_t at = status.find(kHead);
  if (at == std::string::npos) return std::nullopt;
  return static_cast<mode_t>(std::strtoul(status.c_str() + at + kHead.size(), nullptr, 8) & 0777);
}

std::string path_of(int fd) {
  char path[PATH_MAX];
  const ssize_t length = readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path, sizeof path);
  const bool is_whole = length > 0 && length < static_cast<ssize_t>(sizeof path) && path[0] == '/';
  return is_whole ? std::string(path, static_cast<size_t>(length)) : std::string();
}

bool is_same_file(int one, int other) {
  struct stat first {
  }, second{};
  return fstat(one, &first) == 0 && fstat(other, &second) == 0 && first.st_dev == second.st_dev &&
         first.st_ino == second.st_ino;
}

}  // namespace cordon::sandbox
