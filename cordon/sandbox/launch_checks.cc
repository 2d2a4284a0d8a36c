#include "cordon/sandbox/launch_checks.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cordon/abi/namespaces.h"

namespace cordon::sandbox {

std::optional<Diagnostic> cannot_end(const ProcessSetup& setup) {
  // Without that right a user namespace's users are all the launcher's own outside.
  const bool is_own_outside = (setup.namespaces.made & abi::kUserNamespace) != 0 && !setup.namespaces.may_set_groups;
  if (!setup.identity || setup.identity->uid == geteuid() || setup.identity->uid == getuid() || is_own_outside)
    return std::nullopt;
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct sets[2] = {};
  if (syscall(SYS_capget, &header, sets) == 0 && (sets[0].effective >> CAP_KILL & 1) != 0) return std::nullopt;
  return system_error("supervise a command of another user", EPERM,
                      "it could not be ended without CAP_KILL; --exec leaves nothing that would have to");
}

std::optional<Diagnostic> misplaced(const NamespaceSetup& namespaces) {
  Diagnostic problem;
  problem.code = "usage";
  const auto needs = [&](bool is_set, uint64_t kind, const char* what, const char* name) {
    if (!is_set || (namespaces.made & kind) != 0) return false;
    problem.message = std::string(what) + " needs a " + name + " namespace of the command's own";
    problem.hint = std::string("--unshare ") + name;
    return true;
  };
  if (needs(!namespaces.mounts.empty(), abi::kMountNamespace, "a tree of mounts", "mount") ||
      needs(namespaces.hostname.has_value(), abi::kUtsNamespace, "another host name", "uts"))
    return problem;
  return std::nullopt;
}

}  // namespace cordon::sandbox
