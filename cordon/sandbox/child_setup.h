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
  bool keeps_over_setuid = false;  // capabilities, so that some of them can be kept
  bool enters_user_namespace = false;
  bool reduces_capabilities = false;
  uint64_t kept_capabilities = ~uint64_t{0};
  bool reduces_bounding_set = false;
  uint64_t bounding_set = ~uint64_t{0};
  bool may_keep_bounding_set = false;
  bool sets_inheritable = false;
  uint64_t inheritable = 0;
  bool sets_ambient = false;
  uint64_t ambient = 0;
  uint32_t securebits = 0;
  const uint64_t* cpus = nullptr;
  size_t cpu_bytes = 0;  // 0: as they are
  bool has_personality = false;
  uint32_t personality = 0;
  bool has_ptracer = false;
  uint64_t ptracer = 0;
  const char* context_path = nullptr;
  const char* context = nullptr;
  size_t context_size = 0;  // 0: none
  const char* directory = nullptr;
  bool has_umask = false;
  mode_t umask = 0;
};

// False: the report says which step failed, and by what errno. The first comes before the process enters namespaces,
// in which there may be no /proc.
bool set_exec_context(const ChildSetup& setup, LaunchReport& report);
bool apply_setup(const ChildSetup& setup, LaunchReport& report);

}  // namespace cordon::sandbox
