#include "cordon/sandbox/landlock_forecast.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include "cordon/abi/landlock.h"
#include "cordon/abi/syscalls.h"
#include "cordon/sandbox/caller_path.h"
#include "cordon/sandbox/caller_socket.h"
#include "cordon/sandbox/exec_grants.h"
#include "cordon/sandbox/open_wish.h"
#include "cordon/sandbox/target_memory.h"

namespace cordon::sandbox {
namespace {

namespace landlock = abi::landlock;

constexpr std::string_view kCalls[] = {"open",      "openat", "openat2",  "creat", "execve",  "execveat",
                                       "truncate",  "mkdir",  "mkdirat",  "mknod", "mknodat", "symlink",
                                       "symlinkat", "unlink", "unlinkat", "rmdir", "rename",  "renameat",
                                       "renameat2", "link",   "linkat",   "bind",  "connect"};

std::string_view name_of(const Notification& notification) {
  return abi::name_of_call(notification.call.audit_arch, notification.call.nr);
}

struct Found {
  std::string path;  // without links; empty: not there, or out of reach
  mode_t mode = 0;
};

// What is looked up only has to be told of: the file is not opened.
Found look_up(const CallerPath& start, bool follows) {
  if (start.error != 0) return {};
  const Fd fd(open_at(start.from.get(), start.path, O_PATH | (follows ? 0 : O_NOFOLLOW), 0, start.resolve));
  struct stat status {};
  if (!fd || fstat(fd.get(), &status) != 0) return {};
  return {path_of(fd.get()), status.st_mode};
}

struct Entry {
  std::string directory;  // without links; empty: out of reach
  Found found;            // what is there now, links not followed
};

Entry look_up_entry(const CallerPath& start) {
  if (start.error != 0) return {};
  CallerPath trimmed{Fd(), start.path, start.resolve, 0};
  while (trimmed.path.size() > 1 && trimmed.path.ends_with('/')) trimmed.path.pop_back();
  trimmed.from.reset(fcntl(start.from.get(), F_DUPFD_CLOEXEC, 0));
  const NewName name = find_new_name(trimmed);
  if (name.error != 0) return {};
  return {path_of(name.directory.get()), look_up(trimmed, false)};
}

// A path argument, resolved from the directory argument before it, if the call has one.
CallerPath argument_path(const Notification& notification, int directory_slot, unsigned path_slot) {
  const Call& call = notification.call;
  auto path = read_string(notification.tid, pointer_of(call, path_slot), PATH_MAX - 1);
  if (!path || path->empty()) return {.from = {}, .path = {}, .resolve = 0, .error = ENOENT};
  const int directory =
      directory_slot < 0 ? AT_FDCWD : static_cast<int>(call.args[static_cast<size_t>(directory_slot)]);
  return find_path(Caller(notification.tid), {.directory = directory, .path = std::move(*path), .resolve = 0});
}

uint64_t making(mode_t mode) {
  if (S_ISDIR(mode)) return landlock::kMakeDir;
  if (S_ISLNK(mode)) return landlock::kMakeSym;
  if (S_ISFIFO(mode)) return landlock::kMakeFifo;
  if (S_ISSOCK(mode)) return landlock::kMakeSock;
  if (S_ISCHR(mode)) return landlock::kMakeChar;
  if (S_ISBLK(mode)) return landlock::kMakeBlock;
  return landlock::kMakeReg;
}

uint64_t removing(mode_t mode) { return S_ISDIR(mode) ? landlock::kRemoveDir : landlock::kRemoveFile; }

std::vector<std::pair<std::string, uint64_t>> needs_of_open(const Notification& notification) {
  const auto [wish, error] = read_open_wish(notification);
  const uint64_t access = wish.flags & O_ACCMODE;
  if (error != 0 || wish.has(O_PATH) || access == O_ACCMODE) return {};
  const Caller caller(notification.tid);
  const CallerPath start = find_path(caller, {.directory = wish.directory, .path = wish.path, .resolve = wish.resolve});
  constexpr uint64_t kTemporary = uint64_t{O_TMPFILE} & ~uint64_t{O_DIRECTORY};
  const bool reads = access != O_WRONLY, writes = access != O_RDONLY;
  const uint64_t contents = (reads ? landlock::kReadFile : 0) | (writes ? landlock::kWriteFile : 0);
  const Found found = look_up(start, !wish.has(O_NOFOLLOW) && !wish.has(O_CREAT | O_EXCL));
  if (found.path.empty()) {
    if (!wish.has(O_CREAT)) return {};
    const Entry entry = look_up_entry(start);
    if (entry.directory.empty() || !entry.found.path.empty()) return {};
    return {{entry.directory, landlock::kMakeReg | contents}};
  }
  if ((wish.flags & kTemporary) != 0) return {{found.path, contents}};
  if (wish.has(O_CREAT | O_EXCL) || S_ISLNK(found.mode)) return {};
  if (S_ISDIR(found.mode)) {
    if (writes) return {};
    return {{found.path, landlock::kReadDir}};
  }
  const bool empties = wish.has(O_TRUNC) && S_ISREG(found.mode);
  return {{found.path, contents | (empties ? landlock::kTruncate : 0)}};
}

std::vector<std::pair<std::string, uint64_t>> needs_of_exec(const Notification& notification, bool has_directory) {
  const Found found = look_up(argument_path(notification, has_directory ? 0 : -1, has_directory ? 1 : 0), true);
  std::vector<std::pair<std::string, uint64_t>> needs;
  if (found.path.empty() || !S_ISREG(found.mode)) return needs;
  for (const std::string& file : executed_files(found.path)) {
    char* real = realpath(file.c_str(), nullptr);
    if (real != nullptr) needs.emplace_back(real, landlock::kExecute | landlock::kReadFile);
    std::free(real);
  }
  return needs;
}

// A socket's name in the file system; empty if it has none.
std::string unix_path(const CallerAddress& address) {
  if (address.storage.ss_family != AF_UNIX || address.length <= offsetof(sockaddr_un, sun_path)) return {};
  const char* text = reinterpret_cast<const sockaddr_un&>(address.storage).sun_path;
  return std::string(text, strnlen(text, address.length - offsetof(sockaddr_un, sun_path)));
}

bool is_tcp(const Fd& socket) {
  int type = 0, protocol = 0;
  socklen_t size = sizeof type;
  if (getsockopt(socket.get(), SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM) return false;
  size = sizeof protocol;
  constexpr int kTcp = 6;
  return getsockopt(socket.get(), SOL_SOCKET, SO_PROTOCOL, &protocol, &size) == 0 && protocol == kTcp;
}

}  // namespace

std::span<const std::string_view> landlock_calls() { return kCalls; }

LandlockForecast::LandlockForecast(const Confinement& confinement, int abi) {
  if (abi < 1) return;
  for (const LandlockLayer& asked : confinement.landlock) {
    Layer layer{.handled_files = asked.restricts_files ? landlock::rights_of(landlock::kFileRights, abi) : 0,
                .handled_net = asked.restricted_net & landlock::rights_of(landlock::kNetRights, abi),
                .paths = {},
                .ports = asked.ports,
                .place = asked.place};
    if (layer.handled_files == 0 && layer.handled_net == 0) continue;
    for (const PathGrant& grant : asked.paths) {
      struct stat status {};
      if (stat(grant.path.c_str(), &status) != 0) continue;
      const uint64_t rights = S_ISDIR(status.st_mode) ? grant.rights : grant.rights & landlock::kOfPlainFiles;
      layer.paths.push_back({{status.st_dev, status.st_ino}, rights});
    }
    layers_.push_back(std::move(layer));
  }
}

std::vector<LandlockForecast::Need> LandlockForecast::needs_of(const Notification& notification) {
  const std::string_view name = name_of(notification);
  const Call& call = notification.call;
  std::vector<Need> needs;
  const auto take = [&](const std::vector<std::pair<std::string, uint64_t>>& found) {
    for (const auto& [path, rights] : found) needs.push_back({path, rights, 0});
    return needs;
  };
  const bool is_at = name.ends_with("at") || name == "renameat2";
  const int directory = is_at ? 0 : -1;
  const unsigned first = is_at ? 1 : 0;
  if (name.starts_with("open") || name == "creat") return take(needs_of_open(notification));
  if (name.starts_with("exec")) return take(needs_of_exec(notification, is_at));
  if (name == "truncate") {
    const Found found = look_up(argument_path(notification, -1, 0), true);
    if (S_ISREG(found.mode)) needs.push_back({found.path, landlock::kTruncate, 0});
    return needs;
  }
  if (name.starts_with("mk") || name.starts_with("symlink")) {
    const bool is_link = name.starts_with("symlink");
    const Entry entry = look_up_entry(is_link ? argument_path(notification, is_at ? 1 : -1, is_at ? 2 : 1)
                                              : argument_path(notification, directory, first));
    const mode_t mode = is_link                     ? S_IFLNK
                        : name.starts_with("mkdir") ? S_IFDIR
                                                    : static_cast<mode_t>(call.args[first + 1]);
    if (!entry.directory.empty() && entry.found.path.empty()) needs.push_back({entry.directory, making(mode), 0});
    return needs;
  }
  if (name.starts_with("unlink") || name == "rmdir") {
    const Entry entry = look_up_entry(argument_path(notification, directory, first));
    if (!entry.found.path.empty()) needs.push_back({entry.directory, removing(entry.found.mode), 0});
    return needs;
  }
  if (name.starts_with("rename") || name.starts_with("link")) {
    const Entry from = look_up_entry(argument_path(notification, directory, first));
    const Entry to = look_up_entry(argument_path(notification, is_at ? 2 : -1, is_at ? 3 : 1));
    if (from.found.path.empty() || to.directory.empty()) return needs;
    const bool moves = name.starts_with("rename");
    if (moves) needs.push_back({from.directory, removing(from.found.mode), 0});
    const uint64_t replaced = moves && !to.found.path.empty() ? removing(to.found.mode) : 0;
    needs.push_back({to.directory, making(from.found.mode) | replaced, 0});
    if (from.directory == to.directory) return needs;
    needs.push_back({from.directory, landlock::kRefer, EXDEV});
    needs.push_back({to.directory, landlock::kRefer, EXDEV});
    return needs;
  }
  // A socket is given a name. To connect to one is refused by where its owner is, which cannot be seen.
  const std::string path = name == "bind" ? unix_path(read_address(notification)) : std::string();
  if (path.empty()) return needs;
  const Entry entry =
      look_up_entry(find_path(Caller(notification.tid), {.directory = AT_FDCWD, .path = path, .resolve = 0}));
  if (!entry.directory.empty() && entry.found.path.empty()) needs.push_back({entry.directory, landlock::kMakeSock, 0});
  return needs;
}

std::optional<LandlockRefusal> LandlockForecast::check(const Need& need) const {
  const std::vector<FileId> ids = ids_along(need.path);
  for (const Layer& layer : layers_) {
    uint64_t granted = 0;
    for (const Grant& grant : layer.paths)
      if (std::find(ids.begin(), ids.end(), grant.file) != ids.end()) granted |= grant.rights;
    const uint64_t lacks = need.rights & layer.handled_files & ~granted;
    if (lacks == 0) continue;
    return LandlockRefusal{.error = need.error != 0 ? need.error : EACCES,
                           .is_of_net = false,
                           .rights = lacks,
                           .path = need.path,
                           .port = 0,
                           .place = layer.place};
  }
  return std::nullopt;
}

std::optional<LandlockRefusal> LandlockForecast::check_port(const Notification& notification,
                                                            const Listener& listener) const {
  const uint64_t right = name_of(notification) == "bind" ? landlock::kBindTcp : landlock::kConnectTcp;
  const bool is_handled =
      std::any_of(layers_.begin(), layers_.end(), [&](const Layer& layer) { return (layer.handled_net & right) != 0; });
  if (!is_handled) return std::nullopt;
  const CallerAddress address = read_address(notification);
  if (address.error != 0) return std::nullopt;
  const Fd socket = copy_socket(notification.tid, static_cast<int>(notification.call.args[0]));
  if (!socket || !is_tcp(socket) || !listener.is_valid(notification.id)) return std::nullopt;
  for (const Layer& layer : layers_) {
    const bool is_granted = std::any_of(layer.ports.begin(), layer.ports.end(), [&](const PortGrant& grant) {
      return grant.port == address.port && (grant.rights & right) != 0;
    });
    if ((layer.handled_net & right) != 0 && !is_granted)
      return LandlockRefusal{
          .error = EACCES, .is_of_net = true, .rights = right, .path = {}, .port = address.port, .place = layer.place};
  }
  return std::nullopt;
}

std::optional<LandlockRefusal> LandlockForecast::refusal_of(const Notification& notification,
                                                            const Listener& listener) const {
  if (notification.tid <= 0) return std::nullopt;
  const std::string_view name = name_of(notification);
  if (name == "bind" || name == "connect")
    if (auto refusal = check_port(notification, listener)) return refusal;
  const std::vector<Need> needs = needs_of(notification);
  // What was read is the caller's only if it still waits.
  if (needs.empty() || !listener.is_valid(notification.id)) return std::nullopt;
  // /proc/self would be this process.
  const std::string own = "/proc/" + std::to_string(getpid());
  for (const Need& need : needs) {
    auto refusal = check(need);
    if (!refusal) continue;
    if (need.path == own || need.path.starts_with(own + "/")) refusal->path = "/proc";
    return refusal;
  }
  return std::nullopt;
}

}  // namespace cordon::sandbox
