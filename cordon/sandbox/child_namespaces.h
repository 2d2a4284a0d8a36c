// The child's part of namespaces.h, under the rules of child.h.
//
// Two processes come before the command where it is to be in another pid namespace, as nobody can change his own:
// the maker, who enters or makes the namespaces, starts the rest as its parent's children and is gone; and the
// reaper, the first process of a namespace that was made.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cordon/sandbox/namespaces.h"

namespace cordon::sandbox {

struct LaunchReport;

// Rights on what is beneath a path of the command's own tree, for a Landlock ruleset the parent has made.
struct ChildGrant {
  int ruleset = -1;
  const char* path = nullptr;
  uint64_t rights = 0;  // for a directory
};

// Points into memory of the parent's.
struct ChildNamespaces {
  int joined_process = -1;
  uint64_t joined = 0;
  uint64_t unshared = 0;  // by the maker, or the child itself: those clone(2) did not make
  const char* hostname = nullptr;
  size_t hostname_size = 0;
  bool has_new_net = false;  // its loopback device is down
  const MountStep* mounts = nullptr;
  size_t mount_count = 0;
  const char* directory = nullptr;  // to come back to in another tree; "/" where it is not there; nullptr: stay
  bool needs_directory = false;     // then that is an error: nobody would be told
  const ChildGrant* grants = nullptr;
  size_t grant_count = 0;
};

// Enters or makes what clone(2) did not.
bool enter_namespaces(const ChildNamespaces& namespaces, LaunchReport& report);

// What is in them: the name, the network's loopback, the mounts, the grants. Before the child becomes another user.
bool furnish_namespaces(const ChildNamespaces& namespaces, LaunchReport& report);

// The maker's first function (clone(2)); `plan` is a ChildPlan.
int run_maker(void* plan);

}  // namespace cordon::sandbox
