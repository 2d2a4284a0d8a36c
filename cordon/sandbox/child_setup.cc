#include "cordon/sandbox/child_setup.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "cordon/sandbox/child.h"
#include "cordon/sandbox/raw_syscall.h"

namespace cordon::sandbox {
namespace {

constexpr unsigned kMostCapabilities = 64, kAuditRead = 37;  // every kernel since 3.16 has those up to the second

struct KernelLimit {
  uint64_t soft = 0;
  uint64_t hard = 0;
};

struct CapabilitySets {
  uint64_t effective = 0;
  uint64_t permitted = 0;
  uint64_t inheritable = 0;
};

bool is_kept(const ChildSetup& setup, unsigned capability) { return (setup.kept_capabilities >> capability & 1) != 0; }

bool apply_limits(const ChildSetup& setup, LaunchReport& report) {
  report.enter(LaunchStep::limits);
  for (size_t i = 0; i < setup.limit_count; ++i) {
    report.index.store(static_cast<uint32_t>(i));
    const KernelLimit limit{.soft = setup.limits[i].value, .hard = setup.limits[i].value};
    if (report.failed(raw_syscall(SYS_prlimit64, 0, setup.limits[i].resource, raw_pointer(&limit), 0, 0))) return false;
  }
  return true;
}

// While CAP_SETPCAP is effective still. What is not in the set any more costs a question only.
bool reduce_bounding_set(const ChildSetup& setup, LaunchReport& report) {
  report.enter(LaunchStep::bounding_set);
  for (unsigned capability = 0; capability < kMostCapabilities; ++capability) {
    const long has = raw_syscall(SYS_prctl, PR_CAPBSET_READ, capability, 0, 0, 0);
    if (has == -EINVAL && capability > kAuditRead) return true;  // the kernel has no more
    if (report.failed(has)) return false;
    if (has == 0 || is_kept(setup, capability)) continue;
    const long dropped = raw_syscall(SYS_prctl, PR_CAPBSET_DROP, capability, 0, 0, 0);
    if (dropped == -EPERM && setup.may_keep_bounding_set) return true;
    if (report.failed(dropped)) return false;
  }
  return true;
}

bool become_group(const ChildSetup& setup, LaunchReport& report) {
  report.enter(LaunchStep::groups);
  if (!setup.keeps_groups &&
      report.failed(raw_syscall(SYS_setgroups, setup.group_count, raw_pointer(setup.groups), 0, 0, 0)))
    return false;
  report.enter(LaunchStep::gid);
  return !report.failed(raw_syscall(SYS_setresgid, setup.gid, setup.gid, setup.gid, 0, 0));
}

bool become_user(const ChildSetup& setup, LaunchReport& report) {
  report.enter(LaunchStep::uid);
  if (setup.reduces_capabilities && report.failed(raw_syscall(SYS_prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0))) return false;
  return !report.failed(raw_syscall(SYS_setresuid, setup.uid, setup.uid, setup.uid, 0, 0));
}

bool get_sets(CapabilitySets& sets, LaunchReport& report) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct data[2] = {};
  if (report.failed(raw_syscall(SYS_capget, raw_pointer(&header), raw_pointer(data), 0, 0, 0))) return false;
  sets.effective = data[0].effective | uint64_t{data[1].effective} << 32;
  sets.permitted = data[0].permitted | uint64_t{data[1].permitted} << 32;
  sets.inheritable = data[0].inheritable | uint64_t{data[1].inheritable} << 32;
  return true;
}

bool set_sets(const CapabilitySets& sets, LaunchReport& report) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  const auto low = [](uint64_t bits) { return static_cast<uint32_t>(bits); };
  const auto high = [](uint64_t bits) { return static_cast<uint32_t>(bits >> 32); };
  const __user_cap_data_struct data[2] = {{low(sets.effective), low(sets.permitted), low(sets.inheritable)},
                                          {high(sets.effective), high(sets.permitted), high(sets.inheritable)}};
  return !report.failed(raw_syscall(SYS_capset, raw_pointer(&header), raw_pointer(data), 0, 0, 0));
}

// A user that is not root comes to what is kept only through the ambient set: the exec drops the rest. Whoever was
// not root before does not lose by setresuid(2) alone what it had.
bool reduce_capabilities(const ChildSetup& setup, LaunchReport& report) {
  report.enter(LaunchStep::capabilities);
  const bool becomes_user = setup.has_identity && setup.uid != 0;
  if (!setup.reduces_capabilities && !becomes_user) return true;
  CapabilitySets sets;
  if (!get_sets(sets, report)) return false;
  const uint64_t kept = setup.reduces_capabilities ? setup.kept_capabilities : 0;
  sets.permitted &= kept;
  sets.effective = becomes_user ? sets.permitted : sets.effective & kept;
  sets.inheritable = becomes_user ? sets.permitted : sets.inheritable & kept;
  if (!set_sets(sets, report)) return false;
  for (unsigned capability = 0; becomes_user && capability < kMostCapabilities; ++capability) {
    if ((sets.permitted >> capability & 1) == 0) continue;
    if (report.failed(raw_syscall(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0))) return false;
  }
  return true;
}

}  // namespace

bool apply_setup(const ChildSetup& setup, LaunchReport& report) {
  if (!furnish_namespaces(setup.namespaces, report)) return false;
  if (!apply_limits(setup, report)) return false;
  if (setup.has_identity && !become_group(setup, report)) return false;
  if (setup.reduces_capabilities && !reduce_bounding_set(setup, report)) return false;
  if (setup.has_identity && !become_user(setup, report)) return false;
  report.enter(LaunchStep::directory);
  if (setup.directory != nullptr && report.failed(raw_syscall(SYS_chdir, raw_pointer(setup.directory), 0, 0, 0, 0)))
    return false;
  if (!reduce_capabilities(setup, report)) return false;
  if (setup.has_umask) raw_syscall(SYS_umask, setup.umask, 0, 0, 0, 0);
  return true;
}

}  // namespace cordon::sandbox
