#include "cordon/sandbox/open_wish.h"

#include <errno.h>
#include <limits.h>
#include <linux/openat2.h>

#include <cstring>
#include <optional>
#include <utility>

#include "cordon/abi/arch.h"
#include "cordon/abi/syscalls.h"
#include "cordon/sandbox/target_memory.h"

namespace cordon::sandbox {

uint64_t pointer_of(const Call& call, unsigned slot) {
  const std::optional<Arch> arch = abi::arch_of_call(call.audit_arch, call.nr);
  const bool is_narrow = arch && abi::info(*arch).word_bits == 32;
  return call.args[slot] & (is_narrow ? UINT32_MAX : UINT64_MAX);
}

OpenWishRead read_open_wish(const Notification& notification) {
  const Call& call = notification.call;
  const std::string_view name = abi::name_of_call(call.audit_arch, call.nr);
  const bool has_directory = name == "openat" || name == "openat2";
  const unsigned path_slot = has_directory ? 1 : 0;
  OpenWish wish;
  if (has_directory) wish.directory = static_cast<int>(call.args[0]);
  if (name == "creat") {
    wish.flags = O_CREAT | O_WRONLY | O_TRUNC;
    wish.mode = static_cast<mode_t>(call.args[1]);
  } else if (name != "openat2") {
    wish.flags = static_cast<uint32_t>(call.args[path_slot + 1]);
    wish.mode = static_cast<mode_t>(call.args[path_slot + 2]);
  } else {
    open_how how{};
    if (call.args[3] != sizeof how) return {{}, call.args[3] < sizeof how ? EINVAL : E2BIG};
    const auto bytes = read_bytes(notification.tid, pointer_of(call, 2), sizeof how);
    if (!bytes) return {{}, EFAULT};
    std::memcpy(&how, bytes->data(), sizeof how);
    wish.flags = how.flags;
    wish.mode = static_cast<mode_t>(how.mode);
    wish.resolve = how.resolve;
  }
  auto path = read_string(notification.tid, pointer_of(call, path_slot), PATH_MAX - 1);
  if (!path) return {{}, EFAULT};
  if (path->empty()) return {{}, ENOENT};
  wish.path = std::move(*path);
  wish.mode &= 0777;  // the file is this process's: a set-user-ID program of it would be more than the caller asked for
  // open(2) takes unknown flags, openat2(2) does not; O_ASYNC would signal whom this process names.
  constexpr uint64_t kOfPath = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  constexpr uint64_t kKept = kOfPath | O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK |
                             O_SYNC | O_DIRECT | O_NOATIME | O_TMPFILE;
  wish.flags &= wish.has(O_PATH) ? kOfPath : kKept;
  return {std::move(wish), 0};
}

}  // namespace cordon::sandbox
