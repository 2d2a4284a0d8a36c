// The namespaces a command is started in: made for it, or those of another process.
//
//   spec.setup.namespaces = {.made = abi::kUserNamespace | abi::kPidNamespace};
//   spec.setup.namespaces.uids = {{.inside = 0, .outside = 1000, .count = 1}};
//
// In a pid namespace that was made, a process of cordon's is the first: it reaps, and when the command ends it ends
// all that is left there. The command is a child of the launcher all the same. Kernels differ in what they let whom
// make: without CAP_SYS_ADMIN everything else needs a user namespace beside it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cordon/sandbox/mounts.h"

namespace cordon {

// user_namespaces(7): `count` numbers from `inside` on stand for those from `outside` on.
struct IdRange {
  uint32_t inside = 0;
  uint32_t outside = 0;
  uint32_t count = 1;
};

struct NamespaceSetup {
  uint64_t made = 0;  // bits of abi/namespaces.h
  std::vector<IdRange> uids = {}, gids = {};
  // May the command's groups be set? Only a launcher with CAP_SETGID can allow it; without, the map of one group
  // needs that they cannot.
  bool may_set_groups = false;
  uint64_t joined = 0;      // bits; none of `made`
  int joined_process = -1;  // pidfd of the process whose they are; the caller's
  std::optional<std::string> hostname = {};
  std::vector<MountStep> mounts = {};  // plan_mounts(); in a mount namespace that was made
  // Where the root of a file tree that is not the launcher's is to be seen by it; "": nowhere.
  std::optional<std::string> tree = {};

  bool empty() const { return (made | joined) == 0; }
};

}  // namespace cordon
