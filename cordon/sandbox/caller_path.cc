#include "cordon/sandbox/caller_path.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace cordon::sandbox {
namespace {

CallerPath failed(int error) { return {.from = {}, .path = {}, .resolve = 0, .error = error}; }

}  // namespace

CallerPath find_path(const Caller& caller, const PathWords& words) {
  constexpr uint64_t kKnown =
      RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH | RESOLVE_IN_ROOT;
  if ((words.resolve & ~kKnown) != 0) return failed(EINVAL);
  if (!caller.shares_mounts()) return failed(EACCES);
  Fd root = caller.root();
  const bool is_absolute = words.path.starts_with('/');
  const bool needs_directory = !is_absolute || (words.resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT)) != 0;
  Fd directory = needs_directory ? caller.directory(words.directory) : Fd();
  const Fd own_root(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root || !own_root) return failed(EACCES);
  if (needs_directory && !directory) return failed(EBADF);
  if (needs_directory && !is_in_own_mounts(directory.get())) return failed(EACCES);
  if (is_same_place(root.get(), own_root.get()))
    return {.from = needs_directory ? std::move(directory) : std::move(root),
            .path = words.path,
            .resolve = words.resolve,
            .error = 0};
  if (words.resolve != 0 || !is_in_own_mounts(root.get())) return failed(EACCES);
  std::string path = words.path;
  if (!is_absolute) {
    const std::string top = path_of(root.get());
    const std::string base = path_of(directory.get());
    const bool is_inside = !top.empty() && (base == top || base.starts_with(top + "/"));
    if (!is_inside) return failed(EACCES);
    path = base.substr(top.size()) + "/" + path;
  }
  return {.from = std::move(root), .path = std::move(path), .resolve = RESOLVE_IN_ROOT, .error = 0};
}

int open_at(int directory, const std::string& path, uint64_t flags, mode_t mode, uint64_t resolve) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.mode = mode;
  how.resolve = resolve | RESOLVE_NO_MAGICLINKS;
  int fd = -1;
  do fd = static_cast<int>(syscall(SYS_openat2, directory, path.c_str(), &how, sizeof how));
  while (fd < 0 && errno == EINTR);
  return fd;
}

NewName find_new_name(const CallerPath& path) {
  const size_t slash = path.path.rfind('/');
  NewName found;
  found.name = slash == std::string::npos ? path.path : path.path.substr(slash + 1);
  const std::string parent = slash == std::string::npos ? "." : path.path.substr(0, slash + 1);
  if (found.name.empty()) found.error = EISDIR;
  if (found.name == "." || found.name == "..") found.error = ENOENT;
  if (found.error != 0) return found;
  found.directory.reset(open_at(path.from.get(), parent, O_PATH | O_DIRECTORY, 0, path.resolve));
  if (!found.directory) {
    found.error = errno;
    return found;
  }
  struct statfs system {};
  const std::string base = path_of(found.directory.get());
  const bool is_usable =
      fstatfs(found.directory.get(), &system) == 0 && system.f_type != PROC_SUPER_MAGIC && !base.empty();
  if (is_usable) found.path = (base == "/" ? std::string() : base) + "/" + found.name;
  return found;
}

bool is_listed(const std::vector<std::string>& list, const std::string& path) {
  if (path.empty()) return false;
  return std::ranges::any_of(
      list, [&](const std::string& entry) { return entry == "/" || path == entry || path.starts_with(entry + "/"); });
}

}  // namespace cordon::sandbox
