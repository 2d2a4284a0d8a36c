#include "cordon/sandbox/emulate_open.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "cordon/abi/syscalls.h"
#include "cordon/sandbox/caller_path.h"
#include "cordon/sandbox/open_wish.h"

namespace cordon::sandbox {
namespace {

bool may_open(const OpenGrants& grants, const std::string& path, const OpenWish& wish) {
  if (path.empty()) return false;
  const bool may_write = is_listed(grants.write, path) || is_listed(grants.create, path);
  return may_write || (!wish.writes() && is_listed(grants.read, path));
}

// To open a pipe can wait for ever, to open a device can do anything.
bool is_harmless(const struct stat& status) {
  if (!S_ISCHR(status.st_mode)) return S_ISREG(status.st_mode) || S_ISDIR(status.st_mode) || S_ISLNK(status.st_mode);
  constexpr unsigned kMemory = 1;
  constexpr unsigned kMinors[] = {3, 5, 7, 8, 9};  // null, zero, full, random, urandom
  return major(status.st_rdev) == kMemory && std::ranges::find(kMinors, minor(status.st_rdev)) != std::end(kMinors);
}

struct Opened {
  Fd fd;
  int error = 0;
  bool is_refused = false;
};

Opened refused() { return {.fd = {}, .error = EACCES, .is_refused = true}; }
Opened failed(int error) { return {.fd = {}, .error = error}; }

// `found` is the very file that was looked up, whatever happened to its name.
Opened open_found(const Fd& found, const OpenWish& wish, const OpenGrants& grants) {
  struct stat status {};
  struct statfs system {};
  if (fstat(found.get(), &status) != 0 || fstatfs(found.get(), &system) != 0) return failed(errno);
  const std::string path = path_of(found.get());
  // What /proc calls self is this process, and much in it is more than a file.
  if (system.f_type == PROC_SUPER_MAGIC || !is_harmless(status) || !may_open(grants, path, wish)) return refused();
  if (wish.has(O_CREAT | O_EXCL)) return failed(EEXIST);
  if (wish.has(O_CREAT) && S_ISDIR(status.st_mode)) return failed(EISDIR);
  if (S_ISLNK(status.st_mode) && !wish.has(O_PATH)) return failed(ELOOP);
  if (S_ISLNK(status.st_mode)) return {.fd = Fd(fcntl(found.get(), F_DUPFD_CLOEXEC, 0)), .error = 0};
  // Who holds a lease on the file would make us wait for as long as /proc/sys/fs/lease-break-time says.
  const uint64_t kept = wish.flags & ~uint64_t{O_CREAT | O_EXCL | O_NOFOLLOW};
  const int flags = static_cast<int>(kept) | O_CLOEXEC | O_NOCTTY | (wish.has(O_PATH) ? 0 : O_NONBLOCK);
  Fd opened(open(("/proc/self/fd/" + std::to_string(found.get())).c_str(), flags));
  if (!opened) return failed(errno);
  if (!wish.has(O_PATH) && !wish.has(O_NONBLOCK))
    fcntl(opened.get(), F_SETFL, fcntl(opened.get(), F_GETFL) & ~O_NONBLOCK);
  return {.fd = std::move(opened), .error = 0};
}

// The directory is looked up in the list; the file is made in that very directory, or not at all.
Opened create(const CallerPath& start, const OpenWish& wish, mode_t mask, const OpenGrants& grants) {
  const NewName found = find_new_name(start);
  if (found.error != 0) return failed(found.error);
  if (!is_listed(grants.create, found.path)) return refused();
  const LentMask lent(mask);
  Fd made(
      open_at(found.directory.get(), found.name, wish.flags | O_CREAT | O_EXCL | O_NOCTTY, wish.mode, RESOLVE_BENEATH));
  const int error = made ? 0 : errno;
  return {.fd = std::move(made), .error = error};
}

// Without a name, in that very directory: whoever has it may give it one, by rights of his own.
Opened create_nameless(const CallerPath& start, const OpenWish& wish, mode_t mask, const OpenGrants& grants) {
  const uint64_t look = O_PATH | O_DIRECTORY | (wish.flags & O_NOFOLLOW);
  const Fd directory(open_at(start.from.get(), start.path, look, 0, start.resolve));
  if (!directory) return failed(errno);
  if (!is_listed(grants.create, path_of(directory.get()))) return refused();
  const LentMask lent(mask);
  Fd made(open_at(directory.get(), ".", wish.flags | O_NOCTTY, wish.mode, RESOLVE_BENEATH));
  const int error = made ? 0 : errno;
  return {.fd = std::move(made), .error = error};
}

Opened open_in_place(const CallerPath& start, const OpenWish& wish, mode_t mask, const OpenGrants& grants) {
  constexpr uint64_t kNameless = uint64_t{O_TMPFILE} & ~uint64_t{O_DIRECTORY};
  if ((wish.flags & kNameless) != 0) return create_nameless(start, wish, mask, grants);
  const bool stays = wish.has(O_NOFOLLOW) || wish.has(O_CREAT | O_EXCL);
  const uint64_t look = O_PATH | (stays ? O_NOFOLLOW : 0) | (wish.flags & O_DIRECTORY);
  // Somebody else may make the file, or remove it, between the look and the making.
  constexpr int kTries = 8;
  for (int tries = 0; tries < kTries; ++tries) {
    const Fd found(open_at(start.from.get(), start.path, look, 0, start.resolve));
    if (found) return open_found(found, wish, grants);
    if (errno != ENOENT || !wish.has(O_CREAT)) return failed(errno);
    Opened made = create(start, wish, mask, grants);
    const bool is_there_now = made.error == EEXIST && !wish.has(O_EXCL);
    if (!is_there_now) return made;
  }
  return failed(EACCES);  // a link to what is not there, too
}

}  // namespace

bool is_open(const Call& call) {
  const std::string_view name = abi::name_of_call(call.audit_arch, call.nr);
  return name == "open" || name == "openat" || name == "openat2" || name == "creat";
}

Emulated emulate_open(const Notification& notification, Listener& listener, const OpenGrants& grants) {
  const Caller caller(notification.tid);
  const OpenWishRead read = read_open_wish(notification);
  if (read.error != 0) return {Response::fail(read.error)};
  const OpenWish& wish = read.wish;
  const CallerPath start = find_path(caller, {.directory = wish.directory, .path = wish.path, .resolve = wish.resolve});
  const std::optional<mode_t> mask = caller.file_mask();
  // From here on: it was all the caller's.
  if (!listener.is_valid(notification.id)) return {Response::fail(EINTR)};
  if (start.error != 0) return {Response::fail(start.error), start.error == EACCES};
  Opened opened = open_in_place(start, wish, mask.value_or(0777), grants);
  if (opened.error != 0) return {Response::fail(opened.error), opened.is_refused};
  const int error = listener.inject(notification.id, opened.fd.get(), (wish.flags & O_CLOEXEC) != 0);
  if (error != 0) return {Response::fail(error)};
  return {Response::later()};
}

}  // namespace cordon::sandbox
