#include "cordon/sandbox/emulate_mknod.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "cordon/abi/arch.h"
#include "cordon/abi/syscalls.h"
#include "cordon/sandbox/caller_path.h"
#include "cordon/sandbox/target_memory.h"

namespace cordon::sandbox {
namespace {

bool is_harmless(mode_t mode, uint32_t device) {
  if (S_ISREG(mode) || (mode & S_IFMT) == 0 || S_ISFIFO(mode) || S_ISSOCK(mode)) return true;
  // As the kernel takes numbers: null, zero, full, random, urandom, tty.
  constexpr uint32_t kDevices[] = {0x103, 0x105, 0x107, 0x108, 0x109, 0x500};
  return S_ISCHR(mode) && std::ranges::find(kDevices, device) != std::end(kDevices);
}

}  // namespace

bool is_mknod(const Call& call) {
  const std::string_view name = abi::name_of_call(call.audit_arch, call.nr);
  return name == "mknod" || name == "mknodat";
}

Emulated emulate_mknod(const Notification& notification, Listener& listener, const std::vector<std::string>& places) {
  const Call& call = notification.call;
  const size_t slot = abi::name_of_call(call.audit_arch, call.nr) == "mknodat" ? 1 : 0;
  const std::optional<Arch> arch = abi::arch_of_call(call.audit_arch, call.nr);
  const uint64_t pointer = call.args[slot] & (abi::info(*arch).word_bits == 32 ? UINT32_MAX : UINT64_MAX);
  const auto mode = static_cast<mode_t>(call.args[slot + 1] & 0xffff);
  const auto device = static_cast<uint32_t>(call.args[slot + 2]);
  const Caller caller(notification.tid);
  const std::optional<std::string> text = read_string(notification.tid, pointer, PATH_MAX - 1);
  if (!text || text->empty()) return {Response::fail(text ? ENOENT : EFAULT)};
  const int directory = slot == 1 ? static_cast<int>(call.args[0]) : AT_FDCWD;
  const CallerPath path = find_path(caller, {.directory = directory, .path = *text, .resolve = 0});
  const std::optional<mode_t> mask = caller.file_mask();
  // From here on: it was all the caller's.
  if (!listener.is_valid(notification.id)) return {Response::fail(EINTR)};
  if (path.error != 0) return {Response::fail(path.error), path.error == EACCES};
  const NewName place = find_new_name(path);
  if (place.error != 0) return {Response::fail(place.error == EISDIR ? ENOENT : place.error)};
  if (!is_harmless(mode, device) || !is_listed(places, place.path)) return {Response::fail(EACCES), true};
  constexpr mode_t kKept = S_IFMT | 0777;
  const dev_t number = S_ISCHR(mode) ? makedev(device >> 8, device & 0xff) : 0;
  const LentMask lent(mask.value_or(0777));
  const int result = mknodat(place.directory.get(), place.name.c_str(), mode & kKept, number);
  return {result == 0 ? Response::returns(0) : Response::fail(errno)};
}

}  // namespace cordon::sandbox
