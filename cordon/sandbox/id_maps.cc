#include "cordon/sandbox/id_maps.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <set>
#include <string_view>

#include "cordon/base/fd.h"

namespace cordon::sandbox {
namespace {

bool may_map_any() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct sets[2] = {};
  constexpr uint32_t kNeeded = 1U << CAP_SETUID | 1U << CAP_SETGID;
  return syscall(SYS_capget, &header, sets) == 0 && (sets[0].effective & kNeeded) == kNeeded;
}

std::vector<IdRange> as_themselves(const std::set<uint32_t>& ids) {
  std::vector<IdRange> ranges;
  for (uint32_t id : ids) ranges.push_back({.inside = id, .outside = id, .count = 1});
  return ranges;
}

int write_file(pid_t pid, const char* name, std::string_view text) {
  const std::string path = "/proc/" + std::to_string(pid) + "/" + name;
  const Fd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) return errno;
  return write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : errno;
}

std::string text_of(const std::vector<IdRange>& ranges) {
  std::string text;
  for (const IdRange& range : ranges)
    text +=
        std::to_string(range.inside) + " " + std::to_string(range.outside) + " " + std::to_string(range.count) + "\n";
  return text;
}

}  // namespace

bool fits_map(const std::vector<IdRange>& ranges) {
  constexpr size_t kMostRanges = 340, kPageBytes = 4096;
  return ranges.size() <= kMostRanges && text_of(ranges).size() < kPageBytes;
}

void map_ids(ProcessSetup& setup) {
  NamespaceSetup& namespaces = setup.namespaces;
  const ProcessIdentity* identity = setup.identity ? &*setup.identity : nullptr;
  const bool may_any = may_map_any();
  namespaces.may_set_groups = may_any;
  if (may_any) {
    std::set<uint32_t> uids{geteuid()}, gids{getegid()};
    if (identity != nullptr) {
      uids.insert(identity->uid);
      gids.insert(identity->gid);
      gids.insert(identity->groups.begin(), identity->groups.end());
    }
    if (namespaces.uids.empty()) namespaces.uids = as_themselves(uids);
    if (namespaces.gids.empty()) namespaces.gids = as_themselves(gids);
    return;
  }
  const uid_t uid = identity != nullptr ? identity->uid : geteuid();
  const gid_t gid = identity != nullptr ? identity->gid : getegid();
  if (namespaces.uids.empty()) namespaces.uids = {{.inside = uid, .outside = geteuid(), .count = 1}};
  if (namespaces.gids.empty()) namespaces.gids = {{.inside = gid, .outside = getegid(), .count = 1}};
}

int write_id_maps(pid_t pid, const NamespaceSetup& namespaces) {
  if (!namespaces.may_set_groups) {
    const int error = write_file(pid, "setgroups", "deny");
    if (error != 0 && error != ENOENT) return error;  // it came with Linux 3.19
  }
  const int error = write_file(pid, "uid_map", text_of(namespaces.uids));
  return error != 0 ? error : write_file(pid, "gid_map", text_of(namespaces.gids));
}

}  // namespace cordon::sandbox
