// The child's part of process_setup.h, under the rules of child.h: no allocation, no libc, raw calls only.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

#include "cordon/sandbox/child_namespaces.h"
#include "cordon/sandbox/process_setup.h"

namespace cordon::sandbox {

struct LaunchReport;

// Points into memory of the parent's.
struct ChildSetup {
  ChildNamespaces namespaces;
  const ProcessLimit* limits = nullptr;
  size_t limit_count = 0;
  bool has_identity = false;
  bool keeps_groups = false;  // a user namespace that does not let them be set
  uid_t uid = 0;
  gid_t gid = 0;
  const gid_t* groups = nullptr;
  size_t group_count = 0;
  bool reduces_capabilities = false;
  uint64_t kept_capabilities = 0;
  bool may_keep_bounding_set = false;
  const char* directory = nullptr;
  bool has_umask = false;
  mode_t umask = 0;
};

// False: the report says which step failed, and by what errno.
bool apply_setup(const ChildSetup& setup, LaunchReport& report);

}  // namespace cordon::sandbox
