#include "cordon/sandbox/caller.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace cordon::sandbox {
namespace {

// Mount and inode, as the kernel knows them. A mount's number is its own as long as a descriptor holds it.
bool locate(int fd, struct statx& place) {
  constexpr unsigned kWanted = STATX_INO | STATX_MNT_ID;
  return fd >= 0 && statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, kWanted, &place) == 0 &&
         (place.stx_mask & kWanted) == kWanted;
}

}  // namespace

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

bool is_same_place(int one, int other) {
  struct statx first {
  }, second{};
  return locate(one, first) && locate(other, second) && first.stx_mnt_id == second.stx_mnt_id &&
         first.stx_ino == second.stx_ino;
}

bool is_in_own_mounts(int fd) {
  struct statx place {
  }, named{};
  if (!locate(fd, place)) return false;
  std::string path = path_of(fd);
  Fd there;
  // The name may have gone, or be another's by now: what is above it will do, since only the mount is compared.
  while (!path.empty() && !there) {
    open_how how{};
    how.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
    how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    there.reset(static_cast<int>(syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
    const size_t slash = path.rfind('/');
    path = path == "/" ? "" : slash == 0 ? "/" : path.substr(0, slash);
  }
  return there && locate(there.get(), named) && named.stx_mnt_id == place.stx_mnt_id;
}

}  // namespace cordon::sandbox
